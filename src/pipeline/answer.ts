// The final response as policies see and change it, between the upstream and the client: over the positions of its head, without a copy.

import { CONTENT_LENGTH, DISGUISED, type FieldName, fieldName, identify } from '../http/field-names.ts'
import { BY_CHUNKS, NO_BODY, type ResponseHead } from '../http/response-head.ts'
import type { BodyWatcher, MakeBodyFilter } from './body-filter.ts'
import { type Exchange, fieldLine } from './exchange.ts'

/** What frames the message or belongs to one hop: not a policy's to say. */
const UNTOUCHABLE: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
])

/** Reused from response to response: nothing on it may be kept. */
export class Answer {
  private head!: ResponseHead
  private readonly added: { readonly name: FieldName; readonly spelled: string; value: string }[] = []
  private changed: number | undefined
  /** Filters and watchers in the order in which policies asked for them. */
  readonly makers: MakeBodyFilter[] = []
  readonly watchers: BodyWatcher[] = []
  /** Octets may follow: not to HEAD, and not for 204 and 304. */
  hasBody = false
  private toHead = false
  private undeclared = false

  /** Begins with what the upstream said. `toHead`: to a HEAD request. */
  begin(head: ResponseHead, toHead: boolean): this {
    this.head = head
    this.hasBody = head.framing !== NO_BODY
    this.undeclared = false
    this.toHead = toHead
    this.changed = undefined
    this.added.length = 0
    this.makers.length = 0
    this.watchers.length = 0
    return this
  }

  get status(): number {
    return this.changed ?? this.head.status
  }
  /** 200 to 599; whether a body belongs to it must stay as it is (RFC 9110 6.4.1). Throws otherwise. */
  set status(status: number) {
    if (!Number.isInteger(status) || status < 200 || status > 599 || isBodiless(status) !== isBodiless(this.head.status))
      throw new RangeError(`${this.head.status} cannot become ${status}`)
    this.changed = status
  }

  /** The value of the first field of this name, latin-1. */
  get(name: FieldName): string | undefined {
    return this.head.get(name) ?? this.added.find((field) => field.name.text === name.text)?.value
  }
  all(name: FieldName): readonly string[] {
    const found: string[] = []
    for (let i = this.head.find(name); i >= 0; i = this.head.find(name, i + 1)) found.push(this.head.value(i))
    for (const field of this.added) if (field.name.text === name.text) found.push(field.value)
    return found
  }
  /** Throws on a field that frames the message or belongs to the connection. */
  drop(name: FieldName): void {
    refuseUntouchable(name.text)
    for (let i = this.head.find(name); i >= 0; i = this.head.find(name, i + 1)) this.head.drop(i)
    for (let i = this.added.length - 1; i >= 0; i--) if (this.added[i]!.name.text === name.text) this.added.splice(i, 1)
  }
  /** In the place of all fields of this name. */
  set(name: string, value: string): void {
    this.drop(fieldName(name))
    this.add(name, value)
  }
  /** One more field. A value beyond visible ASCII is percent-encoded. Throws on a name that is no token, or that frames the message. */
  add(name: string, value: string): void {
    const prepared = fieldName(name)
    refuseUntouchable(prepared.text)
    fieldLine(name, '')
    this.added.push({ name: prepared, spelled: name, value })
  }
  /** End-to-end fields as they would go out; without Content-Length, and without what every response of the route tells. */
  fields(): readonly (readonly [name: string, value: string])[] {
    const found: [string, string][] = []
    const { head } = this
    for (let i = 0; i < head.fieldCount; i++) if (!head.isDropped(i) && head.ids[i] !== CONTENT_LENGTH) found.push([head.name(i), head.value(i)])
    for (const { spelled, value } of this.added) found.push([spelled, value])
    return found
  }
  /** Octets of body that were declared, -1 when none were. For HEAD and 304 they describe a body that does not follow. */
  get length(): number {
    return this.head.contentLength
  }

  /** Changes the body, behind the filters that are there. Nothing where there is none. */
  transform(make: MakeBodyFilter): void {
    if (this.hasBody) this.makers.push(make)
    // RFC 9110 9.3.2: a HEAD need not tell what is only known once the body is made.
    else if (this.toHead) this.undeclared = true
  }
  /** Sees the body that the client gets: behind every filter. */
  watch(watcher: BodyWatcher): void {
    this.watchers.push(watcher)
  }

  /** Writes what was said into the head and the exchange, for the way out. */
  settle(x: Exchange): void {
    const { head, added } = this
    if (this.changed !== undefined && this.changed !== head.status) head.restate(this.changed)
    for (const { name, spelled, value } of added) {
      x.tellClient(spelled, value)
      if (x.defaultFields.some((field) => field.name.text === name.text)) x.defaultFields = x.defaultFields.filter((field) => field.name.text !== name.text)
    }
    if (this.makers.length > 0) {
      undeclare(head)
      head.framing = BY_CHUNKS
    } else if (this.undeclared) undeclare(head)
  }
  /** What was asked for is in other hands. */
  release(): void {
    this.watchers.length = 0
    this.makers.length = 0
  }
  /** Nobody gets this response. */
  abandon(): void {
    for (const watcher of this.watchers) watcher.abandoned()
    this.release()
  }
}

/** The body's length is not known any more: it goes out as one of unknown length. */
function undeclare(head: ResponseHead): void {
  for (let i = head.findId(CONTENT_LENGTH); i >= 0; i = head.findId(CONTENT_LENGTH, i + 1)) head.drop(i)
  head.contentLength = -1
  head.lengthKept = false
}

const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304

function refuseUntouchable(name: string): void {
  const { bytes } = fieldName(name)
  if (UNTOUCHABLE.has(name) || identify(bytes, 0, bytes.length) === DISGUISED) throw new TypeError(`${name} is not a policy's to say`)
}
