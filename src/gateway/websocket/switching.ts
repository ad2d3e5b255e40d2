// What opens a WebSocket between a client and its upstream: the answer 101, taken only as the answer to a handshake (RFC 6455 4.1).
import type { ResponseHead } from '../../http/response-head.ts'
import type { Refusal } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { TUNNEL } from '../clients/client-state.ts'
import { putSwitch } from '../messages.ts'
import type { UpstreamConnection } from '../upstreams/upstream-connection.ts'
import { Tunnel } from './tunnel.ts'
import { clientSide, upstreamSide } from './tunnel-sides.ts'
import { agreementOf, fieldsOfFault, type LiveWebsocket, upgradeFault } from './websocket.ts'

/** Why no WebSocket is opened for this handshake. */
export function upgradeRefusal(client: ClientConnection, x: Exchange, websocket: LiveWebsocket): Refusal | undefined {
  const fault = upgradeFault(x, websocket, client.gateway.schemeOf(client, x))
  return fault && { ...client.gateway.refusalOf(fault), fields: fieldsOfFault(fault) }
}

/** The open WebSocket, its 101 put into the output; undefined when what the upstream says proves nothing or was not offered. */
export function switchOver(
  client: ClientConnection,
  { socket }: UpstreamConnection,
  head: ResponseHead,
  x: Exchange,
  websocket: LiveWebsocket,
  over: (code: string) => void,
): Tunnel | undefined {
  const agreed = agreementOf(head, x.head, websocket)
  if (agreed === undefined) return undefined
  const { gateway } = client
  client.responseStarted = true
  client.state = TUNNEL
  const sides = { client: clientSide(client.socket, gateway.output), upstream: upstreamSide(socket) }
  const tunnel = new Tunnel({ ...sides, over, broke: (cause) => client.broke(cause), clock: gateway, timed: client }, websocket, agreed.compressed, x)
  putSwitch(gateway.output, head, x)
  return tunnel
}
