// Reads the URL of an outbound request: what another reader could take for another target is refused.
import { EgressRefused } from '../../ports/egress.ts'
import { isPortOfAnotherProtocol } from './reach.ts'

export interface OutboundTarget {
  readonly isTls: boolean
  /** A name in lower case, or an address without brackets. */
  readonly host: string
  readonly port: number
  /** Scheme, host and port as the URL standard writes them: what messages and logs may show. Path and query may hold secrets. */
  readonly origin: string
  /** The value of the Host field. */
  readonly authority: string
  readonly path: string
}

export const URL_LENGTH_MAX = 8192

/** Throws `EgressRefused`. The URL parser has by then turned 0x7f.1, 017700000001 and 2130706433 into 127.0.0.1 (URL standard, "IPv4 parser"). */
export function outboundTarget(text: string, relativeTo?: string): OutboundTarget {
  if (text.length > URL_LENGTH_MAX) throw new EgressRefused(`the URL has more than ${URL_LENGTH_MAX} characters`)
  // The URL standard drops tabs, line ends and outer spaces, and takes a backslash for a slash; others do not.
  if (/[\x00-\x20\\\x7f-\uffff]/.test(text)) throw new EgressRefused('the URL holds a space, a backslash, a control character or one that is not ASCII')
  const url = URL.parse(text, relativeTo)
  if (!url) throw new EgressRefused('the URL cannot be read')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new EgressRefused('only http and https are fetched')
  // RFC 9110 4.2.4. Not repeated: it is most likely a password.
  if (url.username !== '' || url.password !== '' || /^[^/?#]*\/\/[^/?#]*@/.test(text)) throw new EgressRefused('the URL holds a user or a password')
  const isTls = url.protocol === 'https:'
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  if (port === 0 || isPortOfAnotherProtocol(port)) throw new EgressRefused(`port ${port} belongs to another protocol than HTTP`)
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return { isTls, host, port, origin: url.origin, authority: url.host, path: `${url.pathname}${url.search}` }
}
