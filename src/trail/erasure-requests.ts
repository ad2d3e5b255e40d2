// Requests to erase: one person asks, another agrees within a week, and only then is anything erased.
import { randomSecret } from '../base/ids.ts'
import type { Actor } from '../model/trail-event.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { type ErasedField, type ErasureRefusal, erasureRefusal } from './erasure.ts'
import type { Random, Trail } from './trail.ts'

export interface ErasureRequest {
  readonly id: string
  readonly fields: readonly ErasedField[]
  readonly reason: string
  readonly requestedBy: Actor
  readonly requestedMs: number
  readonly approved?: { readonly by: Actor; readonly atMs: number; readonly entry: number }
}
/** Key: the id, which begins with the time. */
export const ERASURES = collection<ErasureRequest>('trail-erasure')

/** Nobody agrees to something that was asked for long ago and forgotten. */
export const REQUEST_LIFE_MS = 7 * 86_400_000
export const isPending = ({ approved, requestedMs }: ErasureRequest, nowMs: number): boolean => approved === undefined && nowMs < requestedMs + REQUEST_LIFE_MS

export type RequestRefusal = ErasureRefusal | { readonly refused: 'people-only' }

/** Asks. What could not be erased even with a second person's word is refused at once. */
export async function requestErasure(
  writing: Writing,
  asked: { readonly fields: readonly ErasedField[]; readonly reason: string; readonly by: Actor; readonly nowMs: number },
  random: Random = randomSecret,
): Promise<ErasureRequest | RequestRefusal> {
  const { fields, reason, by, nowMs } = asked
  if (by.kind !== 'person') return { refused: 'people-only' }
  // Somebody else, whoever it will be.
  const refusal = await erasureRefusal(writing, { fields, reason, requestedBy: by, approvedBy: { kind: 'person', id: `not ${by.id}` } })
  if (refusal) return refusal
  const id = `erasure_${String(Math.floor(nowMs)).padStart(15, '0')}_${Buffer.from(random(8)).toString('hex')}`
  const request: ErasureRequest = { id, fields, reason, requestedBy: by, requestedMs: nowMs }
  writing.put(ERASURES, id, request)
  return request
}

/** Agrees, and erases: both in the caller's transaction. */
export async function approveErasure(
  writing: Writing,
  trail: Trail,
  request: ErasureRequest,
  by: Actor,
  nowMs: number,
): Promise<ErasureRequest | RequestRefusal | { readonly refused: 'not-pending' }> {
  if (by.kind !== 'person') return { refused: 'people-only' }
  if (!isPending(request, nowMs)) return { refused: 'not-pending' }
  const { fields, reason, requestedBy } = request
  const erased = await trail.erase(writing, { fields, reason, requestedBy, approvedBy: by }, nowMs)
  if ('refused' in erased) return erased
  const approved: ErasureRequest = { ...request, approved: { by, atMs: nowMs, entry: erased.index } }
  writing.put(ERASURES, request.id, approved)
  return approved
}

const ID = /^erasure_\d{15}_[0-9a-f]{16}$/
export const findErasure = async (reading: Reading, id: string): Promise<ErasureRequest | undefined> => (ID.test(id) ? reading.get(ERASURES, id) : undefined)
