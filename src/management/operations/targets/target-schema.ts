// How the targets of an API are told: where they are, and what becomes of requests to them.
import { boolean, type Infer, integer, list, object, optional, string } from '../../../base/schema.ts'
import { type Drain, TARGET_NAME_MAX } from '../../../lifecycle/drains.ts'
import { apiOf } from '../../../model/names.ts'
import type { Api, Target } from '../../../model/snapshot.ts'
import { targetUrl } from '../../../model/upstream-url.ts'
import type { TargetMeasure } from '../../../telemetry/measures.ts'
import type { Plane } from '../../plane.ts'
import { line, moment, momentOf } from '../../texts.ts'

const count = (describe: string) => integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe })

export const targetName = string({
  pattern: /^https?:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+):[1-9]\d{0,4}$/,
  maxLength: TARGET_NAME_MAX,
  means: 'the address of a target with its port, such as http://10.0.0.5:9001',
  describe: 'Its address as `listTargets` tells it: scheme, host and port, also where the port is the usual one, and no path.',
})
const requests = object(
  {
    ok: count('Answered below 500, whole.'),
    error: count('Answered with 500 or more.'),
    failed: count('No connection, one that broke, or an answer that could not be read.'),
    timeout: count('Not answered in time.'),
    abandoned: count('Given up by the client, or by the gateway.'),
  },
  'How requests to it ended since this process leads there, from whichever API.',
)
export const targetSchema = object({
  api: line(200, 'The API, version or canary whose upstream it is one of.'),
  target: line(2048, 'Its address; of SRV records that nothing is known of yet, their name.'),
  weight: optional(line(32, 'How much it gets beside the others.')),
  zone: optional(line(64, 'Where it stands.')),
  backup: boolean('It is used only when no other one takes requests.'),
  configured: boolean('False: it is drained, and no upstream of the API leads there at present.'),
  up: optional(boolean('It takes requests, as every gateway thread sees it. Left out: no thread leads there.')),
  draining: boolean('It takes no further requests because somebody said so.'),
  since: optional(moment('Since when it is drained.')),
  streamsUntil: optional(moment('Until then WebSockets and streams of events may stay there.')),
  inFlight: count('Requests under way to it or waiting for a connection to it, WebSockets included, on this node.'),
  requests: optional(requests),
})
export const targetList = list(targetSchema, { max: 100_000 })
type ShownTarget = Infer<typeof targetSchema>

/** The snapshot's APIs that an API of the catalog has: itself, its versions and canaries. */
const apisOf = (plane: Plane, api: string): readonly Api[] =>
  plane.services.catalog.configuration.snapshot.apis.filter(({ name, upstream }) => apiOf(name) === api && !upstream.host.endsWith('.invalid'))

/** What this node knows of an API's targets: as configured, and as its threads have them. */
export interface KnownTargets {
  readonly api: string
  readonly targets: readonly (Pick<TargetMeasure, 'name' | 'weight' | 'zone' | 'isBackup'> & { readonly measured?: TargetMeasure })[]
}
export async function knownTargets(plane: Plane, api: string): Promise<readonly KnownTargets[]> {
  const measured = new Map((await plane.services.targets.measured()).map(({ api: name, targets }) => [name, targets]))
  return apisOf(plane, api).map(({ name, upstream }) => {
    const seen = measured.get(name) ?? []
    const configured = upstream.targets ?? [{ host: upstream.host, port: upstream.port, weight: 1 }]
    const isSeen = (target: string): boolean => seen.some((each) => each.name === target)
    const unseen = configured.map((each: Target) => ({
      name: targetUrl(each, upstream.tls),
      ...{ weight: each.weight, zone: each.zone, isBackup: each.backup === true, srv: each.srv },
    }))
    return {
      api: name,
      targets: [
        ...seen.map((each) => ({ name: each.name, weight: each.weight, zone: each.zone, isBackup: each.isBackup, measured: each })),
        // Names of SRV records stand for what is behind them until some thread knows it.
        ...unseen.filter((each) => !isSeen(each.name) && (each.srv === undefined || seen.length === 0)),
      ],
    }
  })
}

export function shownTargets(known: readonly KnownTargets[], drained: readonly Drain[], api: string): ShownTarget[] {
  const drainOf = (target: string): Drain | undefined => drained.find((each) => each.target === target)
  const shown = known.flatMap(({ api: name, targets }) => targets.map((each) => shownTarget(name, each, drainOf(each.name))))
  const gone = drained.filter(({ target }) => !shown.some((each) => each.target === target))
  return [...shown, ...gone.map((each): ShownTarget => ({ ...drainShown(each), api, target: each.target, backup: false, configured: false, inFlight: 0 }))]
}

function shownTarget(api: string, { name, weight, zone, isBackup, measured }: KnownTargets['targets'][number], drain: Drain | undefined): ShownTarget {
  const [ok, error, failed, timeout, abandoned] = measured?.ended ?? []
  return {
    ...{ api, target: name, weight: String(weight), backup: isBackup, configured: true },
    ...(zone !== undefined && { zone }),
    ...(measured && { up: measured.isUp, requests: { ok: ok!, error: error!, failed: failed!, timeout: timeout!, abandoned: abandoned! } }),
    ...drainShown(drain),
    inFlight: measured?.inFlight ?? 0,
  }
}
const drainShown = (drain: Drain | undefined): Pick<ShownTarget, 'draining' | 'since' | 'streamsUntil'> => ({
  draining: drain !== undefined,
  ...(drain && { since: momentOf(drain.sinceMs), streamsUntil: momentOf(drain.streamsUntilMs) }),
})
