// Answers that the gateway gives itself: refusals as problem documents (RFC 9457), and replies of policies.

import type { MessageFault } from '../../http/faults.ts'
import { ALL_METHODS } from '../../http/methods.ts'
import { reasonPhrase } from '../../http/reason-phrases.ts'
import { problemDocument } from '../../model/problem.ts'
import type { Refusal, Reply } from '../../pipeline/contract.ts'
import { NO_LINE } from '../../pipeline/exchange.ts'
import type { GatewayCode } from '../denials.ts'
import { putOwn } from '../messages.ts'
import type { ClientConnection } from './client-connection.ts'
import { grpcLines, speaksGrpc } from './grpc.ts'

export function answerRefusal(client: ClientConnection, refusal: Refusal): void {
  const grpc = speaksGrpc(client)
  let lines = grpc ? grpcLines(refusal) : 'Content-Type: application/problem+json\r\nCache-Control: no-store\r\n'
  for (const [name, value] of refusal.fields) lines += `${name}: ${value}\r\n`
  client.code = refusal.code
  if (grpc) answer(client, refusal.status, lines, '', 200)
  else answer(client, refusal.status, lines, problemDocument(refusal.status, refusal.code, refusal.says, client.x!.requestId))
}

/** RFC 9112 2.2 and 11: a message that is not understood is answered and the connection closed. Which rule it broke stays in the log. */
export function answerFault(client: ClientConnection, fault: MessageFault): void {
  client.code = fault.code
  client.gateway.countFault(fault)
  if (client.responseStarted) {
    client.breakOff()
    return
  }
  const lines = `Content-Type: application/problem+json\r\nCache-Control: no-store\r\n${fault.status === 405 ? `Allow: ${ALL_METHODS}\r\n` : ''}`
  answer(client, fault.status, lines, problemDocument(fault.status, fault.code, PUBLIC[fault.status] ?? 'The request was refused.', client.x!.requestId))
}
const PUBLIC: Readonly<Record<number, string>> = {
  400: 'The request is malformed.',
  405: 'This method is not served here.',
  408: 'The request did not arrive in time.',
  413: 'The request body is too large.',
  414: 'The request target is too long.',
  417: 'The expectation cannot be met.',
  431: 'The request head is too large.',
  501: 'The request uses something that is not served here.',
  505: 'This version of HTTP is not served here.',
}

/** What policies answer, or else the configuration, where the upstream did not. */
export function insteadOf(client: ClientConnection, code: GatewayCode): Reply | Refusal | undefined {
  const { route, x } = client
  if (route === undefined || x === undefined || !code.startsWith('upstream.')) return undefined
  return route.chain.answering?.failed(x, code, route.meter.tally) ?? route.api.fallbacks?.get(code) ?? untilWhen(client, code)
}

/** RFC 9110 10.2.3: an open circuit says when it lets somebody through. */
function untilWhen({ route, gateway }: ClientConnection, code: GatewayCode): Refusal | undefined {
  const opensInMs = code === 'upstream.open' ? route!.api.targets.live?.opensInMs(gateway.coarseMs) : undefined
  return opensInMs === undefined ? undefined : { ...gateway.refusalOf(code), fields: [['Retry-After', String(Math.max(1, Math.ceil(opensInMs / 1000)))]] }
}

export function answerReply(client: ClientConnection, reply: Reply): void {
  let lines = reply.lines ?? ''
  for (const [name, value] of reply.fields) lines += `${name}: ${value}\r\n`
  answer(client, reply.status, lines, reply.body ?? '', reply.status, reply.isDated === true ? NO_LINE : client.gateway.dateLine)
}

/** `told`: the status that the client sees, where that is another. */
function answer(client: ClientConnection, status: number, lines: string, body: string | Uint8Array, told = status, date = client.gateway.dateLine): void {
  const { gateway, socket } = client
  const x = client.x!
  for (const { among, line } of x.defaultFields) if (!among.test(lines)) lines += line
  client.status = status
  client.responseStarted = true
  putOwn(gateway.output, told, reasonPhrase(told), lines, body, x, client.toHead, client, date)
  client.bytesOut = body.length
  gateway.output.send(socket)
  client.finish()
}
