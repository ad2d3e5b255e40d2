// An access event as a JSON line, written octet by octet, with whatever may be a secret blanked before it gets there.
import type { OctetWriter } from '../base/octet-writer.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { CredentialPlace } from '../pipeline/contract.ts'
import type { CallerAddress } from '../pipeline/exchange.ts'
import type { PrincipalValue } from '../pipeline/slots.ts'

/** What is known of an exchange when it is over. Sizes in octets, times in microseconds. */
export interface AccessEvent {
  timeUs: number
  /** 36 ASCII octets. */
  id: Buffer
  address: CallerAddress
  /** Undefined when the head could not be read: what it seems to say is not worth logging. */
  head: RequestHead | undefined
  /** `,"api":...,"operation":...` as `routeMembers` writes them; empty when the request was matched to nothing. */
  route: Buffer
  /** The API that was asked for, when a canary moved the request to another one; else empty. */
  asked: string
  principal: PrincipalValue | undefined
  places: readonly CredentialPlace[]
  status: number
  code: string
  bytesIn: number
  bytesOut: number
  durationUs: number
}

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
const AFTER_TIME = ascii('Z","id":"')
const QUOTE = ascii('"')
const PATH = ascii('","path":"')
const QUERY = ascii('","query":"')
const ASKED = ascii(',"asked":"')
const STATUS = ascii(',"status":')
const CODE = ascii(',"code":"')
const BYTES_IN = ascii(',"bytesIn":')
const BYTES_OUT = ascii(',"bytesOut":')
const DURATION = ascii(',"durationUs":')
const END = ascii('}\n')

/** The members that name an operation, prepared at load. */
export const routeMembers = (api: string, operation: string): Buffer => ascii(`,"api":"${escaped(api)}","operation":"${escaped(operation)}"`)

/** Writes lines to one writer. What recurs is kept as octets: the second, the address of a connection, the principal of a credential. */
export class AccessLine {
  private readonly out: OctetWriter
  private second = -1
  private secondText = ascii('')

  constructor(out: OctetWriter) {
    this.out = out
  }

  write(event: AccessEvent): void {
    const { out } = this
    this.time(event.timeUs)
    out.put(AFTER_TIME)
    out.put(event.id)
    out.put(addressMember(event.address))
    if (event.head !== undefined) this.request(event.head, event.places)
    else {
      out.put(PATH)
      out.put(QUOTE)
    }
    out.put(event.route)
    if (event.asked !== '') {
      out.put(ASKED)
      out.text(escaped(event.asked))
      out.put(QUOTE)
    }
    if (event.principal !== undefined) out.put(principalMembers(event.principal))
    out.put(STATUS)
    out.decimal(event.status)
    if (event.code !== '') {
      out.put(CODE)
      out.text(event.code)
      out.put(QUOTE)
    }
    out.put(BYTES_IN)
    out.decimal(event.bytesIn)
    out.put(BYTES_OUT)
    out.decimal(event.bytesOut)
    out.put(DURATION)
    out.decimal(event.durationUs)
    out.put(END)
  }

  /** RFC 3339 in UTC with microseconds. */
  private time(timeUs: number): void {
    const second = Math.floor(timeUs / 1_000_000)
    if (second !== this.second) {
      this.second = second
      this.secondText = ascii(`{"time":"${new Date(second * 1000).toISOString().slice(0, 19)}.`)
    }
    this.out.put(this.secondText)
    this.out.padded(timeUs - second * 1_000_000, 6)
  }

  private request(head: RequestHead, places: readonly CredentialPlace[]): void {
    const { out } = this
    // A method is a token and a plain path is made of pchar: neither holds what JSON would have to escape.
    out.put(head.bytes, head.start, head.methodEnd)
    out.put(PATH)
    if (head.respelledPath !== undefined) out.text(escaped(head.respelledPath))
    else out.put(head.bytes, head.pathStart, head.pathEnd)
    if (head.queryStart >= 0) {
      out.put(QUERY)
      out.text(escaped(redactQuery(head.bytes.toString('latin1', head.queryStart, head.queryEnd), places)))
    }
    out.put(QUOTE)
  }
}

/** What recurs stands on the object that it is about, where a property costs less than a look-up. */
const OCTETS = Symbol('octets')
type Written<T> = T & { [OCTETS]?: Buffer }

function addressMember(address: Written<CallerAddress>): Buffer {
  address[OCTETS] ??= ascii(`","address":"${address.text}","method":"`)
  return address[OCTETS]
}
function principalMembers(principal: Written<PrincipalValue>): Buffer {
  principal[OCTETS] ??= ascii(`,"consumer":"${escaped(principal.consumer)}","credential":"${escaped(principal.credential)}"`)
  return principal[OCTETS]
}

const NEEDS_ESCAPE = /["\\]|[^\x20-\x7e]/
const EACH_ESCAPE = /["\\]|[^\x20-\x7e]/g
/** Text as it stands inside a JSON string, ASCII only: control characters, DEL, C1, U+2028 and the rest as escapes (ASVS v5.0.0-16.4.1). */
export function escaped(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replace(EACH_ESCAPE, (char) => (char === '"' || char === '\\' ? `\\${char}` : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`))
}

/** Query parameters that carry secrets whatever the configuration says. */
const SECRET_NAMES = /^(?:.*(?:token|secret|passw(?:or)?d|api[-_]?key|signature|credential).*|key|sig|auth|code|jwt|assertion)$/i

/**
 * Every value that may be a secret replaced by `-`. Names are compared decoded: an encoded spelling of `api_key` is the same parameter. ";" ends a
 * parameter too: some servers still read it so (HTML 4.01 B.2.2), and then what follows it has a name of its own.
 */
export function redactQuery(query: string, places: readonly CredentialPlace[]): string {
  return query.replace(/[^&;]+/g, (pair) => {
    const equals = pair.indexOf('=')
    if (equals < 0) return pair
    const name = decoded(pair.slice(0, equals))
    const secret = SECRET_NAMES.test(name) || places.some((place) => place.in === 'query' && place.name === name)
    return secret ? `${pair.slice(0, equals)}=-` : pair
  })
}
function decoded(name: string): string {
  const spaced = name.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Not UTF-8: octet by octet, so that one bad octet does not hide how the rest is spelled.
    return spaced.replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  }
}
