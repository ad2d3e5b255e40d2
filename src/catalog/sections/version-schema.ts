// The `versions` section, and how an API says by what its versions are told apart.
import { moment } from '../../base/moment.ts'
import { boolean, checked, described, duration, type Infer, list, object, oneOf, optional, record, type Schema, string } from '../../base/schema.ts'
import { fieldName, identify, OTHER } from '../../http/field-names.ts'
import { STATES } from '../../lifecycle/schedule.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { attachments } from './attachments.ts'
import { canary } from './canary-schema.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'
import { methods, openapi, operations } from './operation-schema.ts'
import { policySets, reference } from './shared-schema.ts'
import { upstream } from './upstream-schema.ts'
import { VERSION, VERSION_MEANS } from './version-name.ts'

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/
const header: Schema<string> = checked(
  string({ pattern: TOKEN, means: 'a field name such as X-API-Version', describe: 'Versions are told apart by this request field.' }),
  (name) => {
    const { bytes } = fieldName(name)
    return identify(bytes, 0, bytes.length) === OTHER && !/^(?:accept|content-type|vary)$/i.test(name)
      ? undefined
      : { code: 'unusable-field', message: `the field '${name}' has a meaning of its own here and never names a version` }
  },
)
/** RFC 6838 4.2: type and subtype, with the place of the version. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,80}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}\{version\}(?:[a-z0-9!#$&^_.+-]{0,40})$/

export const versioning = checked(
  object(
    {
      by: optional(oneOf(['path'], 'Versions are told apart by the segment behind the path of the API: `/bookshop/v1/...`.')),
      header: optional(header),
      query: optional(
        string({
          pattern: /^[A-Za-z0-9-]{1,100}$/,
          means: 'a parameter name of letters, digits or "-"',
          describe: 'Versions are told apart by this query parameter.',
        }),
      ),
      mediaType: optional(
        string({
          pattern: MEDIA_TYPE,
          maxLength: 200,
          means: 'a media type in lower case such as application/vnd.bookshop.{version}+json',
          describe: 'Versions are told apart by this media type, in `Accept` or `Content-Type`; `{version}` stands for the version.',
        }),
      ),
      default: optional(
        string({
          pattern: VERSION,
          means: VERSION_MEANS,
          describe: 'The version of requests that name none. Left out, they are refused. Not with `by: path`.',
        }),
      ),
    },
    'How the versions of this API are told apart; they stand in the section `versions`.',
  ),
  ({ by, header: field, query, mediaType, default: fallback }) => {
    if ([by, field, query, mediaType].filter((each) => each !== undefined).length !== 1)
      return { code: 'versioning-by', message: "versions are told apart in one way: 'by: path', 'header', 'query' or 'mediaType'" }
    return by !== undefined && fallback !== undefined
      ? { code: 'versioning-by', message: 'a path always names its version: there is no default', at: ['default'] }
      : undefined
  },
)
export type Versioning = Infer<typeof versioning>

const link = (describe: string) =>
  string({ pattern: /^https?:\/\/[!#$%&'()*+,./0-9:;=?@A-Z[\]_a-z~-]{1,2000}$/, means: 'an address such as https://example.com/migrate', describe })

const brownOut = object(
  {
    from: moment('from', 'When it begins.'),
    for: duration({ minMs: 1000, maxMs: 7 * 86_400_000, describe: 'How long it lasts.' }),
    every: optional(duration({ minMs: 60_000, describe: 'Repeats it at this distance, until the sunset.' })),
  },
  'A time in which a deprecated version answers 503, so that who still calls it notices while there is time.',
)

/** One version under these policies. */
export function versionSchema(policies: readonly AnyPolicy[]) {
  return object(
    {
      state: optional(oneOf(STATES, 'A preview needs `NAME@VERSION` in a consumer’s list; the dates carry the other states further by themselves.'), 'active'),
      deprecated: optional(moment('deprecated', 'From then on callers are advised to move: the `Deprecation` field (RFC 9745).')),
      sunset: optional(moment('sunset', 'From then on it answers 410, whatever its state says: the `Sunset` field (RFC 8594).')),
      successor: optional(string({ pattern: VERSION, means: VERSION_MEANS, describe: 'The version to move to: `Link` with `successor-version` (RFC 5829).' })),
      docs: optional(link('Its documentation: told by the API catalogue and to its last callers.')),
      deprecationPolicy: optional(link('Why, and what to do: `Link` with `deprecation`.')),
      sunsetPolicy: optional(link('What ends, and when: `Link` with `sunset`.')),
      brownOuts: optional(list(brownOut, { max: 100, describe: 'Rehearsals of the end, between deprecation and sunset.' }), []),
      openapi,
      methods,
      upstream: optional(described('Where its requests go, as of an API; left out: where those of its API do.', reference(upstream, 'an upstream'))),
      policySets,
      public: optional(boolean('As of an API: needed when the version removes the last identify policy. Left out: as the API says.')),
      canary: optional(canary),
      policies: optional(attachments(policies, 'version'), {}),
      operations: operations(policies),
    },
    'One version of an API.',
  )
}
export type VersionSection = Infer<ReturnType<typeof versionSchema>>

/** By API, then by version. */
export const versionsSchema = (policies: readonly AnyPolicy[]) =>
  record(record(versionSchema(policies), { key: VERSION, keyMeans: VERSION_MEANS, max: 100, describe: 'The versions of one API, by name.' }), {
    key: NAME,
    keyMeans: NAME_MEANS,
    max: 10_000,
    describe: 'The versions of APIs that say `versioning`, by the name of the API.',
  })
