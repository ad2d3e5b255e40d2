// A snapshot as one thread runs it: routes in trees, policies compiled, upstreams pooled. Built aside, then swapped in whole.
import type { Api, GatewaySettings } from '../model/snapshot.ts'
import { type Chain, DECISIONS, REFUSED, tallyLength } from '../pipeline/chain.ts'
import type { Refusal } from '../pipeline/contract.ts'
import { routeMembers } from '../telemetry/access-line.ts'
import { RouteMeter } from '../telemetry/route-meter.ts'
import type { PathTree } from './path-tree.ts'
import { Router } from './router.ts'
import type { UpstreamPool } from './upstream-pool.ts'

export interface BodyLimit {
  readonly bytes: number
  readonly refusal: Refusal
}

/** One operation, ready to serve. */
export class LiveRoute {
  readonly api: LiveApi
  readonly operation: string
  readonly chain: Chain
  /** The smallest limit that holds for a request's body here. */
  readonly bodyLimit: BodyLimit
  private named: Buffer | undefined
  private counted: RouteMeter | undefined

  constructor(api: LiveApi, operation: string, chain: Chain, bodyLimit: BodyLimit, before: RouteMeter | undefined) {
    this.counted = before && new RouteMeter(tallyLength(chain.steps.length), before)
    this.bodyLimit = chain.bodyBytesMax !== undefined && chain.bodyBytesMax.bytes < bodyLimit.bytes ? chain.bodyBytesMax : bodyLimit
    this.api = api
    this.operation = operation
    this.chain = chain
  }
  /** Made with the first request: most of ten thousand operations are never called. */
  get meter(): RouteMeter {
    return (this.counted ??= new RouteMeter(tallyLength(this.chain.steps.length)))
  }
  /** How the access log names it. */
  get members(): Buffer {
    return (this.named ??= routeMembers(this.api.settings.name, this.operation))
  }
  /** The refusal of a body above the limit, counted under the policy that set it. */
  refuseBody(): Refusal {
    const limit = this.chain.bodyBytesMax
    if (limit !== undefined && limit === this.bodyLimit) this.meter.tally[limit.step * DECISIONS + REFUSED]!++
    return this.bodyLimit.refusal
  }
  get meterIfUsed(): RouteMeter | undefined {
    return this.counted
  }
}

/** One API, ready to serve. Kept from snapshot to snapshot as long as its hash stays. */
export interface LiveApi {
  readonly settings: Omit<Api, 'routes' | 'policySets'>
  readonly pool: UpstreamPool
  readonly tree: PathTree<LiveRoute>
  readonly anyPath: { readonly methods: ReadonlySet<string>; readonly route: LiveRoute } | undefined
  readonly routes: readonly LiveRoute[]
  /** Ambiguous spellings of a target that are refused here: bits of `http/target.ts`. */
  readonly refusedAmbiguities: number
  /** How many octets of the path's beginning the upstream does not see. */
  readonly stripped: number
  /** The end of the request line and the Host line for the upstream; undefined when the client's Host is kept. */
  readonly hostLine: Buffer | undefined
  readonly basePath: Buffer
}

export interface LiveSnapshot {
  readonly generation: number
  readonly settings: GatewaySettings
  readonly apis: ReadonlyMap<string, LiveApi>
  readonly router: Router<LiveApi>
}

export function liveSnapshot(generation: number, settings: GatewaySettings, apis: readonly LiveApi[]): LiveSnapshot {
  const router = new Router<LiveApi>()
  for (const api of apis) router.add(api.settings.hosts, api.settings.path, api)
  return { generation, settings, apis: new Map(apis.map((api) => [api.settings.name, api])), router }
}
