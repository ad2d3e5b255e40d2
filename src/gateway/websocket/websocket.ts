// The WebSocket opening handshake, as far as the gateway answers for it (RFC 6455 4), and what holds for the WebSockets of an API.
import { hash } from 'node:crypto'
import { randomSecret } from '../../base/ids.ts'
import type { FieldLines } from '../../http/field-lines.ts'
import { type FieldName, fieldName } from '../../http/field-names.ts'
import { withoutOws } from '../../http/octets.ts'
import { partsOutsideQuotes } from '../../http/quoted-parts.ts'
import type { RequestHead } from '../../http/request-head.ts'
import type { ResponseHead } from '../../http/response-head.ts'
import type { FrameRules } from '../../http/websocket-frames.ts'
import type { WebsocketSettings } from '../../model/snapshot.ts'
import type { ResponseField } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { Principal } from '../../pipeline/slots.ts'
import type { Counters, Limiter } from '../../ports/counters.ts'

const KEY = fieldName('sec-websocket-key')
const ACCEPT = fieldName('sec-websocket-accept')
const VERSION = fieldName('sec-websocket-version')
const EXTENSIONS = fieldName('sec-websocket-extensions')
const PROTOCOL = fieldName('sec-websocket-protocol')
const ORIGIN = fieldName('origin')
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const DEFLATE = 'permessage-deflate'
/** Sixteen octets in base64 (RFC 6455 4.1): 128 bits leave two digits of which the last has four bits of nothing. */
const KEY_FORM = /^[A-Za-z0-9+/]{21}[AQgw]==$/

/** What of the exchange a message is counted under. What is not there shares one count. */
const COUNTED = {
  connection: (x: Exchange): string => x.requestId,
  consumer: (x: Exchange): string => x.get(Principal)?.consumer ?? '\u0000',
  address: (x: Exchange): string => x.address.group,
} as const

/** A nonce for a handshake that came without one: that of HTTP/2 (RFC 8441 5). */
export const websocketNonce = (): string => Buffer.from(randomSecret(16)).toString('base64')

/** The settings of an API's WebSockets, ready to be held to. */
export class LiveWebsocket {
  readonly idleMs: number
  readonly compression: boolean
  readonly counts: { readonly limiter: Limiter; readonly keyOf: (x: Exchange) => string } | undefined
  private readonly settings: WebsocketSettings

  constructor(settings: WebsocketSettings, api: string, counters: Counters) {
    this.settings = settings
    this.idleMs = settings.idleMs
    this.compression = settings.compression
    const { messages } = settings
    this.counts = messages && { limiter: counters.limiter(`${api}/websocket/messages`, messages.rule), keyOf: COUNTED[messages.by] }
  }

  rulesOf(side: 'client' | 'upstream', compressed: boolean): FrameRules {
    return { ...this.settings[side], masked: side === 'client', compressed, counts: side === 'client' && this.counts !== undefined }
  }

  /**
   * Whether the page that asks may (RFC 6455 10.2). A browser sends the visitor's cookies along whoever's page it is, and lets the page read what comes
   * back: nothing but this stands against it (cross-site WebSocket hijacking). Who sends no Origin is no browser.
   */
  admitsOrigin(head: RequestHead, scheme: 'http' | 'https'): boolean {
    const at = head.find(ORIGIN)
    const { origins } = this.settings
    if (at < 0 || origins === 'any') return true
    if (head.find(ORIGIN, at + 1) >= 0) return false
    const origin = head.value(at).toLowerCase()
    if (origins !== 'same') return origins.includes(origin)
    // A page in clear may be anybody's on the way, and does not speak for one that came by https; the other way round it may be that a proxy ended TLS.
    return origin === originOf(head, 'https') || (scheme === 'http' && origin === originOf(head, 'http'))
  }

  /** Lets go on of the extensions that the client offers what may be agreed on. */
  limitExtensions(x: Exchange): void {
    const offers = this.compression ? elements(x.head, EXTENSIONS).filter((offer) => /^permessage-deflate(?:[ \t]*;|$)/i.test(offer)) : []
    for (let i = x.head.find(EXTENSIONS); i >= 0; i = x.head.find(EXTENSIONS, i + 1)) x.head.drop(i)
    if (offers.length > 0) x.tellUpstream('Sec-WebSocket-Extensions', offers.join(', '))
  }
}

/** The origin of pages of the host that is asked, as browsers write it. */
function originOf(head: RequestHead, scheme: 'http' | 'https'): string {
  const port = /:(\d{1,5})$/.exec(head.host)?.[1]
  return `${scheme}://${head.hostName}${port === undefined || Number(port) === (scheme === 'https' ? 443 : 80) ? '' : `:${Number(port)}`}`
}

/** Why an opening handshake is refused (RFC 6455 4.2.1); undefined lets it go on, with no more extensions than may be agreed on. */
export function upgradeFault(x: Exchange, websocket: LiveWebsocket, scheme: 'http' | 'https'): UpgradeFault | undefined {
  const { head } = x
  if (sole(head, VERSION) !== '13') return 'websocket.version'
  if (!KEY_FORM.test(keyOf(head))) return 'websocket.handshake'
  if (!websocket.admitsOrigin(head, scheme)) return 'websocket.origin'
  websocket.limitExtensions(x)
  return undefined
}
export type UpgradeFault = 'websocket.version' | 'websocket.handshake' | 'websocket.origin'
/** RFC 6455 4.4: whoever speaks another version is told which one is spoken here. */
export const fieldsOfFault = (fault: UpgradeFault): readonly ResponseField[] => (fault === 'websocket.version' ? [['Sec-WebSocket-Version', '13']] : [])

/** The client's nonce, or '' when there is none, or more than one. */
const keyOf = (head: RequestHead): string => sole(head, KEY) ?? ''

/** What was agreed on by a 101 that answers this very handshake (RFC 6455 4.1 and 4.2.2); undefined: it does not. */
export function agreementOf(head: ResponseHead, asked: RequestHead, { compression }: LiveWebsocket): Agreement | undefined {
  const key = keyOf(asked)
  if (key === '' || !head.upgradesToWebsocket || sole(head, ACCEPT) !== hash('sha1', key + GUID, 'base64')) return undefined
  return agreement(head, asked, compression)
}
export interface Agreement {
  readonly compressed: boolean
}

/**
 * What the upstream agreed to: undefined when it is something that was not offered, for which a client fails the connection (RFC 6455 4.1). `asked` is the
 * request's head, of whose extensions those are left that the upstream saw.
 */
export function agreement(head: ResponseHead, asked: RequestHead, compression: boolean): Agreement | undefined {
  const protocols = elements(head, PROTOCOL)
  if (protocols.length > 1 || (protocols.length === 1 && !elements(asked, PROTOCOL).includes(protocols[0]!))) return undefined
  const extensions = elements(head, EXTENSIONS)
  if (extensions.length === 0) return { compressed: false }
  const name = withoutOws(extensions[0]!.split(';')[0]!).toLowerCase()
  return compression && extensions.length === 1 && name === DEFLATE ? { compressed: true } : undefined
}

const sole = (head: FieldLines, name: FieldName): string | undefined => {
  const at = head.find(name)
  return at < 0 || head.find(name, at + 1) >= 0 ? undefined : head.value(at)
}

/** The elements of a list field; one that cannot be parted is one element. */
function elements(head: FieldLines, name: FieldName): string[] {
  const out: string[] = []
  for (let i = head.find(name); i >= 0; i = head.find(name, i + 1))
    for (const element of partsOutsideQuotes(head.value(i), ',') ?? [head.value(i)]) if (withoutOws(element) !== '') out.push(withoutOws(element))
  return out
}
