// Which targets take no further requests because somebody said so, and what becomes of the streams that are open there.
import { GOING_AWAY } from '../../http/websocket-frames.ts'
import { apiOf } from '../../model/names.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { TUNNEL } from '../clients/client-state.ts'
import type { LiveApi } from '../live/live-snapshot.ts'

/** As the store keeps it. */
export interface DrainedTarget {
  readonly api: string
  readonly target: string
  readonly streamsUntilMs: number
}

export class DrainedTargets {
  /** By API and target: until when streams may stay. */
  private readonly untilMs: ReadonlyMap<string, ReadonlyMap<string, number>>

  constructor(drained: readonly DrainedTarget[]) {
    const byApi = new Map<string, Map<string, number>>()
    for (const { api, target, streamsUntilMs } of drained) {
      const of = byApi.get(api) ?? new Map<string, number>()
      byApi.set(api, of.set(target, streamsUntilMs))
    }
    this.untilMs = byApi
  }

  /** From now on. */
  apply(apis: Iterable<LiveApi>): void {
    for (const { settings, targets } of apis) {
      const of = this.untilMs.get(apiOf(settings.name))
      targets.drain(of === undefined ? NONE : (target) => of.has(target))
    }
  }

  /** Ends streams that have no end of their own and stayed for as long as they may. */
  endStreams(connections: Iterable<ClientConnection>, nowMs: number): void {
    if (this.untilMs.size === 0) return
    for (const client of connections) {
      const { forwarding, route, state } = client
      if (route === undefined || forwarding === undefined || !(state === TUNNEL || forwarding.response.isEndless)) continue
      const untilMs = this.untilMs.get(apiOf(route.api.settings.name))?.get(forwarding.visit.target.name)
      if (untilMs === undefined || untilMs > nowMs) continue
      if (state === TUNNEL) forwarding.tunnel!.close(GOING_AWAY, 'going away', '')
      else {
        forwarding.abort()
        client.cut()
      }
    }
  }
}
const NONE = (): boolean => false
