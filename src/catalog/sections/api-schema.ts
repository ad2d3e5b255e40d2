// One entry of `apis`: where an API is reached, what protects it, where it goes.
import type { Fault, Path } from '../../base/fault.ts'
import { formatIp, parseIp } from '../../base/ip.ts'
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
} from '../../base/schema.ts'
import { AMBIGUITIES, type Ambiguity } from '../../http/target.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { attachments } from './attachments.ts'
import { canary } from './canary-schema.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'
import { mirror } from './mirror-schema.ts'
import { methods, openapi, operations } from './operation-schema.ts'
import { names, policySets, reference } from './shared-schema.ts'
import { upstream } from './upstream-schema.ts'
import { isNormalPath } from './upstream-target.ts'
import { versioning } from './version-schema.ts'
import { websocket } from './websocket-schema.ts'

/** CONNECT and TRACE are refused by the gateway itself. */

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
export function hostOf(text: string): string | undefined {
  const name = text.toLowerCase()
  if (name.startsWith('[')) {
    const octets = name.endsWith(']') ? parseIp(name.slice(1, -1)) : undefined
    return octets?.length === 16 ? `[${formatIp(octets)}]` : undefined
  }
  // A name whose last label is a number would be an address to some (RFC 3696 2).
  return HOST.test(name) && (parseIp(name) !== undefined || !/(?:^|\.)(?:\d+|0x[0-9a-f]+)$/.test(name)) ? name : undefined
}

const later = (what: string) => reserved('not-available', `is not available yet: ${what} with a later version`)

/** The schema of an API under these policies. */
export function apiSchema(policies: readonly AnyPolicy[]) {
  const schema = object(
    {
      path: optional(path),
      hosts: optional(list(host, { min: 1, max: 256, describe: 'Hosts at which the API is reached; absent: every host.' })),
      stripPath: optional(boolean('Removes `path` from what the upstream is sent.'), true),
      openapi,
      methods,
      upstream: optional(
        described(
          'Where requests go: `http://HOST:PORT`, an object with how the upstream is used, or the name of one of the `upstreams`. Needed, unless all its versions have their own.',
          reference(upstream, 'an upstream'),
        ),
      ),
      versioning: optional(versioning),
      canary: optional(canary),
      mirror: optional(mirror),
      policySets,
      plans: optional(names('a plan', { describe: 'Plans of which a consumer needs one to call this API, whichever its versions.' })),
      approvals: optional(
        integer({ min: 0, max: 5, describe: 'How many people besides the author must approve a change of this API; left out: `settings.approvals.required`.' }),
      ),
      owner: optional(string({ maxLength: 200, describe: 'Who answers for this API.' })),
      docs: optional(
        string({
          pattern: /^https?:\/\/[!#$%&'()*+,./0-9:;=?@A-Z[\]_a-z~-]{1,2000}$/,
          means: 'an address such as https://example.com/docs',
          describe: 'Its documentation, told by the API catalogue.',
        }),
      ),
      catalog: optional(boolean('True lists it, and its versions, in `/.well-known/api-catalog` (RFC 9727), for everyone to see.'), false),
      authenticate: optional(oneOf(['any', 'all'], 'Which of the identify policies must recognise the caller; `any` when left out.')),
      public: optional(boolean('True serves everyone without a credential. Without it, an API needs an identify policy in enforce mode.'), false),
      websocket: optional(websocket, false),
      allowInTarget: optional(
        described(
          'Spellings of a path that two servers may read differently, accepted all the same.',
          list(oneOf(Object.keys(AMBIGUITIES) as Ambiguity[]), { max: Object.keys(AMBIGUITIES).length }),
        ),
        [],
      ),
      policies: optional(attachments(policies, 'api'), {}),
      operations: operations(policies),
      tls: later('TLS comes'),
    },
    'One API.',
  )
  return {
    ...schema,
    json: { ...schema.json, anyOf: [{ required: ['upstream'] }, { required: ['versioning'] }] },
    read(value: unknown, path: Path, faults: Fault[]) {
      const read = schema.read(value, path, faults)
      // The versions of an API may each have their own.
      if (schema.fits(value) && !Object.hasOwn(value as object, 'upstream') && !Object.hasOwn(value as object, 'versioning'))
        faults.push({ code: 'missing-key', path, message: `'${path.at(-1)}' needs the key 'upstream'` })
      return read
    },
  }
}
export type ApiSection = Infer<ReturnType<typeof apiSchema>>

export const apisSchema = (policies: readonly AnyPolicy[]) =>
  record(apiSchema(policies), { key: NAME, keyMeans: NAME_MEANS, max: 10_000, describe: 'The APIs, by name.' })
