// By which way a request comes in, and where a request in clear is sent instead.
import type { TrustDomain } from '../certificates/trust-domain.ts'
import type { InClear } from '../model/snapshot.ts'
import type { Reply } from '../pipeline/contract.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { Door } from './door.ts'

/** What all connections of one listener share. */
export class Entrance {
  readonly scheme: 'http' | 'https'
  /** As the live snapshot says. */
  inClear: InClear | undefined
  /** Who is believed about the certificates of clients; undefined: they are not asked for any. */
  clients: { readonly trust: TrustDomain; readonly required: boolean } | undefined
  /** The listener, once it is open. */
  door!: Door

  constructor(scheme: 'http' | 'https', inClear: InClear | undefined) {
    this.scheme = scheme
    this.inClear = inClear
  }
}

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
