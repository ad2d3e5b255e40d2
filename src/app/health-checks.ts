// The active checks of all upstreams: made on the main thread, found by every gateway thread in shared words.
import { quickChance } from '../base/chance.ts'
import { guardedLookup, lookupWithin } from '../gateway/upstreams/guarded-lookup.ts'
import { ActiveChecks, type Checked } from '../gateway/upstreams/health/active/active-checks.ts'
import { healthMemory } from '../gateway/upstreams/health/active/health-words.ts'
import { NameBook } from '../gateway/upstreams/names/name-book.ts'
import { TrustContexts, UpstreamTls } from '../gateway/upstreams/upstream-tls.ts'
import type { CheckedAddress } from '../model/checked-targets.ts'
import type { SnapshotPieces } from '../model/snapshot-pieces.ts'
import { targetUrl } from '../model/upstream-url.ts'

/** How often names are looked at that have lived their time. */
const NAMES_MS = 1000

export class HealthChecks {
  /** Which gateway threads read. */
  readonly memory = healthMemory()
  private readonly checks: ActiveChecks
  private readonly names: NameBook
  private contexts: TrustContexts | undefined
  private sweeping: NodeJS.Timeout | undefined

  constructor(nowMs: () => number, report: (text: string) => void) {
    const chance = quickChance()
    this.names = new NameBook(nowMs, chance)
    this.checks = new ActiveChecks({ memory: this.memory, nowMs, chance, report })
  }

  /** From now on these are asked. Answers the word of each, by `checkKey`. */
  watch(all: readonly CheckedAddress[], { upstreamTrust, gateway }: Pick<SnapshotPieces, 'upstreamTrust' | 'gateway'>): ReadonlyMap<string, number> {
    const contexts = (this.contexts = new TrustContexts(upstreamTrust, this.contexts))
    this.names.ask(gateway.dnsServers)
    if (all.length > 0) this.sweeping ??= setInterval(() => this.names.sweep(), NAMES_MS).unref()
    return this.checks.watch(all.map((address) => this.checked(address, contexts)))
  }
  stop(): void {
    clearInterval(this.sweeping)
    this.checks.stop()
    this.names.close()
  }

  private checked({ key, upstream, target, settings }: CheckedAddress, contexts: TrustContexts): Checked {
    const { tls, basePath, reach, http2 = false } = upstream
    const protocol = http2 || settings.kind === 'grpc' ? 'h2' : 'http/1.1'
    const { lookup } = this.names
    return {
      ...{ key, settings, name: targetUrl(target, tls) },
      target: {
        ...{ host: target.host, port: target.port, basePath, http2 },
        lookup: reach ? lookupWithin(lookup, reach) : guardedLookup(lookup),
        ...(tls && { tls: new UpstreamTls(target.serverName ?? tls.serverName, contexts.of(tls.trust), protocol) }),
      },
    }
  }
}
