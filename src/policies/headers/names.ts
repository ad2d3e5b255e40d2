// Which fields an operator may set and remove, and why not the others.
import * as N from '../../http/field-names.ts'

/** What would be done to a field. `template`: its value is put together from the exchange. */
export type Doing = 'set' | 'template' | 'remove'

/** Why a field of requests must be left alone; undefined: it need not. */
export const requestNameFault = (name: string, doing: Doing): string | undefined => common(name, doing) ?? ofRequest(name, doing)
export const responseNameFault = (name: string, doing: Doing): string | undefined => common(name, doing) ?? ofResponse(name, doing)

const idOf = (name: string): number => {
  const { bytes } = N.fieldName(name)
  return N.identify(bytes, 0, bytes.length)
}

/** hardening.md, "What the gateway believes". */
function common(written: string, doing: Doing): string | undefined {
  const name = written.toLowerCase()
  switch (idOf(name)) {
    case N.CONTENT_LENGTH:
    case N.TRANSFER_ENCODING:
    case N.DISGUISED:
      return 'it says where a message ends, and two servers that read that differently are open to request smuggling'
    case N.CONNECTION:
    case N.UPGRADE:
    case N.EXPECT:
    case N.HOP_BY_HOP:
      return 'it belongs to one connection (RFC 9110 7.6.1), and the gateway has its own'
    case N.FORWARDED:
    case N.X_FORWARDED_FOR:
    case N.X_FORWARDED_PROTO:
      return 'it says where a request came from, and upstreams believe it because the gateway alone writes it'
    case N.RESERVED:
      return /^gatehouse[-_]/.test(name)
        ? 'it says who calls, and upstreams believe it because the gateway alone writes it'
        : 'it says who calls or what was asked for, and upstreams believe it because nobody but the gateway could write it'
    case N.X_REQUEST_ID:
      return 'it is how a request is found in the logs'
    case N.VIA:
    case N.DATE:
      return 'it is the gateway’s to say (RFC 9110)'
    case N.SEC_WEBSOCKET_ACCEPT:
      return 'it is part of the handshake of WebSockets'
  }
  if (name.startsWith('sec-')) return 'names with Sec- are the browser’s and the handshake’s: servers believe them because no page can set them'
  if (name === 'content-encoding' || name === 'content-range') return 'it says how the body is to be read, and the body stays as it is'
  if (doing === 'template' && PLAIN_ONLY.has(name))
    return 'its value must be text without ${...}: whoever could put something in would decide how a message is read'
  return undefined
}
const PLAIN_ONLY: ReadonlySet<string> = new Set(['content-type', 'content-disposition', 'content-language', 'content-location'])

function ofRequest(written: string, doing: Doing): string | undefined {
  const name = written.toLowerCase()
  if (idOf(name) === N.HOST) return 'the host is what a request is routed by: `rewrite.host` says what an upstream gets'
  if (doing !== 'remove' && (name === 'authorization' || name === 'cookie'))
    return 'it is a credential: callers send their own, and one of the gateway’s does not stand readable in a configuration'
  if (name === 'origin' && doing !== 'remove') return 'it says which page a browser asks for, and servers defend against forged requests by it'
  if (name === 'content-type' && doing === 'remove') return 'the body would be read as something else than was inspected'
  return undefined
}

/** What browsers and caches go by: said as text, once, by who answers for it. */
const SAID_AS_TEXT =
  /^(?:cache-control|cdn-cache-control|surrogate-control|vary|etag|last-modified|expires|age|link|refresh|set-cookie|clear-site-data|sourcemap|x-sourcemap|www-authenticate|retry-after|content-security-policy.*|permissions-policy|referrer-policy|x-frame-options|x-content-type-options|x-xss-protection|cross-origin-.*|origin-agent-cluster|service-worker-allowed|timing-allow-origin|nel|report-to|reporting-endpoints|x-accel-.*|x-sendfile)$/
const NEEDED = new Set(['content-type', 'vary', 'etag', 'last-modified', 'www-authenticate', 'retry-after', 'location'])

function ofResponse(written: string, doing: Doing): string | undefined {
  const name = written.toLowerCase()
  const id = idOf(name)
  if (id === N.HOST) return 'it is a field of requests'
  if (id === N.STRICT_TRANSPORT_SECURITY) return 'the listener says it, or `secure-headers`'
  if (id === N.ALT_SVC) return 'it would lead clients past the gateway (RFC 7838)'
  if (name.startsWith('access-control-')) return 'the policy `cors` says it: two sources of it would contradict each other'
  if (name === 'ratelimit' || name === 'ratelimit-policy') return 'the limits say it'
  if (name === 'location' && doing !== 'remove') return 'the policy `redirect` sends clients elsewhere, to hosts that are known at load'
  if (/^(?:refresh|x-accel-.*|x-sendfile)$/.test(name) && doing !== 'remove') return 'it would make a browser or a proxy fetch something else'
  if (doing === 'remove' && NEEDED.has(name)) return 'without it clients and caches would not understand the response'
  if (doing === 'template' && SAID_AS_TEXT.test(name))
    return 'browsers and caches go by it: its value must be text without ${...}, or a caller would have a say in it'
  return undefined
}
