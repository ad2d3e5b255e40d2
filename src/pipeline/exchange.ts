// One request and its answer, as policies see them. Reused from request to request: nothing on it may be kept by a policy.
import { FieldNameSet } from '../http/field-name-set.ts'
import { CONTENT_LENGTH, DISGUISED, type FieldName, fieldName, HOST, identify, TRANSFER_ENCODING } from '../http/field-names.ts'
import { isMethod } from '../http/methods.ts'
import { RequestHead } from '../http/request-head.ts'
import type { BodyWatcher, MakeBodyFilter } from './body-filter.ts'
import { type PrincipalValue, type Slot, slotCount } from './slots.ts'

/** The caller's address: canonical, IPv4-mapped forms unmapped, taken from `Forwarded` only when the peer is trusted. */
export interface CallerAddress {
  readonly text: string
  readonly octets: Uint8Array
  /** What limits count it under: the address, or an IPv6 /64. */
  readonly group: string
}

/** One HTTP exchange. Policies read the request through it, and say through it what upstream and client are to be told. */
export class Exchange {
  readonly head = new RequestHead()
  address: CallerAddress = NOBODY
  /** Names of the API and of the operation that the request was matched to. */
  api = ''
  operation = ''
  /** The API that the request was addressed to, when a canary has moved it to another one. */
  asked = ''
  /** Microseconds since the epoch when the head was complete: the one time by which all policies decide. */
  nowUs = 0
  /** `X-Request-Id: `, the id as 36 ASCII octets (a UUID, RFC 9562), the line's end, and the empty line: the last line of every head. */
  readonly requestIdLine = Buffer.from(`X-Request-Id: ${' '.repeat(36)}\r\n\r\n`)
  readonly requestIdBytes = this.requestIdLine.subarray(14, 50)
  /** What `gateway/crash-suspects.ts` knows it by. */
  fingerprint = 0
  /** False when somebody may still hold it after its end. */
  reusable = true
  /** Counts the hooks that were given up: what one of them still does later is not to count. */
  givenUp = 0
  /** Field lines, each with its CR LF, for the upstream and for the client. */
  upstreamFields = ''
  clientFields = ''
  /** Names of response fields of the upstream that must not reach the client. */
  droppedFromResponse: readonly FieldNameSet[] = NONE
  /** Fields for the client where the response has none of that name. */
  defaultFields: readonly DefaultField[] = NO_DEFAULTS
  /** The line of Strict-Transport-Security, or nothing: a client in clear is not told (RFC 6797 7.2). */
  transportSecurityLine: Buffer = NO_LINE
  /** By which way the caller came, to whoever it came first: what the upstream is told as X-Forwarded-Proto. */
  scheme: 'http' | 'https' = 'http'
  /** Path, with the API's prefix: as matched, and as forwarded unless `upstreamPath` says otherwise. */
  private cachedPath: string | undefined = undefined
  private cachedMethod: string | undefined = undefined
  /** The path that the upstream gets, with the API's prefix, where a policy said another. */
  upstreamPath: string | undefined = undefined
  /** The method and the Host that the upstream gets, where a policy said another. */
  upstreamMethod: string | undefined = undefined
  upstreamHost: string | undefined = undefined
  /** What changes the request's body on its way to the upstream, in this order. */
  bodyMakers: readonly MakeBodyFilter[] = NO_MAKERS
  /** Who sees the request's body as the upstream gets it. */
  bodyWatchers: readonly BodyWatcher[] = NO_WATCHERS
  private readonly slots: unknown[] = new Array(slotCount()).fill(undefined)

  get method(): string {
    return (this.cachedMethod ??= this.head.method)
  }
  get path(): string {
    return (this.cachedPath ??= this.head.path)
  }
  get query(): string | undefined {
    return this.head.query
  }
  get requestId(): string {
    return this.requestIdBytes.toString('latin1')
  }

  get<T>(slot: Slot<T>): T | undefined {
    return this.slots[slot.index] as T | undefined
  }
  set<T>(slot: Slot<T>, value: T): void {
    this.slots[slot.index] = value
  }

  /** Adds a field to what the upstream is sent. Throws on a name that is no token; a value beyond visible ASCII is percent-encoded, never passed. */
  tellUpstream(name: string, value: string): void {
    this.upstreamFields += fieldLine(name, value)
  }
  /** Adds a field to the response, whoever makes it: the upstream, a refusal, or a reply. */
  tellClient(name: string, value: string): void {
    this.clientFields += fieldLine(name, value)
  }
  /** Keeps a field of the upstream's response from the client. */
  dropFromResponse(name: FieldName): void {
    this.droppedFromResponse = [...this.droppedFromResponse, new FieldNameSet([name.text])]
  }

  /** Goes on with another path, in normal form: for a request that is moved to another version. */
  respellPath(path: string): void {
    this.head.respelledPath = path
    this.cachedPath = path
  }

  /** The upstream gets this path in the place of what was matched, with the API's prefix; logs and other policies go on with what the client asked for. */
  forwardPath(path: string): void {
    if (!/^\/[!-~]*$/.test(path) || /[?#]/.test(path)) throw new TypeError('not a path')
    this.upstreamPath = path
  }

  /** Forwards the request with this query, or with none when it is empty: for a policy that cuts a credential out. Visible ASCII without "#", or it throws. */
  respellQuery(query: string): void {
    if (!/^[!-"$-~]*$/.test(query)) throw new TypeError('not a query')
    this.head.respelledQuery = query
  }

  /** Drops every field of this name from what the upstream gets. Throws on what frames the message. */
  dropFromRequest(name: FieldName): void {
    const id = identify(name.bytes, 0, name.bytes.length)
    if (id === CONTENT_LENGTH || id === TRANSFER_ENCODING || id === HOST || id === DISGUISED) throw new TypeError(`${name.text} is not a policy's to drop`)
    for (let i = this.head.find(name); i >= 0; i = this.head.find(name, i + 1)) this.head.drop(i)
  }
  /** Another method for the upstream. HEAD stays HEAD, and nothing becomes one: whether a body follows the answer depends on it (RFC 9110 9.3.2). */
  respellMethod(method: string): void {
    if (!isMethod(method) || (method === 'HEAD') !== (this.method === 'HEAD')) throw new TypeError(`${this.method} cannot become ${method}`)
    this.upstreamMethod = method
  }
  /** Another Host for the upstream: a name or an address with an optional port. */
  respellHost(host: string): void {
    if (!HOST_VALUE.test(host)) throw new TypeError(`not a host: ${JSON.stringify(host)}`)
    this.upstreamHost = host
  }
  /** Changes the request's body on its way, behind the filters that are there. Its length is no longer declared. Nothing where there is none. */
  transformBody(make: MakeBodyFilter): void {
    if (!this.head.hasBody) return
    for (let i = this.head.findId(CONTENT_LENGTH); i >= 0; i = this.head.findId(CONTENT_LENGTH, i + 1)) this.head.drop(i)
    this.bodyMakers = [...this.bodyMakers, make]
  }

  /** Sees the request's body as the upstream gets it, behind every filter. */
  watchBody(watcher: BodyWatcher): void {
    this.bodyWatchers = [...this.bodyWatchers, watcher]
  }
  /** Once: they do not see the body again when it is sent again. */
  takeBodyWatchers(): readonly BodyWatcher[] {
    const { bodyWatchers } = this
    this.bodyWatchers = NO_WATCHERS
    return bodyWatchers
  }
  /** Nobody sends the body any more: who waits to see it is told. */
  abandonBody(): void {
    for (const watcher of this.takeBodyWatchers()) watcher.abandoned()
  }

  /** What the request's messages and slots hold now, for `restore`: a policy that only watches must leave no trace. */
  remember(): Remembered {
    const { head, upstreamFields, clientFields, droppedFromResponse, upstreamMethod, upstreamHost, bodyMakers, bodyWatchers, upstreamPath } = this
    const flags = head.flags.slice(0, head.fieldCount)
    const { respelledQuery: query, respelledPath: path } = head
    const slots = this.slots.slice()
    return {
      upstreamFields,
      clientFields,
      droppedFromResponse,
      query,
      path,
      cachedPath: this.cachedPath,
      flags,
      slots,
      upstreamPath,
      upstreamMethod,
      upstreamHost,
      bodyMakers,
      bodyWatchers,
    }
  }
  restore(then: Remembered): void {
    this.upstreamFields = then.upstreamFields
    this.clientFields = then.clientFields
    this.droppedFromResponse = then.droppedFromResponse
    this.upstreamPath = then.upstreamPath
    this.head.respelledQuery = then.query
    this.head.respelledPath = then.path
    this.cachedPath = then.cachedPath
    this.upstreamMethod = then.upstreamMethod
    this.upstreamHost = then.upstreamHost
    this.bodyMakers = then.bodyMakers
    this.bodyWatchers = then.bodyWatchers
    this.head.flags.set(then.flags)
    for (let i = 0; i < then.slots.length; i++) this.slots[i] = then.slots[i]
  }

  /** Makes it as new for the next request. */
  reset(): void {
    this.head.clear()
    this.address = NOBODY
    this.api = ''
    this.operation = ''
    this.asked = ''
    this.upstreamFields = ''
    this.clientFields = ''
    this.droppedFromResponse = NONE
    this.defaultFields = NO_DEFAULTS
    this.transportSecurityLine = NO_LINE
    this.cachedPath = undefined
    this.cachedMethod = undefined
    this.upstreamPath = undefined
    this.upstreamMethod = undefined
    this.upstreamHost = undefined
    this.bodyMakers = NO_MAKERS
    this.bodyWatchers = NO_WATCHERS
    this.slots.fill(undefined)
  }
}
/** What `Exchange.remember` keeps. */
export interface Remembered {
  readonly upstreamFields: string
  readonly clientFields: string
  readonly droppedFromResponse: readonly FieldNameSet[]
  readonly upstreamPath: string | undefined
  readonly query: string | undefined
  readonly path: string | undefined
  readonly cachedPath: string | undefined
  readonly upstreamMethod: string | undefined
  readonly upstreamHost: string | undefined
  readonly bodyMakers: readonly MakeBodyFilter[]
  readonly bodyWatchers: readonly BodyWatcher[]
  readonly flags: Uint8Array
  readonly slots: readonly unknown[]
}

const NONE: readonly FieldNameSet[] = []
const NO_MAKERS: readonly MakeBodyFilter[] = []
const NO_WATCHERS: readonly BodyWatcher[] = []
const NO_DEFAULTS: readonly DefaultField[] = []
const NOBODY: CallerAddress = { text: '', octets: new Uint8Array(4), group: '' }

export type { PrincipalValue }

const HOST_VALUE = /^(?:[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const VISIBLE = /^[\x20-\x7e]*$/
/** The line of Strict-Transport-Security (RFC 6797 6.1) with its CR LF. */
export const transportSecurityLine = (value: string): Buffer => Buffer.from(fieldLine('Strict-Transport-Security', value), 'latin1')
export const NO_LINE: Buffer = Buffer.alloc(0)

/** A field that stands where the response has none of its name. */
export interface DefaultField {
  readonly name: FieldName
  /** With its CR LF, as text and as octets. */
  readonly line: string
  readonly octets: Buffer
  /** Finds it among field lines. */
  readonly among: RegExp
}
export function defaultField(name: string, value: string): DefaultField {
  const line = fieldLine(name, value)
  return { name: fieldName(name), line, octets: Buffer.from(line, 'latin1'), among: new RegExp(`^${name}:`, 'im') }
}

/** One field line with its CR LF. */
export function fieldLine(name: string, value: string): string {
  if (!NAME.test(name)) throw new TypeError(`not a field name: ${JSON.stringify(name)}`)
  // hardening.md: values that are not visible ASCII are encoded when they become a field; CR LF here would be a second field.
  return `${name}: ${VISIBLE.test(value) ? value : encodeURIComponent(value.toWellFormed())}\r\n`
}
