// The `targets` of an upstream: several addresses that answer the same requests.
import type { Path } from '../../base/fault.ts'
import { boolean, checked, described, either, integer, list, mapped, object, optional, type Schema, string } from '../../base/schema.ts'
import { upstreamUrl } from '../../model/upstream-url.ts'
import { parseTarget, type UpstreamTarget } from './upstream-target.ts'

/** A target as it is written. */
export interface TargetSection extends UpstreamTarget {
  readonly weight: number
  readonly zone?: string
  readonly backup?: true
  /** Where its address stands below that of the target. */
  readonly addressAt: Path
}

export const ZONE = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/
export const ZONE_MEANS = 'a name of letters, digits, ".", "_" and "-"'

const address: Schema<UpstreamTarget> = mapped(
  checked(
    string({
      maxLength: 2048,
      means: 'an address such as http://10.0.0.5:9001',
      describe:
        '`https://HOST:PORT` or `http://HOST:PORT`. Or `srv+https://NAME` and `srv+http://NAME`: hosts and ports are those of the SRV records of NAME, as `_api._tcp.example.org`.',
    }),
    (text) => {
      const parsed = parseTarget(text)
      return 'code' in parsed ? parsed : undefined
    },
  ),
  (text) => parseTarget(text) as UpstreamTarget,
)

const settings = object(
  {
    url: address,
    weight: optional(
      integer({
        min: 0,
        max: 1000,
        describe: 'How much of all requests it gets beside the others. 0: none. Of SRV records each has this much of the weight of its own.',
      }),
      1,
    ),
    zone: optional(string({ pattern: ZONE, maxLength: 64, means: ZONE_MEANS, describe: 'Where it stands: a gateway of the same `gateway.zone` prefers it.' })),
    backup: optional(boolean('Used only when no other target is there that takes requests.'), false),
  },
  'A target with how it is used.',
)

const one: Schema<TargetSection> = either(
  [
    mapped(address, (read): TargetSection => ({ ...read, weight: 1, addressAt: [] })),
    mapped(
      settings,
      ({ url, weight, zone, backup }): TargetSection => ({
        ...url,
        weight,
        ...(zone !== undefined && { zone }),
        ...(backup && { backup }),
        addressAt: ['url'],
      }),
    ),
  ],
  'an address such as http://10.0.0.5:9001, or an object with the key url',
)

const nameOf = ({ host, port, basePath }: UpstreamTarget): string => upstreamUrl({ host, port, basePath })

export const targets: Schema<readonly TargetSection[]> = described(
  'The addresses of the upstream; all with the same scheme and path. A hostname is looked up again when its answer has lived its time, and all its addresses are used.',
  checked(list(one, { min: 1, max: 64 }), (all) => {
    const [first] = all
    for (const [i, target] of all.entries()) {
      const at = [i, ...target.addressAt] as const
      if (target.scheme !== first!.scheme)
        return {
          code: 'targets-differ',
          at,
          message: 'the targets of one upstream are all https:// or all http://: what TLS settings hold, and for whom, is said once',
        }
      if (target.basePath !== first!.basePath)
        return {
          code: 'targets-differ',
          at,
          message: `the path '${target.basePath || '/'}' is another than that of the first target, '${first!.basePath || '/'}': all targets of one upstream answer below the same path`,
        }
      const twin = all.findIndex((other) => nameOf(other) === nameOf(target))
      if (twin < i) return { code: 'duplicate-item', at, message: `this address stands here twice: give it a 'weight' instead` }
    }
    if (all.every(({ weight, backup }) => weight === 0 || backup))
      return { code: 'no-target', message: 'no target takes requests: one at least has a weight above 0 and is no backup' }
    return undefined
  }),
)
