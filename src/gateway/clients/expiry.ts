// What becomes of a connection whose time is up: whoever waited for the client closes, whoever waited for the upstream says so.
import * as F from '../../http/faults.ts'
import { ABANDONED, TIMED_OUT } from '../upstreams/target.ts'
import type { ClientConnection } from './client-connection.ts'
import { ANSWERING, BODY, HEAD, TUNNEL } from './client-state.ts'

/** The sweep found the deadline passed. */
export function expire(client: ClientConnection): void {
  switch (client.state) {
    case HEAD:
      // Who does not read would not read a 408 either.
      if (client.hasUnread && !client.awaitsReader) tooSlowHead(client)
      else client.socket.destroy()
      return
    case BODY:
      if (client.forwarding!.refusesBody || client.forwarding!.connects) upstreamTooSlow(client)
      else {
        client.forwarding!.abort()
        if (client.responseStarted) client.cut()
        else tooSlow(client)
      }
      return
    case ANSWERING:
      upstreamTooSlow(client)
      return
    case TUNNEL:
      client.forwarding!.tunnel!.expire()
      return
    default:
      client.socket.destroy()
  }
}

/** The sweep ends it, for whatever reason. */
export function isDue(client: ClientConnection, nowMs: number): boolean {
  return client.deadlineMs <= nowMs || isBelowBodyRate(client, nowMs) || (client.forwarding !== undefined && client.forwarding.tries.endsMs <= nowMs)
}
/** Bodies below the minimum rate hold a connection to the upstream for nothing (slow POST). */
export function isBelowBodyRate(client: ClientConnection, nowMs: number): boolean {
  if (client.state !== BODY || client.converses) return false
  const { stallMs, bodyBytesPerSecond } = client.gateway.settings.timeouts
  const elapsedMs = nowMs - client.bodyStartedMs
  return elapsedMs > stallMs && !client.forwarding!.refusesBody && client.body.received * 1000 < bodyBytesPerSecond * elapsedMs
}

/** 408, and no lingering behind it: who was too slow to ask is not waited for. */
function tooSlow(client: ClientConnection): void {
  client.malformed(F.TOO_SLOW)
  client.socket.destroySoon()
}

function tooSlowHead(client: ClientConnection): void {
  client.misread(F.TOO_SLOW)
  client.socket.destroySoon()
}

function upstreamTooSlow(client: ClientConnection): void {
  const forwarding = client.forwarding!
  if (client.responseStarted) {
    client.code = forwarding.awaitsClient ? 'client.slow' : 'upstream.timeout'
    // Past its deadline an answer that had begun was perhaps only read slowly.
    forwarding.abort(forwarding.awaitsClient || forwarding.tries.isOver ? ABANDONED : TIMED_OUT)
    client.cut()
    return
  }
  if (forwarding.tryAfterTimeout()) return
  forwarding.abort(TIMED_OUT)
  client.deny('upstream.timeout')
}
