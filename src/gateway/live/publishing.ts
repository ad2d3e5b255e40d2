// Turns a snapshot into a live one aside, in slices short enough that traffic does not notice, keeping every API that did not change.
import { setTimeout as after } from 'node:timers/promises'
import type { Clock } from '../../base/clock.ts'
import type { Fault } from '../../base/fault.ts'
import { NetworkSet, parseCidr } from '../../base/ip.ts'
import { AMBIGUITIES, ambiguityBits } from '../../http/target.ts'
import type { Api, Upstream } from '../../model/snapshot.ts'
import { readApiHead, type SnapshotPieces } from '../../model/snapshot-pieces.ts'
import { type Chain, type ChainSettings, compileChain } from '../../pipeline/chain.ts'
import type { AnyPolicy, Resources } from '../../pipeline/contract.ts'
import { Mirror } from '../mirroring/mirror.ts'
import type { NameBook } from '../upstreams/names/name-book.ts'
import type { TargetSource } from '../upstreams/target-source.ts'
import { TargetStock } from '../upstreams/target-stock.ts'
import { UpstreamTargets } from '../upstreams/upstream-targets.ts'
import { TrustContexts } from '../upstreams/upstream-tls.ts'
import { LiveWebsocket } from '../websocket/websocket.ts'
import { type BodyLimit, LiveApi, type LiveSnapshot, liveSnapshot } from './live-snapshot.ts'

/** How long a slice may hold the thread. The design's bound is 2 ms; a piece of work in hand is always finished. */
const SLICE_US = 1000
const ALL_AMBIGUITIES = ambiguityBits(Object.keys(AMBIGUITIES))

export interface PublishingMeans {
  readonly catalogue: ReadonlyMap<string, AnyPolicy>
  readonly resources: Resources
  readonly clock: Clock
  readonly names: NameBook
  readonly chance: () => number
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
    before.settings.zone === pieces.gateway.zone &&
    before.settings.limits.bodyBytes === pieces.gateway.limits.bodyBytes &&
    JSON.stringify(before.settings.authenticationFailures) === JSON.stringify(pieces.gateway.authenticationFailures)
  const chains: ChainSettings = {
    authenticationFailures: pieces.gateway.authenticationFailures,
    report: (step, cause) => means.report(new Error(`policy ${step.policy} (${step.scope}) broke`, { cause })),
  }
  const contexts = new TrustContexts(pieces.upstreamTrust, before?.contexts)
  const stock = new TargetStock(before?.stock.all ?? new Map(), { ...means, contexts })
  const apis: LiveApi[] = []
  for (const piece of pieces.apis) {
    const known = before?.apis.get(piece.name)
    if (known !== undefined && sameLimits && known.settings.hash === piece.hash) {
      apis.push(known)
      stock.keep(known.settings.upstream)
      if (known.settings.mirror) stock.keep(known.settings.mirror.upstream)
    } else {
      const made = await compileApi(piece, known, { means, stock, zone: pieces.gateway.zone, bodyLimit, faults, slices, chains })
      if (made !== undefined) apis.push(made)
    }
    await slices.breathe()
  }
  if (faults.length > 0) throw new Error(`the snapshot is refused:\n  ${faults.map((fault) => fault.message).join('\n  ')}`)
  const live = liveSnapshot(generation, pieces, apis, contexts, stock)
  const longestSliceUs = slices.end()
  await readyInTime(stock)
  return { live, longestSliceUs }
}

interface Context {
  readonly means: PublishingMeans
  readonly stock: TargetStock
  readonly zone: string | undefined
  readonly bodyLimit: BodyLimit
  readonly faults: Fault[]
  readonly slices: Slices
  readonly chains: ChainSettings
}

/** Undefined when a chain has a fault, which is then in `faults`. */
async function compileApi(piece: SnapshotPieces['apis'][number], known: LiveApi | undefined, context: Context): Promise<LiveApi | undefined> {
  const { means, bodyLimit, faults, slices } = context
  const { policySets, addressLists: lists = {}, ...settings } = readApiHead(piece.head)
  const chains: Chain[] = []
  const addressLists = await networksOf(lists, slices)
  for (const set of policySets) {
    const chain = compileChain(
      set,
      means.catalogue,
      means.resources,
      { name: settings.name, grants: settings.grants ?? [settings.name] },
      settings.authenticate,
      faults,
      { ...context.chains, addressLists },
    )
    if (chain === undefined) return undefined
    chains.push(chain)
    await slices.breathe()
  }
  const targets = targetsFor(settings.upstream, context)
  await slices.breathe()
  const refusedAmbiguities = ALL_AMBIGUITIES & ~ambiguityBits(settings.allowInTarget)
  const websocket = settings.websocket === false ? undefined : new LiveWebsocket(settings.websocket, settings.name, means.resources.counters)
  const mirror = settings.mirror && new Mirror(settings.mirror, targetsFor(settings.mirror.upstream, context), means.chance, known?.mirror)
  const live = new LiveApi({ settings, targets, mirror, websocket, chains, routes: piece.routes, bodyLimit, refusedAmbiguities }, known)
  for (const route of known?.used() ?? []) {
    live.goOn(route)
    await slices.breathe()
  }
  return live
}

const targetsFor = (upstream: Upstream, { means, stock, zone }: Context): UpstreamTargets =>
  new UpstreamTargets(upstream, { zone, chance: means.chance, source: (target) => stock.of(upstream, target) })

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

/** How long a snapshot waits for names of services that are asked for the first time. */
const NAMES_MS = 3000
async function readyInTime({ all }: TargetStock): Promise<void> {
  const inTime = new AbortController()
  const tooLate = after(NAMES_MS, undefined, { signal: inTime.signal }).catch(() => {})
  await Promise.race([Promise.all([...all.values()].map(({ ready }) => ready)), tooLate])
  inTime.abort()
}

/** What only `before` led to. */
export function retiredSources(before: LiveSnapshot, now: LiveSnapshot): TargetSource[] {
  const kept = new Set(now.stock.all.values())
  return [...before.stock.all.values()].filter((source) => !kept.has(source))
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
