// What the running program measures, as the page that is scraped.
import { counterTableUse } from '../adapters/shared-memory/counters.ts'
import type { Configuration } from '../catalog/resolving/resolve.ts'
import { insecureUpstreams, upstreamCertificates } from '../model/upstream-reports.ts'
import { type AcmeCounts, exposition } from '../telemetry/measures.ts'
import { listenerCertificates } from './listener-reports.ts'
import { revocationReports } from './revocation-reports.ts'
import type { GatewayThreads } from './threads.ts'

/** What only the main thread knows. */
export interface MainMeasures {
  readonly publishSeconds: number
  readonly publishes: number
  readonly publishesRefused: number
  readonly acme: readonly AcmeCounts[]
}

export async function metricsPage(threads: GatewayThreads, { snapshot, control }: Configuration, main: MainMeasures): Promise<string> {
  const use = counterTableUse(threads.counters)
  return exposition(await threads.measures(), {
    ...main,
    threadsConfigured: threads.count,
    threadRestarts: threads.restarts,
    ...(threads.held.measures && { ownPolicies: threads.held.measures }),
    countersUsed: use.used,
    countersEntries: use.places,
    countersRefused: use.refusedFull,
    certificates: listenerCertificates([...snapshot.gateway.listen, control.listen]),
    revocationLists: revocationReports(snapshot.gateway),
    insecureUpstreams: insecureUpstreams(snapshot),
    upstreamCertificates: upstreamCertificates(snapshot),
  })
}
