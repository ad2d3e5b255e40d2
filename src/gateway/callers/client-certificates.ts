// What a request's connection, or the proxy before it, says about the client: is it for the host that was asked for, and whose certificate is it.

import type { Exchange } from '../../pipeline/exchange.ts'
import { ShownCertificate } from '../../pipeline/slots.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import type { GatewayCode } from '../denials.ts'
import type { Entrance } from '../doors/entrance.ts'
import type { Gateway } from '../gateway.ts'
import { forwardedCertificate } from './forwarded-certificate.ts'
import type { TlsPeer } from './tls-peer.ts'

/** Leaves the certificate for the policies, as it is to be judged now. A code: the listener takes no such request, whatever its API would say. */
export function judgeClient(gateway: Gateway, client: ClientConnection, x: Exchange, nowMs: number): GatewayCode | undefined {
  const { tls, entrance, peer } = client.origin
  // What an earlier judgement wanted to wait for is not this one's.
  gateway.statuses?.takeWaiting()
  if (tls !== undefined && !tls.isFor(x.head) && !isAlike(entrance, tls, x)) return 'request.misdirected'
  const { clients } = entrance
  const shown = clients && tls?.shown && clients.trust.judge(tls.shown, nowMs)
  if (clients?.required === true) {
    if (shown === undefined) return 'certificate.missing'
    if (shown.problem !== undefined) return `certificate.${shown.problem}`
  }
  if (gateway.forwardedTrust === undefined || !gateway.isTrusted(peer)) {
    x.set(ShownCertificate, shown)
    return undefined
  }
  // A proxy's own certificate lets the proxy in. It never speaks for those that the proxy speaks for, not even for who showed none.
  const forwarded = forwardedCertificate(x.head, gateway.forwardedCertificates)
  if (forwarded === 'ambiguous') return 'certificate.ambiguous'
  x.set(ShownCertificate, forwarded && gateway.forwardedTrust.judge(forwarded, nowMs))
  return undefined
}

/** Whether there is anything to judge. */
export const isJudged = (gateway: Gateway, client: ClientConnection): boolean => client.origin.tls !== undefined || gateway.forwardedTrust !== undefined

/**
 * Another host than the handshake was for: only where that makes no difference, because its client would have been shown the same certificate and is asked
 * for none. So browsers may use one HTTP/2 connection for hosts of one certificate (RFC 9113 9.1.1); where clients are known by the connection, none may.
 */
function isAlike(entrance: Entrance, tls: TlsPeer, { head }: Exchange): boolean {
  if (entrance.clients !== undefined || entrance.door === undefined) return false
  const host = head.hostName
  if (host === tls.alike) return true
  const alike = entrance.door.areAlike(tls.serverName, host)
  if (alike) tls.alike = host
  return alike
}
