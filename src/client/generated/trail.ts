// Generated from the operations on trail. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Agrees to an erasure that another person asked for. The fields are gone with it. */
export const approveErasure = (to: Connection, input: { readonly parameters: { readonly erasure: string }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly id: string; readonly fields: readonly { readonly index: number; readonly field: string }[]; readonly reason: string; readonly state: 'pending' | 'expired' | 'erased'; readonly requestedBy: string; readonly requested: string; readonly expires: string; readonly approvedBy?: string; readonly approved?: string; readonly entry?: number }>> =>
  to.call('POST', '/trail/erasures/{erasure}/approve', input)

/** The whole trail as JSON lines, personal fields included, for `gatehouse trail verify`. */
export const exportTrail = (to: Connection, input: { readonly idempotencyKey?: string } = {}): Promise<Answer<string>> =>
  to.call('POST', '/trail/export', input)

/** The signed checkpoint of the trail (c2sp.org/tlog-checkpoint): of all entries so far, or one that is kept. */
export const getCheckpoint = (to: Connection, input: { readonly query?: { readonly size?: number } } = {}): Promise<Answer<string>> =>
  to.call('GET', '/trail/checkpoint', input)

/** Proves that the trail of one size continues that of a smaller size. */
export const getConsistencyProof = (to: Connection, input: { readonly query?: { readonly from: number; readonly to?: number } } = {}): Promise<Answer<{ readonly from: number; readonly to: number; readonly fromRoot: string; readonly toRoot: string; readonly proof: readonly string[] }>> =>
  to.call('GET', '/trail/consistency', input)

/** A request to erase. */
export const getErasure = (to: Connection, input: { readonly parameters: { readonly erasure: string } }): Promise<Answer<{ readonly id: string; readonly fields: readonly { readonly index: number; readonly field: string }[]; readonly reason: string; readonly state: 'pending' | 'expired' | 'erased'; readonly requestedBy: string; readonly requested: string; readonly expires: string; readonly approvedBy?: string; readonly approved?: string; readonly entry?: number }>> =>
  to.call('GET', '/trail/erasures/{erasure}', input)

/** Proves that an entry stands in the trail as it was at a size. */
export const getInclusionProof = (to: Connection, input: { readonly parameters: { readonly index: number }; readonly query?: { readonly size?: number } }): Promise<Answer<{ readonly index: number; readonly size: number; readonly leaf: string; readonly root: string; readonly proof: readonly string[] }>> =>
  to.call('GET', '/trail/entries/{index}/proof', input)

/** An entry of the trail with its personal fields. */
export const getTrailEntry = (to: Connection, input: { readonly parameters: { readonly index: number } }): Promise<Answer<{ readonly index: number; readonly time: string; readonly clock?: string; readonly act: string; readonly actor: { readonly kind: string; readonly id: string }; readonly outcome: 'done' | 'refused'; readonly code?: string; readonly object?: { readonly kind: string; readonly name: string }; readonly detail?: string; readonly replaced?: readonly string[]; readonly personal: readonly { readonly field: string; readonly digest: string; readonly erased: boolean; readonly salt?: string; readonly value?: string; readonly valueDigest?: string }[] }>> =>
  to.call('GET', '/trail/entries/{index}', input)

/** Requests to erase, newest first. */
export const listErasures = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly fields: readonly { readonly index: number; readonly field: string }[]; readonly reason: string; readonly state: 'pending' | 'expired' | 'erased'; readonly requestedBy: string; readonly requested: string; readonly expires: string; readonly approvedBy?: string; readonly approved?: string; readonly entry?: number }[]; readonly next?: string }>> =>
  to.call('GET', '/trail/erasures', input)

/** Asks for personal fields of the trail to be erased. Another person has to agree within a week. */
export const requestErasure = (to: Connection, input: { readonly body: { readonly fields: readonly { readonly index: number; readonly field: string }[]; readonly reason: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly id: string; readonly fields: readonly { readonly index: number; readonly field: string }[]; readonly reason: string; readonly state: 'pending' | 'expired' | 'erased'; readonly requestedBy: string; readonly requested: string; readonly expires: string; readonly approvedBy?: string; readonly approved?: string; readonly entry?: number }>> =>
  to.call('POST', '/trail/erasures', input)

/** Gives the trail another signing key. The checkpoint in the answer is signed by both; the old private key is forgotten. */
export const rotateTrailKey = (to: Connection, input: { readonly idempotencyKey?: string } = {}): Promise<Answer<{ readonly checkpoint: string }>> =>
  to.call('POST', '/trail/key/rotate', input)

/** Searches the trail. Newest first unless asked otherwise. */
export const searchTrail = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string; readonly actor?: string; readonly act?: string; readonly kind?: string; readonly name?: string; readonly outcome?: 'done' | 'refused'; readonly from?: string; readonly until?: string; readonly order?: 'newest' | 'oldest' } } = {}): Promise<Answer<{ readonly items: readonly { readonly index: number; readonly time: string; readonly clock?: string; readonly act: string; readonly actor: { readonly kind: string; readonly id: string }; readonly outcome: 'done' | 'refused'; readonly code?: string; readonly object?: { readonly kind: string; readonly name: string }; readonly detail?: string; readonly replaced?: readonly string[]; readonly personal: readonly string[] }[]; readonly next?: string }>> =>
  to.call('GET', '/trail/entries', input)
