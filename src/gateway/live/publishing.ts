// Turns a snapshot into a live one aside, in slices short enough that traffic does not notice, keeping every API that did not change.
import type { Clock } from '../../base/clock.ts'
import type { Fault } from '../../base/fault.ts'
import { NetworkSet, parseCidr } from '../../base/ip.ts'
import { AMBIGUITIES, ambiguityBits } from '../../http/target.ts'
import type { Api, Upstream } from '../../model/snapshot.ts'
import { readApiHead, type SnapshotPieces } from '../../model/snapshot-pieces.ts'
import { type Chain, type ChainSettings, compileChain } from '../../pipeline/chain.ts'
import type { AnyPolicy, Resources } from '../../pipeline/contract.ts'
import { UpstreamPool } from '../upstreams/upstream-pool.ts'
import { TrustContexts, UpstreamTls } from '../upstreams/upstream-tls.ts'
import { LiveWebsocket } from '../websocket/websocket.ts'
import { type BodyLimit, LiveApi, type LiveSnapshot, liveSnapshot } from './live-snapshot.ts'

/** How long a slice may hold the thread. The design's bound is 2 ms; a piece of work in hand is always finished. */
const SLICE_US = 1000
const ALL_AMBIGUITIES = ambiguityBits(Object.keys(AMBIGUITIES))

export interface PublishingMeans {
  readonly catalogue: ReadonlyMap<string, AnyPolicy>
  readonly resources: Resources
  readonly clock: Clock
  readonly report: (cause: unknown) => void
  readonly bodyLimit: (bytes: number) => BodyLimit
}

export interface Published {
  readonly live: LiveSnapshot
  readonly longestSliceUs: number
}

/** Compiles aside. Throws, with every reason, when any chain has a fault: then nothing changes. */
export async function publish(generation: number, pieces: SnapshotPieces, before: LiveSnapshot | undefined, means: PublishingMeans): Promise<Published> {
  const slices = new Slices(means.clock)
  const faults: Fault[] = []
  const bodyLimit = means.bodyLimit(pieces.gateway.limits.bodyBytes)
  const sameLimits =
    before !== undefined &&
    before.settings.limits.bodyBytes === pieces.gateway.limits.bodyBytes &&
    JSON.stringify(before.settings.authenticationFailures) === JSON.stringify(pieces.gateway.authenticationFailures)
  const chains: ChainSettings = {
    authenticationFailures: pieces.gateway.authenticationFailures,
    report: (step, cause) => means.report(new Error(`policy ${step.policy} (${step.scope}) broke`, { cause })),
  }
  const pools = new Map<string, UpstreamPool>()
  for (const api of before?.apis.values() ?? []) pools.set(poolKey(api.settings.upstream), api.pool)
  const contexts = new TrustContexts(pieces.upstreamTrust, before?.contexts)
  const apis: LiveApi[] = []
  for (const piece of pieces.apis) {
    const known = before?.apis.get(piece.name)
    if (known !== undefined && sameLimits && known.settings.hash === piece.hash) apis.push(known)
    else {
      const made = await compileApi(piece, known, { means, pools, contexts, bodyLimit, faults, slices, chains })
      if (made !== undefined) apis.push(made)
    }
    await slices.breathe()
  }
  if (faults.length > 0) throw new Error(`the snapshot is refused:\n  ${faults.map((fault) => fault.message).join('\n  ')}`)
  const live = liveSnapshot(generation, pieces, apis, contexts)
  return { live, longestSliceUs: slices.end() }
}

interface Context {
  readonly means: PublishingMeans
  readonly pools: Map<string, UpstreamPool>
  readonly contexts: TrustContexts
  readonly bodyLimit: BodyLimit
  readonly faults: Fault[]
  readonly slices: Slices
  readonly chains: ChainSettings
}

/** Undefined when a chain has a fault, which is then in `faults`. */
async function compileApi(piece: SnapshotPieces['apis'][number], known: LiveApi | undefined, context: Context): Promise<LiveApi | undefined> {
  const { means, pools, bodyLimit, faults, slices } = context
  const { policySets, addressLists: lists = {}, ...settings } = readApiHead(piece.head)
  const chains: Chain[] = []
  const addressLists = await networksOf(lists, slices)
  for (const set of policySets) {
    const chain = compileChain(
      set,
      means.catalogue,
      means.resources,
      { name: settings.name, grants: settings.grants ?? [settings.name], prefix: settings.path },
      settings.authenticate,
      faults,
      { ...context.chains, addressLists },
    )
    if (chain === undefined) return undefined
    chains.push(chain)
    await slices.breathe()
  }
  const key = poolKey(settings.upstream)
  let pool = pools.get(key)
  if (!pool) {
    const { tls, http2 } = settings.upstream
    // Sessions belong to the pool: resumed where something else is trusted, one would prove what nobody verified.
    const secured = tls && new UpstreamTls(tls.serverName, context.contexts.of(tls.trust), http2 ? 'h2' : 'http/1.1')
    pools.set(key, (pool = new UpstreamPool(settings.upstream, secured, Math.floor(means.clock.nowUs() / 1000), means.report)))
    await slices.breathe()
  }
  const refusedAmbiguities = ALL_AMBIGUITIES & ~ambiguityBits(settings.allowInTarget)
  const websocket = settings.websocket === false ? undefined : new LiveWebsocket(settings.websocket, settings.name, means.resources.counters)
  const live = new LiveApi({ settings, pool, websocket, chains, routes: piece.routes, bodyLimit, refusedAmbiguities }, known)
  for (const route of known?.used() ?? []) {
    live.goOn(route)
    await slices.breathe()
  }
  return live
}

const NETWORKS_A_SLICE = 256

/** Address lists may be long: they are built in slices too. */
async function networksOf(lists: NonNullable<Api['addressLists']>, slices: Slices): Promise<Map<string, NetworkSet>> {
  const out = new Map<string, NetworkSet>()
  for (const [name, networks] of Object.entries(lists)) {
    const set = new NetworkSet()
    for (const [i, text] of networks.entries()) {
      set.add(parseCidr(text)!)
      if (i % NETWORKS_A_SLICE === 0) await slices.breathe()
    }
    out.set(name, set)
  }
  return out
}

/** Two snapshots that name an upstream with the same settings share its connections. */
const poolKey = (upstream: Upstream): string => JSON.stringify(upstream)

/** The pools that only `before` used. */
export function retiredPools(before: LiveSnapshot, now: LiveSnapshot): UpstreamPool[] {
  const kept = new Set([...now.apis.values()].map((api) => api.pool))
  return [...new Set([...before.apis.values()].map((api) => api.pool))].filter((pool) => !kept.has(pool))
}

/** Gives the thread back between pieces of work, and remembers the longest time it did not. */
class Slices {
  private readonly clock: Clock
  private startedUs: number
  private longestUs = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.startedUs = clock.nowUs()
  }
  async breathe(): Promise<void> {
    const held = this.clock.nowUs() - this.startedUs
    if (held < SLICE_US) return
    this.longestUs = Math.max(this.longestUs, held)
    await new Promise((resolve) => setImmediate(resolve))
    this.startedUs = this.clock.nowUs()
  }
  end(): number {
    return Math.max(this.longestUs, this.clock.nowUs() - this.startedUs)
  }
}
