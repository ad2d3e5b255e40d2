// Erasing personal fields: an act of two people, told in an entry of its own that names each field, so that nothing is ever missing unexplained.
import type { Actor, TrailEvent } from '../model/trail-event.ts'
import type { Reading } from '../ports/store.ts'
import { ERASE } from './acts.ts'
import { isFieldName } from './entry.ts'
import { OPENINGS, openingKey, readEntry } from './records.ts'

/** So many fields are named in one entry; who has more to erase writes several. */
export const ERASED_FIELDS_MAX = 256
const REASON_LENGTH_MAX = 1000

export interface ErasedField {
  readonly index: number
  readonly name: string
}
export interface Erasure {
  /** 1 to 256 fields. */
  readonly fields: readonly ErasedField[]
  /** Four eyes: two people, not the same. */
  readonly requestedBy: Actor
  readonly approvedBy: Actor
  /** Why: a request's number, an article. Never personal data: it stays. */
  readonly reason: string
}

/** `field` names the first that is not as it should be. */
export type ErasureRefusal =
  | { readonly refused: 'four-eyes' | 'no-fields' | 'too-many-fields' | 'bad-reason' }
  | { readonly refused: 'unknown-field' | 'already-erased'; readonly field: ErasedField }

/** Why this must not be erased, or undefined. */
export async function erasureRefusal(reading: Reading, { fields, requestedBy, approvedBy, reason }: Erasure): Promise<ErasureRefusal | undefined> {
  if (!areTwoPeople(requestedBy, approvedBy)) return { refused: 'four-eyes' }
  if (fields.length === 0) return { refused: 'no-fields' }
  if (fields.length > ERASED_FIELDS_MAX) return { refused: 'too-many-fields' }
  if (reason === '' || reason.length > REASON_LENGTH_MAX || !reason.isWellFormed()) return { refused: 'bad-reason' }
  const seen = new Set<string>()
  for (const field of fields) {
    const { index, name } = field
    if (!Number.isSafeInteger(index) || index < 0 || !isFieldName(name)) return { refused: 'unknown-field', field }
    const entry = await readEntry(reading, index)
    if (!Object.hasOwn(entry?.personal ?? {}, name)) return { refused: 'unknown-field', field }
    const key = openingKey(index, name)
    if (seen.has(key) || (await reading.get(OPENINGS, key)) === undefined) return { refused: 'already-erased', field }
    seen.add(key)
  }
  return undefined
}

export const erasureEvent = ({ fields, requestedBy, approvedBy, reason }: Erasure): TrailEvent => ({
  act: ERASE,
  actor: requestedBy,
  outcome: 'done',
  detail: { fields: fields.map(({ index, name }) => ({ leaf: index, field: name })), requestedBy: requestedBy.id, approvedBy: approvedBy.id, reason },
})

const areTwoPeople = (a: Actor, b: Actor): boolean => a.kind === 'person' && b.kind === 'person' && a.id !== b.id

/** The fields that an entry of erasure names, for the one who verifies; undefined when it is not as one is written. */
export function erasedFields(actor: Actor, detail: { readonly [name: string]: unknown } | undefined): readonly ErasedField[] | undefined {
  const { fields, requestedBy, approvedBy, reason, ...others } = detail ?? {}
  if (Object.keys(others).length > 0 || !Array.isArray(fields) || fields.length === 0 || fields.length > ERASED_FIELDS_MAX) return undefined
  if (typeof reason !== 'string' || typeof approvedBy !== 'string' || approvedBy === '') return undefined
  if (actor.kind !== 'person' || requestedBy !== actor.id || approvedBy === requestedBy) return undefined
  const named: ErasedField[] = []
  for (const each of fields as readonly unknown[]) {
    if (typeof each !== 'object' || each === null) return undefined
    const { leaf, field, ...rest } = each as Record<string, unknown>
    if (!Number.isSafeInteger(leaf) || typeof field !== 'string' || !isFieldName(field) || Object.keys(rest).length > 0) return undefined
    named.push({ index: leaf as number, name: field })
  }
  return named
}
