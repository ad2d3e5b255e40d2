// What the store itself knows of the envelope key: which one it was sealed with, proof of it, and a rotation under way.
import type { Envelope } from '../ports/envelope.ts'
import { collection, type Reading } from '../ports/store.ts'

/** Sealed with the key in use: opening it proves the key. */
export interface KeyCheck {
  readonly keyId: string
  readonly sealed: string
}
/**
 * A rotation that is not over. The old key stands here under the new one, so that whoever holds the new one can open everything. Never the other way
 * round: the old key may be rotated because others have it.
 */
export interface RotationRecord {
  readonly from: string
  readonly to: string
  readonly startedMs: number
  readonly fromUnderTo: string
}
export const keyChecks = collection<KeyCheck>('envelope-check')
export const rotations = collection<RotationRecord>('envelope-rotation')
/** Both collections hold one record at most. */
export const ONLY = 'key'
export const CHECK_CONTEXT = 'envelope/check'
export const ROTATION_CONTEXT = 'envelope/rotation'

const PROOF = Buffer.from('this store was sealed with this key')
export const checkUnder = (envelope: Envelope): KeyCheck => ({ keyId: envelope.keyId, sealed: envelope.seal(PROOF, CHECK_CONTEXT) })

/** Throws `UnreadableSecret` when the check was sealed under a key that the envelope has not. */
export const proveKey = (envelope: Envelope, check: KeyCheck): void => void envelope.open(check.sealed, CHECK_CONTEXT)

export interface KeyState {
  readonly check: KeyCheck | undefined
  readonly rotation: RotationRecord | undefined
}
export const readKeyState = async (reading: Reading): Promise<KeyState> => ({
  check: await reading.get(keyChecks, ONLY),
  rotation: await reading.get(rotations, ONLY),
})
