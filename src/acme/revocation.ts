// Certificates whose key may be known to others: revoked at their authority as soon as another is there, and tried for until their end.
import { collection, everyEntry, type Reading, type Writing } from '../ports/store.ts'
import type { AcmeFailure } from './problem.ts'
import { certificates, hurry, type NameState, nameStates } from './records.ts'
import { backOffMs } from './schedule.ts'

/** By name: one at a time, for another is only ordered when this one is done with. */
export interface RevocationRecord {
  readonly directory: string
  /** PEM: what is to be revoked, with its chain. */
  readonly chain: string
  readonly expiresMs: number
  readonly nextMs: number
  readonly failures: number
}
export const revocations = collection<RevocationRecord>('acme-revocation')
/** RFC 5280 5.3.1: keyCompromise. */
export const KEY_COMPROMISE = 1

/** Has the certificate of a name replaced at once, and revoked then; undefined for a name that is not wanted. */
export async function compromised(writing: Writing, name: string): Promise<NameState | 'none' | 'begun' | undefined> {
  if ((await writing.get(nameStates, name)) === undefined) return undefined
  const certificate = await writing.get(certificates, name)
  if (certificate === undefined) return 'none'
  if (await writing.get(revocations, name)) return 'begun'
  const { directory, chain, expiresMs } = certificate
  writing.put(revocations, name, { directory, chain, expiresMs, nextMs: 0, failures: 0 })
  // The key of an order that was begun lay beside the one that is not to be believed any more.
  const { order: _, ...state } = (await hurry(writing, name))!
  writing.put(nameStates, name, state)
  return state
}

/** Whether the certificate that there is for a name is one that is to be revoked. */
export async function isCompromised(reading: Reading, name: string): Promise<boolean> {
  const revocation = await reading.get(revocations, name)
  return revocation !== undefined && (await reading.get(certificates, name))?.chain === revocation.chain
}

/** The revocation that is due first; those whose certificate is still shown wait. A name that nobody wants any more is not shown. */
export async function dueRevocation(reading: Reading, directory: string): Promise<{ readonly name: string; readonly dueMs: number } | undefined> {
  let first: { readonly name: string; readonly dueMs: number } | undefined
  for await (const { key: name, value } of everyEntry(reading, revocations)) {
    if ((await isCompromised(reading, name)) && (await reading.get(nameStates, name)) !== undefined) continue
    // That of another authority than the one of now waits until that one is configured again, or for its end.
    const dueMs = value.directory === directory ? Math.min(value.nextMs, value.expiresMs) : value.expiresMs
    if (first === undefined || dueMs < first.dueMs) first = { name, dueMs }
  }
  return first
}

/** After a try: gone when it was done, or is over by itself; later when not. Answers the failure that is worth telling. */
export async function settleRevocation(
  writing: Writing,
  name: string,
  record: RevocationRecord,
  outcome: 'done' | AcmeFailure,
  nowMs: number,
  random: number,
): Promise<AcmeFailure | undefined> {
  // RFC 8555 7.6: somebody revoked it already.
  if (outcome === 'done' || outcome.kind === 'alreadyRevoked' || record.expiresMs <= nowMs) {
    // Whoever wants the name again must not be shown what is revoked.
    if (await isCompromised(writing, name)) writing.remove(certificates, name)
    writing.remove(revocations, name)
    return undefined
  }
  const failures = record.failures + 1
  writing.put(revocations, name, { ...record, failures, nextMs: nowMs + backOffMs(failures, random, outcome.retryAfterMs) })
  return outcome
}
