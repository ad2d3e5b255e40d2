// One entry of `apis`: where an API is reached, what protects it, where it goes.
import { formatIp, parseIp } from '../base/ip.ts'
import {
  boolean,
  checked,
  described,
  type Infer,
  integer,
  list,
  mapped,
  object,
  oneOf,
  optional,
  record,
  reserved,
  type Schema,
  string,
} from '../base/schema.ts'
import { AMBIGUITIES, type Ambiguity } from '../http/target.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { attachments } from './attachments.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'
import { upstream } from './upstream-schema.ts'
import { isNormalPath } from './upstream-target.ts'

/** CONNECT and TRACE are refused by the gateway itself. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** A token (RFC 9110 9.1) other than the two that a gateway never forwards. */
const method = string({ pattern: /^(?!(?:CONNECT|TRACE)$)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/, means: 'a method other than CONNECT and TRACE' })

/** '/' is read as '': the root has no prefix. */
const path: Schema<string> = mapped(
  checked(string({ maxLength: 512, means: 'a path such as /bookshop', describe: 'Path prefix, in normal form; `/` is the root.' }), (text) =>
    text === '/' || isNormalPath(text)
      ? undefined
      : {
          code: 'bad-path',
          message: "'path' begins with '/', ends without one, and has no empty or dot segments, no ';', no '%', and only characters that a URI path may hold",
        },
  ),
  (text) => (text === '/' ? '' : text),
)

const HOST = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/
/** As the `Host` field is compared: lower case, no port, no final dot, an IPv6 address in brackets. */
const host: Schema<string> = mapped(
  checked(
    string({ maxLength: 255, means: 'a host name such as books.example', describe: 'A host name without port, or an IP address (IPv6 in brackets).' }),
    (text) =>
      hostOf(text) === undefined
        ? {
            code: 'bad-host',
            message: `'${text}' is no host: write a name such as books.example or an IP address, without scheme, port, wildcard or final dot`,
          }
        : undefined,
  ),
  (text) => hostOf(text)!,
)
function hostOf(text: string): string | undefined {
  const name = text.toLowerCase()
  if (name.startsWith('[')) {
    const octets = name.endsWith(']') ? parseIp(name.slice(1, -1)) : undefined
    return octets?.length === 16 ? `[${formatIp(octets)}]` : undefined
  }
  // A name whose last label is a number would be an address to some (RFC 3696 2).
  return HOST.test(name) && (parseIp(name) !== undefined || !/(?:^|\.)(?:\d+|0x[0-9a-f]+)$/.test(name)) ? name : undefined
}

const later = (what: string) => reserved('not-available', `is not available yet: ${what} with a later version`)

function operation(policies: readonly AnyPolicy[]) {
  return object(
    {
      policies: optional(attachments(policies, true), {}),
      public: optional(
        boolean(
          'True lets everyone call this operation: needed when its last identify policy is removed, or where the OpenAPI document asks for a credential on a public API.',
        ),
      ),
    },
    'What one operation has on top of its API.',
  )
}

/** The schema of an API under these policies. */
export function apiSchema(policies: readonly AnyPolicy[]) {
  return object(
    {
      path: optional(path),
      hosts: optional(list(host, { min: 1, max: 256, describe: 'Hosts at which the API is reached; absent: every host.' })),
      stripPath: optional(boolean('Removes `path` from what the upstream is sent.'), true),
      openapi: optional(
        string({ maxLength: 4096, describe: 'OpenAPI document (3.0 or 3.1, YAML or JSON), relative to this file. What it does not declare is refused.' }),
      ),
      methods: optional(list(method, { min: 1, max: 64, describe: 'Methods that are served. Only without `openapi`, which declares them itself.' })),
      upstream,
      owner: optional(string({ maxLength: 200, describe: 'Who answers for this API.' })),
      approvals: optional(integer({ min: 1, max: 5, describe: 'How many people other than its authors must approve a change of this API in the console.' })),
      authenticate: optional(oneOf(['any', 'all'], 'Which of the identify policies must recognise the caller; `any` when left out.')),
      public: optional(boolean('True serves everyone without a credential. Without it, an API needs an identify policy in enforce mode.'), false),
      websocket: optional(boolean('Lets clients upgrade to WebSocket.'), false),
      allowInTarget: optional(
        described(
          'Spellings of a path that two servers may read differently, accepted all the same.',
          list(oneOf(Object.keys(AMBIGUITIES) as Ambiguity[]), { max: Object.keys(AMBIGUITIES).length }),
        ),
        [],
      ),
      policies: optional(attachments(policies, false), {}),
      operations: optional(
        record(operation(policies), {
          key: /^[^\x00-\x1f\x7f]{1,512}$/,
          keyMeans: 'an operationId, or a method and a path such as "GET /books/{id}"',
          describe: 'What single operations have on top of this, by operationId or as "GET /books/{id}".',
        }),
        {},
      ),
      versions: later('versions of an API come'),
      plans: later('plans come'),
      policySets: later('shared policy sets come'),
      tls: later('TLS comes'),
    },
    'One API.',
  )
}
export type ApiSection = Infer<ReturnType<typeof apiSchema>>

export const apisSchema = (policies: readonly AnyPolicy[]) =>
  record(apiSchema(policies), { key: NAME, keyMeans: NAME_MEANS, max: 10_000, describe: 'The APIs, by name.' })
