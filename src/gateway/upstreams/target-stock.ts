// Makes what upstreams lead to, and takes over from the snapshot before whatever is the same: its connections, and what is known of it.
import type { Clock } from '../../base/clock.ts'
import { checkKey } from '../../model/checked-targets.ts'
import type { Target, Upstream } from '../../model/snapshot.ts'
import { targetUrl, upstreamUrl } from '../../model/upstream-url.ts'
import { lookupElsewhere } from './guarded-lookup.ts'
import { LiveResilience } from './live-resilience.ts'
import type { NameBook } from './names/name-book.ts'
import { UpstreamTarget } from './target.ts'
import { ConfiguredTarget, ServiceTargets, type TargetSource } from './target-source.ts'
import { UpstreamPool } from './upstream-pool.ts'
import { type TrustContexts, UpstreamTls } from './upstream-tls.ts'

export interface StockMeans {
  readonly contexts: TrustContexts
  readonly clock: Clock
  readonly names: NameBook
  readonly report: (cause: unknown) => void
  /** Whether active checks find what has this key up; undefined: nobody checks it. */
  readonly isChecked: (key: string) => (() => boolean) | undefined
  /** On the gateway's coarse clock. */
  readonly nowMs: () => number
}

/** Of one snapshot, by what its connections depend on: two that have the same share them. */
export class TargetStock {
  private readonly sources = new Map<string, TargetSource>()
  private readonly before: ReadonlyMap<string, TargetSource>
  private readonly resilience = new Map<string, LiveResilience>()
  /** Where the targets of each come from. */
  private readonly members = new Map<string, Set<TargetSource>>()
  private readonly resilienceBefore: ReadonlyMap<string, LiveResilience>
  private readonly means: StockMeans

  /** `before`: those of the snapshot before, by `keyOf`. */
  constructor(before: ReadonlyMap<string, TargetSource>, means: StockMeans, resilienceBefore: ReadonlyMap<string, LiveResilience> = new Map()) {
    this.before = before
    this.resilienceBefore = resilienceBefore
    this.means = means
  }

  /** By key: those that this snapshot has. */
  get all(): ReadonlyMap<string, TargetSource> {
    return this.sources
  }
  /** What is known of how its upstreams fare, by what they have in common. */
  get allResilience(): ReadonlyMap<string, LiveResilience> {
    return this.resilience
  }
  /** Undefined: nobody keeps account of it. */
  resilienceOf(upstream: Upstream): LiveResilience | undefined {
    const { resilience } = upstream
    if (resilience === undefined) return undefined
    const { isChecked, nowMs, report } = this.means
    const key = commonOf(upstream)
    let live = this.resilience.get(key) ?? this.resilienceBefore.get(key)
    live ??= new LiveResilience(upstreamUrl(upstream), resilience, { nowMs, report, isChecked: (name) => isChecked(checkKey(upstream, name)) })
    this.resilience.set(key, live)
    return live
  }
  /** All upstreams are known: what is known of targets that are gone is forgotten. */
  settle(): void {
    for (const [key, live] of this.resilience)
      live.setTargets([...(this.members.get(key) ?? [])].flatMap((source) => source.targets.map(({ target }) => target.name)))
  }

  /** An API that did not change has what it had. */
  keep(upstream: Upstream): void {
    for (const target of targetsOf(upstream)) this.of(upstream, target)
  }

  of(upstream: Upstream, target: Target): TargetSource {
    const settings = settingsOf(upstream, target)
    const live = this.resilienceOf(upstream)
    const common = live && commonOf(upstream)
    const key = JSON.stringify([settings, target.srv, common])
    let source = this.sources.get(key)
    if (source === undefined) this.sources.set(key, (source = this.before.get(key) ?? this.make(settings, target, live)))
    if (common !== undefined) this.members.set(common, (this.members.get(common) ?? new Set()).add(source))
    return source
  }

  private make(settings: Upstream, { srv }: Target, live: LiveResilience | undefined): TargetSource {
    const { names } = this.means
    if (srv === undefined) return new ConfiguredTarget(this.target(settings, names, live))
    return new ServiceTargets(settings.host, names, {
      nameOf: (service) => targetUrl(service, settings.tls),
      make: ({ host, port }) => this.target({ ...settings, host, port }, names, live, srv.closedPorts.includes(port)),
      gone: (targets) => live?.forget(targets),
    })
  }

  /** `notHere`: none of this machine's addresses is meant. */
  private target(settings: Upstream, names: NameBook, live: LiveResilience | undefined, notHere = false): UpstreamTarget {
    const { contexts, clock, report } = this.means
    const { host, port, tls, http2, preserveHost } = settings
    // Sessions belong to the pool: resumed where something else is trusted, one would prove what nobody verified.
    const secured = tls && new UpstreamTls(tls.serverName, contexts.of(tls.trust), http2 ? 'h2' : 'http/1.1')
    const lookup = notHere ? lookupElsewhere(names.lookup) : names.lookup
    const pool = new UpstreamPool(settings, secured, Math.floor(clock.nowUs() / 1000), report, { lookup, known: (name) => names.known(name) })
    const authority = `${host.includes(':') ? `[${host}]` : host}${port === (tls ? 443 : 80) ? '' : `:${port}`}`
    const name = targetUrl({ host, port }, tls)
    const watched = live?.of(name)
    const target = new UpstreamTarget(name, pool, preserveHost ? undefined : Buffer.from(` HTTP/1.1\r\nHost: ${authority}\r\n`), watched)
    watched?.carry(target)
    return target
  }
}

/** Those of an upstream that has one address and says no more of it are that one. */
export const targetsOf = ({ host, port, tls, targets }: Upstream): readonly Target[] =>
  targets ?? [{ host, port, weight: 1, ...(tls && { serverName: tls.serverName }) }]

/** What connections to a target depend on. */
function settingsOf({ targets: _targets, balance: _balance, ...upstream }: Upstream, { host, port, serverName }: Target): Upstream {
  return { ...upstream, host, port, ...(upstream.tls && { tls: { ...upstream.tls, serverName: serverName! } }) }
}

/** What the targets of an upstream have in common: adding one to them, or taking one away, changes nothing of it. */
const commonOf = ({ targets: _targets, balance: _balance, ...upstream }: Upstream): string => JSON.stringify(upstream)
