// One entry of the trail: what is hashed into the tree, how large it may be, and what makes a value one.
import { hash } from 'node:crypto'
import { CANONICAL_DEPTH_MAX, canonicalJson } from '../base/canonical-json.ts'
import type { Actor, TrailEvent } from '../model/trail-event.ts'

export interface TrailEntry {
  /** Its place, from 0. */
  readonly index: number
  /** RFC 3339, UTC, milliseconds. Never before the entry in front. */
  readonly time: string
  /** What the clock said, when that was before the entry in front: somebody set it back. */
  readonly clock?: string
  readonly act: string
  readonly actor: Actor
  readonly outcome: 'done' | 'refused'
  readonly code?: string
  readonly object?: { readonly kind: string; readonly name: string }
  readonly detail?: { readonly [name: string]: unknown }
  /** Of each personal field the digest of its opening. */
  readonly personal?: { readonly [name: string]: string }
  /** What was too large, or no text that can be written, and stands here as its digest. */
  readonly replaced?: readonly string[]
}

/** Canonical octets of an entry. What an event may hold is bounded so that it always fits. */
export const ENTRY_OCTETS_MAX = 64 * 1024
export const DETAIL_OCTETS_MAX = 48 * 1024
export const NAME_OCTETS_MAX = 512
export const PERSONAL_FIELDS_MAX = 16
export const DETAIL_DEPTH_MAX = 32

const ACT = /^(?=.{3,64}$)[a-z][a-z0-9-]*\.[a-z][a-z0-9-]*$/
const CODE = /^[a-z0-9][a-z0-9.-]{0,127}$/
const KIND = /^[a-z][a-z0-9-]{0,63}$/
const FIELD = /^[a-z][A-Za-z0-9-]{0,63}$/
const DIGEST = /^[0-9a-f]{64}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const ACTOR_KINDS: readonly unknown[] = ['person', 'token', 'admin-token', 'file', 'system', 'anonymous'] satisfies readonly Actor['kind'][]
const REPLACEABLE: readonly unknown[] = ['actor', 'object', 'detail']
const MEMBERS: ReadonlySet<string> = new Set([...['index', 'time', 'clock', 'act', 'actor', 'outcome', 'code', 'object', 'detail', 'personal', 'replaced']])

export const isFieldName = (name: string): boolean => FIELD.test(name)
export const timeOf = (ms: number): string => new Date(ms).toISOString()

/** Where an event's entry goes: its place, the time, and the digests of its openings. */
export interface Place {
  readonly index: number
  readonly timeMs: number
  readonly clockMs: number
  readonly personal: { readonly [name: string]: string }
}

/** The entry of an event. Throws when the event cannot be told in an entry: then the act that it is about must not happen. */
export function entryOf(event: TrailEvent, { index, timeMs, clockMs, personal }: Place): TrailEntry {
  const replaced: string[] = []
  const bounded = (text: string, member: string): string => {
    if (text.isWellFormed() && Buffer.byteLength(text) <= NAME_OCTETS_MAX) return text
    replaced.push(member)
    return digestOf(text)
  }
  const actor = { kind: event.actor.kind, id: bounded(event.actor.id, 'actor') }
  const object = event.object && { kind: event.object.kind, name: bounded(event.object.name, 'object') }
  const detail = event.detail && boundedDetail(event.detail, replaced)
  const entry: TrailEntry = {
    index,
    time: timeOf(timeMs),
    ...(clockMs < timeMs && { clock: timeOf(clockMs) }),
    act: event.act,
    actor,
    outcome: event.outcome,
    ...(event.code !== undefined && { code: event.code }),
    ...(object && { object }),
    ...(detail && { detail }),
    ...(Object.keys(personal).length > 0 && { personal }),
    ...(replaced.length > 0 && { replaced }),
  }
  const fault = entryFault(entry)
  if (fault !== undefined) throw new TypeError(`this cannot be told to the trail: ${fault}`)
  return entry
}

/** Too large a detail is never cut: its digest stands for it, and whoever kept the detail can show that it is the one. */
function boundedDetail(detail: NonNullable<TrailEvent['detail']>, replaced: string[]): NonNullable<TrailEntry['detail']> {
  const text = canonicalJson(detail, DETAIL_DEPTH_MAX)
  const octets = Buffer.byteLength(text)
  if (octets <= DETAIL_OCTETS_MAX) return JSON.parse(text) as NonNullable<TrailEntry['detail']>
  replaced.push('detail')
  return { digest: digestOf(text), octets }
}
export const digestOf = (text: string): string => `sha256:${hash('sha256', Buffer.from(text), 'hex')}`

/** Why a value is no entry, for the one who verifies; undefined when it is one. What is not known is a fault. */
export function entryFault(value: unknown): string | undefined {
  if (!isObject(value)) return 'it is no object'
  const unknown = Object.keys(value).find((key) => !MEMBERS.has(key))
  if (unknown !== undefined) return 'it has a member that no entry has'
  const { index, time, clock, act, actor, outcome, code, object, detail, personal, replaced } = value
  if (!Number.isSafeInteger(index) || (index as number) < 0) return 'its index is no whole number'
  if (!isTime(time) || (clock !== undefined && !isTime(clock))) return 'its time is not of the form 2026-01-31T12:00:00.000Z'
  if (!matches(act, ACT)) return 'its act is not noun.verb'
  if (!isObject(actor) || !hasOnly(actor, ['kind', 'id']) || !ACTOR_KINDS.includes(actor['kind']) || !isName(actor['id'])) return 'its actor is none'
  if (outcome !== 'done' && outcome !== 'refused') return 'its outcome is neither done nor refused'
  if (code !== undefined && !matches(code, CODE)) return 'its code has not the form of one'
  if (object !== undefined && (!isObject(object) || !hasOnly(object, ['kind', 'name']) || !matches(object['kind'], KIND) || !isName(object['name'])))
    return 'its object is none'
  if (detail !== undefined && !isObject(detail)) return 'its detail is no object'
  if (personal !== undefined && !isPersonal(personal)) return 'its personal fields are not digests by name'
  if (replaced !== undefined && !(Array.isArray(replaced) && replaced.length > 0 && replaced.every((each) => REPLACEABLE.includes(each))))
    return 'what it says to be replaced is not replaceable'
  if (Buffer.byteLength(canonicalJson(value, CANONICAL_DEPTH_MAX)) > ENTRY_OCTETS_MAX) return `it is larger than ${ENTRY_OCTETS_MAX} octets`
  return undefined
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const hasOnly = (object: Record<string, unknown>, names: readonly string[]): boolean => Object.keys(object).every((key) => names.includes(key))
const matches = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value)
const isName = (value: unknown): boolean => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= NAME_OCTETS_MAX
/** RFC 3339 in the one spelling that is written here, and a day that exists. */
export const isTime = (value: unknown): boolean => matches(value, TIME) && !Number.isNaN(Date.parse(value)) && timeOf(Date.parse(value)) === value
function isPersonal(value: unknown): boolean {
  if (!isObject(value)) return false
  const fields = Object.entries(value)
  return fields.length > 0 && fields.length <= PERSONAL_FIELDS_MAX && fields.every(([name, digest]) => FIELD.test(name) && matches(digest, DIGEST))
}
