// A snapshot as one thread runs it: routes in tables, policies compiled, upstreams pooled. Built aside, then swapped in whole.
import { RouteTable } from '../../model/route-table.ts'
import type { Api, GatewaySettings } from '../../model/snapshot.ts'
import type { SnapshotPieces } from '../../model/snapshot-pieces.ts'
import { type Chain, DECISIONS, REFUSED, tallyLength } from '../../pipeline/chain.ts'
import type { Refusal, Reply } from '../../pipeline/contract.ts'
import { fieldLine } from '../../pipeline/exchange.ts'
import { routeMembers } from '../../telemetry/access-line.ts'
import { RouteMeter } from '../../telemetry/route-meter.ts'
import type { Mirror } from '../mirroring/mirror.ts'
import type { TargetStock } from '../upstreams/target-stock.ts'
import type { UpstreamTargets } from '../upstreams/upstream-targets.ts'
import type { TrustContexts } from '../upstreams/upstream-tls.ts'
import type { LiveWebsocket } from '../websocket/websocket.ts'
import { CanaryChoice } from './canary-choice.ts'
import { Router } from './router.ts'
import { VersionFront } from './version-front.ts'

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

/** What an API's routes have in common. */
export interface ApiParts {
  readonly settings: Omit<Api, 'routes' | 'policySets'>
  readonly targets: UpstreamTargets
  readonly mirror: Mirror | undefined
  readonly websocket: LiveWebsocket | undefined
  /** Compiled, as routes name them by index. */
  readonly chains: readonly Chain[]
  readonly routes: SnapshotPieces['apis'][number]['routes']
  /** The limit on bodies where no policy sets a smaller one. */
  readonly bodyLimit: BodyLimit
  /** Ambiguous spellings of a target that are refused here: bits of `http/target.ts`. */
  readonly refusedAmbiguities: number
}

/** One API, ready to serve. Kept from snapshot to snapshot as long as its hash stays. */
export class LiveApi {
  readonly settings: ApiParts['settings']
  readonly targets: UpstreamTargets
  /** Gets copies of requests. */
  readonly mirror: Mirror | undefined
  /** Absent: no upgrade here. */
  readonly websocket: LiveWebsocket | undefined
  readonly table: RouteTable
  readonly anyPath: { readonly methods: ReadonlySet<string>; readonly route: LiveRoute } | undefined
  readonly refusedAmbiguities: number
  /** How many octets of the path's beginning the upstream does not see. */
  readonly stripped: number
  readonly basePath: Buffer
  /** Of routes without policies of their own. */
  readonly commonChain: Chain
  /** What every answer tells of this API, also one that no operation gave. */
  readonly vary: string
  readonly standingLines: string
  readonly canary: CanaryChoice | undefined
  private readonly chains: readonly Chain[]
  private readonly bodyLimit: BodyLimit
  /** Made with the first request: most of ten thousand operations are never called, and what a publish allocates is what it stalls the thread for. */
  private readonly made = new Map<number, LiveRoute>()

  constructor({ settings, targets, mirror, websocket, chains, routes, bodyLimit, refusedAmbiguities }: ApiParts, before: LiveApi | undefined) {
    const { upstream, anyPath } = settings
    this.settings = settings
    this.targets = targets
    this.mirror = mirror
    this.websocket = websocket
    this.table = new RouteTable(routes)
    this.chains = chains
    // The API's own set is always the first.
    this.commonChain = chains[0]!
    this.vary = settings.vary === undefined ? '' : fieldLine('Vary', settings.vary)
    this.standingLines = this.vary + this.commonChain.standing.lines
    this.canary = settings.canary && new CanaryChoice(settings.name, settings.canary)
    this.bodyLimit = bodyLimit
    this.refusedAmbiguities = refusedAmbiguities
    this.stripped = settings.stripPath ? settings.path.length : 0
    this.basePath = Buffer.from(upstream.basePath)
    this.anyPath = anyPath && {
      methods: new Set(anyPath.methods),
      route: new LiveRoute(this, 'any', chains[anyPath.policySet]!, bodyLimit, before?.anyPath?.route.meterIfUsed),
    }
  }

  /** What of a path of this API its operations are found by. */
  below(path: string): string {
    const { length } = this.settings.path
    return path.length === length ? '/' : path.slice(length)
  }
  /** The operation, the methods that are served there, or nothing. */
  find(below: string, method: string): LiveRoute | readonly string[] | undefined {
    const { table, anyPath } = this
    if (table.size > 0) {
      const found = table.find(below, method)
      return found >= 0 ? this.route(found) : table.allowed(below)
    }
    if (anyPath === undefined) return undefined
    if (anyPath.methods.has(method) || (method === 'HEAD' && anyPath.methods.has('GET'))) return anyPath.route
    return [...anyPath.methods]
  }

  route(index: number): LiveRoute {
    return this.made.get(index) ?? this.make(index, undefined)
  }
  /** Goes on with the counts of the same operation in the snapshot before. */
  goOn(before: LiveRoute): void {
    const index = this.table.indexOf(before.operation)
    if (index >= 0) this.make(index, before.meterIfUsed)
  }
  /** The routes that were asked for. */
  *used(): Iterable<LiveRoute> {
    yield* this.made.values()
    if (this.anyPath !== undefined) yield this.anyPath.route
  }

  private make(index: number, meter: RouteMeter | undefined): LiveRoute {
    const made = new LiveRoute(this, this.table.operation(index), this.chains[this.table.policySet(index)]!, this.bodyLimit, meter)
    this.made.set(index, made)
    return made
  }
}

export interface LiveSnapshot {
  readonly generation: number
  readonly settings: GatewaySettings
  readonly apis: ReadonlyMap<string, LiveApi>
  readonly router: Router<LiveApi | VersionFront>
  /** By name of the API whose versions they tell apart. */
  readonly fronts: ReadonlyMap<string, VersionFront>
  /** By path: documents that the gateway serves where no API does. */
  readonly documents: ReadonlyMap<string, Reply>
  /** What upstreams under TLS trust and show, for those of the next snapshot that do the same. */
  readonly contexts: TrustContexts
  /** What its upstreams lead to. */
  readonly stock: TargetStock
}

export function liveSnapshot(
  generation: number,
  { gateway, fronts: frontSettings, documents }: SnapshotPieces,
  apis: readonly LiveApi[],
  contexts: TrustContexts,
  stock: TargetStock,
): LiveSnapshot {
  const router = new Router<LiveApi | VersionFront>()
  const byName = new Map(apis.map((api) => [api.settings.name, api]))
  const fronts = new Map<string, VersionFront>()
  for (const api of apis) if (api.settings.reached === undefined) router.add(api.settings.hosts, api.settings.path, api)
  for (const settings of frontSettings) {
    const front = new VersionFront(settings, byName)
    fronts.set(front.name, front)
    router.add(settings.hosts, settings.path, front)
  }
  const replies = documents.map(({ path, fields, body }): [string, Reply] => [path, { kind: 'reply', status: 200, fields, body }])
  return { generation, settings: gateway, apis: byName, router, fronts, documents: new Map(replies), contexts, stock }
}
