// The `canary` of an API or version: which requests go elsewhere, and where.
import { checked, described, type Infer, list, mapped, object, optional, string } from '../../base/schema.ts'
import { NAME, NAME_MEANS } from './consumer-schema.ts'
import { reference } from './shared-schema.ts'
import { upstream } from './upstream-schema.ts'
import { VERSION, VERSION_MEANS } from './version-name.ts'

const SHARE = /^(?:100|\d{1,2}(?:\.\d{1,2})?)%$/
/** Read as parts of 10,000. */
export const share = (describe: string) =>
  mapped(string({ pattern: SHARE, maxLength: 8, means: 'a share such as 10% or 0.5%', describe }), (text) => Math.round(Number(text.slice(0, -1)) * 100))

export const canary = checked(
  object(
    {
      to: optional(string({ pattern: VERSION, means: VERSION_MEANS, describe: 'The version that they go to, with its own operations and all its policies.' })),
      upstream: optional(
        described(
          'The upstream that they go to, under the same policies: an address, an object, or the name of one of the `upstreams`.',
          reference(upstream, 'an upstream'),
        ),
      ),
      share: optional(share('So many of 100 callers, always the same ones; a larger share keeps those of a smaller.')),
      header: optional(
        object(
          {
            name: string({ pattern: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/, means: 'a field name' }),
            value: string({ pattern: /^[!-~](?:[ -~]{0,198}[!-~])?$/, means: 'a value of visible ASCII' }),
          },
          'Requests with this field, once, with exactly this value.',
        ),
      ),
      consumers: optional(list(string({ pattern: NAME, means: NAME_MEANS }), { min: 1, max: 1000, describe: 'Requests of these consumers.' }), []),
    },
    'Sends some requests elsewhere: those of a share of the callers, with a field, or of chosen consumers.',
  ),
  ({ to, upstream: other, share: part, header, consumers }) => {
    if ((to === undefined) === (other === undefined))
      return { code: 'canary-target', message: "a canary goes to one place: 'to' a version, or to an 'upstream'" }
    return part === undefined && header === undefined && consumers.length === 0
      ? { code: 'empty', message: "nothing says which requests go there: it needs 'share', 'header' or 'consumers'" }
      : undefined
  },
)
export type CanarySection = Infer<typeof canary>
