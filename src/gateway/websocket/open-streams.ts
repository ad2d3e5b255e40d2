// What lasts is asked about again: a key or a certificate that is revoked or expires, an address that is banned, an API that is taken away end open streams within a second.
import { POLICY_VIOLATION } from '../../http/websocket-frames.ts'
import { isJudged, judgeClient } from '../callers/client-certificates.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { ANSWERING, BODY, TUNNEL } from '../clients/client-state.ts'
import { LiveRoute } from '../live/live-snapshot.ts'

/** Younger ones were judged just now. */
const YOUNG_MS = 200

/** Ends the exchanges among these that their policies, as they are now, would not let in any more. */
export function endForbidden(connections: Iterable<ClientConnection>, nowMs: number): void {
  for (const client of connections) {
    const { state, x } = client
    if ((state === TUNNEL || state === ANSWERING || state === BODY) && x !== undefined && x.nowUs / 1000 <= nowMs - YOUNG_MS && !isStillAllowed(client, nowMs))
      end(client)
  }
}

function isStillAllowed(client: ClientConnection, nowMs: number): boolean {
  const { x, gateway } = client
  const route = client.route!
  const now = routeNow(client, route)
  if (now === undefined) {
    // What was asked of an API that is gone may be answered for as long as it might be at a stop; a WebSocket has no end of its own to wait for.
    return client.state !== TUNNEL && x!.nowUs / 1000 > nowMs - gateway.settings.timeouts.drainMs
  }
  if (client.state === TUNNEL && now.api.websocket === undefined) return false
  if (isJudged(gateway, client) && judgeClient(gateway, client, x!, nowMs) !== undefined) return false
  return now.chain.lasting.holds(x!, nowMs)
}

/** The operation as the live snapshot has it. */
function routeNow(client: ClientConnection, route: LiveRoute): LiveRoute | undefined {
  const { settings } = route.api
  const api = client.gateway.live.apis.get(settings.name)
  if (api === route.api) return route
  const { path, method } = client.x!
  const found = api?.find(api.below(path), method)
  return found instanceof LiveRoute ? found : undefined
}

function end(client: ClientConnection): void {
  const forwarding = client.forwarding!
  if (client.state === TUNNEL) forwarding.tunnel!.close(POLICY_VIOLATION, 'access has ended', 'access.ended')
  else {
    forwarding.abort()
    if (!client.responseStarted) client.deny('access.ended')
    else {
      client.code = 'access.ended'
      client.cut()
    }
  }
}
