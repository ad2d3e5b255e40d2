// By which way a request comes in, and where a request in clear is sent instead.
import type { KnownStatuses } from '../../certificates/known-statuses.ts'
import { TrustDomain } from '../../certificates/trust-domain.ts'
import type { ClientTrust, InClear, Listener } from '../../model/snapshot.ts'
import type { Reply } from '../../pipeline/contract.ts'
import { type Exchange, NO_LINE, transportSecurityLine } from '../../pipeline/exchange.ts'
import type { Door } from './door.ts'

/** What all connections of one listener share. */
export class Entrance {
  readonly scheme: 'http' | 'https'
  inClear: InClear | undefined = undefined
  /** The line of Strict-Transport-Security, empty where nothing is said: never in clear (RFC 6797 7.2). */
  transportSecurityLine: Buffer = NO_LINE
  /** Who is believed about the certificates of clients; undefined: they are not asked for any. */
  clients: { readonly trust: TrustDomain; readonly required: boolean } | undefined = undefined
  /** The listener, once it is open. */
  door: Door | undefined = undefined

  constructor(listener: Listener, statuses?: KnownStatuses, scheme: 'http' | 'https' = listener.tls === undefined ? 'http' : 'https') {
    this.scheme = scheme
    this.renew(listener, statuses)
  }

  /** Goes on as the live snapshot says. */
  renew({ inClear, tls }: Listener, statuses?: KnownStatuses): void {
    this.inClear = inClear
    const said = this.scheme === 'https' ? tls?.transportSecurity : undefined
    this.transportSecurityLine = said === undefined ? NO_LINE : transportSecurityLine(said)
    const clients = tls?.clients
    this.clients = clients && { trust: trustOf(clients, this.clients?.trust, statuses), required: clients.mode === 'required' }
  }
}

/** The same trust is the same object: what was judged by it stays judged. */
export const trustOf = (trust: ClientTrust, before: TrustDomain | undefined, statuses: KnownStatuses | undefined): TrustDomain =>
  before?.id === trust.id ? before : new TrustDomain(trust, statuses)

/** By TLS to a proxy that is believed, and on from there in clear: what is said of TLS is said there. */
export const BY_PROXIED_TLS = new Entrance({ host: '', port: 0 }, undefined, 'https')

/**
 * 308 for requests that only read, where the listener says so; the others carry something that must not have come in clear, and are refused (RFC 9110
 * 15.4.9). The host is the one that was asked for: whoever names another in `Host` sends themselves there and nobody else, for it is not to be cached.
 */
export function redirection({ head, method, path, query }: Exchange, { redirectPort }: InClear): Reply | undefined {
  if (redirectPort === undefined || (method !== 'GET' && method !== 'HEAD') || head.hostName === '' || head.asterisk) return undefined
  const place = `https://${head.hostName}${redirectPort === 443 ? '' : `:${redirectPort}`}${path}${query === undefined ? '' : `?${query}`}`
  return {
    kind: 'reply',
    status: 308,
    fields: [
      ['Location', place],
      ['Cache-Control', 'no-store'],
    ],
  }
}
