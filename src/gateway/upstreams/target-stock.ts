// Makes what upstreams lead to, and takes over from the snapshot before whatever is the same: its connections, and what is known of it.
import type { Clock } from '../../base/clock.ts'
import type { Target, Upstream } from '../../model/snapshot.ts'
import { targetUrl } from '../../model/upstream-url.ts'
import { lookupElsewhere } from './guarded-lookup.ts'
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
}

/** Of one snapshot, by what its connections depend on: two that have the same share them. */
export class TargetStock {
  private readonly sources = new Map<string, TargetSource>()
  private readonly before: ReadonlyMap<string, TargetSource>
  private readonly means: StockMeans

  /** `before`: those of the snapshot before, by `keyOf`. */
  constructor(before: ReadonlyMap<string, TargetSource>, means: StockMeans) {
    this.before = before
    this.means = means
  }

  /** By key: those that this snapshot has. */
  get all(): ReadonlyMap<string, TargetSource> {
    return this.sources
  }
  /** An API that did not change has what it had. */
  keep(upstream: Upstream): void {
    for (const target of targetsOf(upstream)) this.of(upstream, target)
  }

  of(upstream: Upstream, target: Target): TargetSource {
    const settings = settingsOf(upstream, target)
    const key = JSON.stringify([settings, target.srv])
    let source = this.sources.get(key)
    if (source === undefined) this.sources.set(key, (source = this.before.get(key) ?? this.make(settings, target)))
    return source
  }

  private make(settings: Upstream, { srv }: Target): TargetSource {
    const { names } = this.means
    if (srv === undefined) return new ConfiguredTarget(this.target(settings, names))
    return new ServiceTargets(settings.host, names, ({ host, port }) => this.target({ ...settings, host, port }, names, srv.closedPorts.includes(port)))
  }

  /** `notHere`: none of this machine's addresses is meant. */
  private target(settings: Upstream, names: NameBook, notHere = false): UpstreamTarget {
    const { contexts, clock, report } = this.means
    const { host, port, tls, http2, preserveHost } = settings
    // Sessions belong to the pool: resumed where something else is trusted, one would prove what nobody verified.
    const secured = tls && new UpstreamTls(tls.serverName, contexts.of(tls.trust), http2 ? 'h2' : 'http/1.1')
    const lookup = notHere ? lookupElsewhere(names.lookup) : names.lookup
    const pool = new UpstreamPool(settings, secured, Math.floor(clock.nowUs() / 1000), report, { lookup, known: (name) => names.known(name) })
    const authority = `${host.includes(':') ? `[${host}]` : host}${port === (tls ? 443 : 80) ? '' : `:${port}`}`
    return new UpstreamTarget(targetUrl({ host, port }, tls), pool, preserveHost ? undefined : Buffer.from(` HTTP/1.1\r\nHost: ${authority}\r\n`))
  }
}

/** Those of an upstream that has one address and says no more of it are that one. */
export const targetsOf = ({ host, port, tls, targets }: Upstream): readonly Target[] =>
  targets ?? [{ host, port, weight: 1, ...(tls && { serverName: tls.serverName }) }]

/** What connections to a target depend on. */
function settingsOf({ targets: _targets, balance: _balance, ...upstream }: Upstream, { host, port, serverName }: Target): Upstream {
  return { ...upstream, host, port, ...(upstream.tls && { tls: { ...upstream.tls, serverName: serverName! } }) }
}
