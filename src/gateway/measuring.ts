// Reads off what a thread counted, for the metrics page.
import type { TargetMeasure, ThreadMeasures } from '../telemetry/measures.ts'
import type { Gateway } from './gateway.ts'
import type { PlacedTarget } from './upstreams/upstream-targets.ts'

/** Everything counted so far; the event loop's lag begins anew. */
export function measure(gateway: Gateway, thread: number, logLinesDropped: number): ThreadMeasures {
  const apis = [...gateway.live.apis.values()]
  const { lagUs } = gateway
  gateway.lagUs = 0
  return {
    thread,
    generation: gateway.live.generation,
    requests: gateway.requests,
    connections: gateway.openConnections,
    lagUs,
    publishStallUs: gateway.publishStallUs,
    logLinesDropped,
    codes: [...gateway.codes],
    faults: [...gateway.faults],
    upstreamFaults: [...gateway.upstreamFaults],
    distrusts: [...gateway.distrusts],
    copies: apis.flatMap(({ settings, mirror }) => (mirror === undefined ? [] : [{ api: settings.name, counts: mirror.counts }])),
    targets: apis.map(({ settings, targets }) => ({ api: settings.name, targets: targets.placed.map((placed) => measured(placed, gateway.coarseMs)) })),
    routes: apis.flatMap((api) =>
      [...api.used()].flatMap((route) => {
        const meter = route.meterIfUsed
        if (meter === undefined) return []
        return [
          {
            api: api.settings.name,
            operation: route.operation,
            classes: meter.classes,
            buckets: meter.buckets,
            durationUs: meter.durationUs,
            steps: route.chain.steps,
            tally: meter.tally,
          },
        ]
      }),
    ),
  }
}

const measured = (placed: PlacedTarget, nowMs: number): TargetMeasure => {
  const { target, weight, zone, isBackup, isDraining, inFlight } = placed
  const { name, pool, ended } = target
  return {
    ...{ name, weight, zone, isBackup, isDraining, inFlight, ended },
    isUp: placed.available(nowMs),
    open: pool.openConnections,
    idle: pool.idleConnections,
    queued: pool.queued,
  }
}
