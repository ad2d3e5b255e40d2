// One request as a policy of an operator sees it: it reads what is there and says what it may say; framing and identity are out of its reach.
import { AUTHORIZATION, COOKIE, type FieldName, fieldName, identify, OTHER } from '../http/field-names.ts'
import type { MakeBodyFilter } from '../pipeline/body-filter.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import { Principal, type PrincipalValue, type Slot } from '../pipeline/slots.ts'

/** What of a declaration bounds what it may do to an exchange. */
export interface Bounds {
  readonly policy: string
  readonly writes: ReadonlySet<Slot<unknown>>
  /** The same filter, whose turns are the policy's. */
  marked(make: MakeBodyFilter): MakeBodyFilter
}

/** Good for as long as the hook runs that was given it: later use throws, since by then it may be somebody else's request. */
export class OwnExchange {
  #x: Exchange | undefined
  readonly #bounds: Bounds
  readonly #givenUp: number

  constructor(x: Exchange, bounds: Bounds) {
    this.#x = x
    this.#bounds = bounds
    this.#givenUp = x.givenUp
  }

  get #open(): Exchange {
    // Also when the gateway did not wait for the hook any longer: the request may be on its way, and what only watched must not change it.
    if (this.#x === undefined || this.#x.givenUp !== this.#givenUp)
      throw new TypeError('this exchange is over: nothing of it may be kept beyond the hook that was given it')
    return this.#x
  }

  get method(): string {
    return this.#open.method
  }
  /** With the API's prefix, in normal form. */
  get path(): string {
    return this.#open.path
  }
  /** Without "?"; undefined when there is none. */
  get query(): string | undefined {
    return this.#open.query
  }
  get api(): string {
    return this.#open.api
  }
  get operation(): string {
    return this.#open.operation
  }
  /** The caller's, canonical. */
  get address(): string {
    return this.#open.address.text
  }
  /** What limits count the caller under: the address, or an IPv6 /64. */
  get addressGroup(): string {
    return this.#open.address.group
  }
  /** Microseconds since the epoch: the one time by which all policies decide. */
  get nowUs(): number {
    return this.#open.nowUs
  }
  get requestId(): string {
    return this.#open.requestId
  }

  /** The first value of a field of the request, an octet a character; case does not matter. */
  header(name: string): string | undefined {
    return this.#open.head.get(prepared(name))
  }
  /** Every value of a field, in order. More than one where one is meant is for you to refuse. */
  headers(name: string): readonly string[] {
    const { head } = this.#open
    const known = prepared(name)
    const found: string[] = []
    for (let i = head.find(known); i >= 0; i = head.find(known, i + 1)) found.push(head.value(i))
    return found
  }

  get<T>(slot: Slot<T>): T | undefined {
    return this.#open.get(slot)
  }
  /** Throws on a slot that the policy does not declare under `writes`. */
  set<T>(slot: Slot<T>, value: T): void {
    const { policy, writes } = this.#bounds
    if (!writes.has(slot)) throw new TypeError(`${policy} sets ${slot.name}, which it does not declare under 'writes'`)
    this.#open.set<unknown>(slot, (slot as Slot<unknown>) === Principal ? principal(value, policy) : value)
  }

  /** Tells the upstream a field, in the place of what the client sent of that name. Throws on what is the gateway's to say. */
  tellUpstream(name: string, value: string): void {
    const x = this.#open
    x.dropFromRequest(told(name, value))
    x.tellUpstream(name, value)
  }
  /** Keeps a field of the request from the upstream. */
  dropFromRequest(name: string): void {
    this.#open.dropFromRequest(told(name, ''))
  }
  /** Adds a field to the response, whoever makes it. Throws on what is the gateway's to say. */
  tellClient(name: string, value: string): void {
    told(name, value)
    this.#open.tellClient(name, value)
  }
  /** Keeps a field of the upstream's response from the client. */
  dropFromResponse(name: string): void {
    this.#open.dropFromResponse(told(name, ''))
  }
  /** Forwards the request with this query, or with none when it is empty. Visible ASCII without "#", or it throws. */
  respellQuery(query: string): void {
    this.#open.respellQuery(String(query))
  }

  /** Another method for the upstream; HEAD stays HEAD, and nothing becomes one. */
  respellMethod(method: string): void {
    this.#open.respellMethod(String(method))
  }
  /** Another Host for the upstream: a name or an address with an optional port. */
  respellHost(host: string): void {
    this.#open.respellHost(String(host))
  }
  /** Changes the request's body on its way: its length is no longer declared. Nothing where there is none. */
  transformBody(make: MakeBodyFilter): void {
    this.#open.transformBody(this.#bounds.marked(make))
  }

  /** The hook is over. */
  static close(own: OwnExchange): void {
    own.#x = undefined
  }
}

const NAMES_MAX = 256
const names = new Map<string, FieldName>()
/** Policies ask for the same few names again and again. */
export function prepared(name: string): FieldName {
  const known = names.get(name)
  if (known !== undefined) return known
  if (!TOKEN.test(name)) throw new TypeError('a field name is a token (RFC 9110 5.6.2)')
  const made = fieldName(name)
  if (names.size < NAMES_MAX) names.set(name, made)
  return made
}
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/
const VALUE_MAX = 8192

/**
 * A field that a policy may say. Not its to say: what frames a message or belongs to one hop (RFC 9110 7.6.1, RFC 9112 6), what only this gateway may set
 * (hardening: "What the gateway believes"), and spellings that somebody could take for either.
 */
export function told(name: string, value: string): FieldName {
  const known = prepared(name)
  const id = identify(known.bytes, 0, known.bytes.length)
  if (id !== OTHER && id !== AUTHORIZATION && id !== COOKIE) throw new TypeError(`${name} is not a policy's to say`)
  if (typeof value !== 'string' || value.length > VALUE_MAX) throw new TypeError(`the value of ${name} is no text of at most ${VALUE_MAX} characters`)
  return known
}

/** Names stand in fields, logs and metrics. */
const NAME = /^[\x21-\x7e]{1,200}$/
function principal(value: unknown, by: string): PrincipalValue {
  const { consumer, credential } = (value ?? {}) as Partial<PrincipalValue>
  if (typeof consumer !== 'string' || !NAME.test(consumer) || typeof credential !== 'string' || !NAME.test(credential))
    throw new TypeError('a Principal has a consumer and a credential, each a name of visible ASCII')
  return { consumer, credential, by }
}
