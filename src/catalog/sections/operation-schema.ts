// What an API or one of its versions says about its operations: the document they come from, or the methods; and what single ones have on top.
import { boolean, list, object, optional, record, string } from '../../base/schema.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { attachments } from './attachments.ts'

/** A token (RFC 9110 9.1) other than the two that a gateway never forwards. */
const method = string({ pattern: /^(?!(?:CONNECT|TRACE)$)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/, means: 'a method other than CONNECT and TRACE' })

export const openapi = optional(
  string({ maxLength: 4096, describe: 'OpenAPI document (3.0 or 3.1, YAML or JSON), relative to this file. What it does not declare is refused.' }),
)
export const methods = optional(list(method, { min: 1, max: 64, describe: 'Methods that are served. Only without `openapi`, which declares them itself.' }))

function operation(policies: readonly AnyPolicy[]) {
  return object(
    {
      policies: optional(attachments(policies, 'operation'), {}),
      public: optional(
        boolean(
          'True lets everyone call this operation: needed when its last identify policy is removed, or where the OpenAPI document asks for a credential on a public API.',
        ),
      ),
    },
    'What one operation has on top of its API.',
  )
}

export const operations = (policies: readonly AnyPolicy[]) =>
  optional(
    record(operation(policies), {
      key: /^[^\x00-\x1f\x7f]{1,512}$/,
      keyMeans: 'an operationId, or a method and a path such as "GET /books/{id}"',
      describe: 'What single operations have on top of this, by operationId or as "GET /books/{id}".',
    }),
    {},
  )
