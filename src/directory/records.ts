// What the directory keeps in the store, and what its acts may answer instead of doing it.
import { collection } from '../ports/store.ts'
import type { SealedDigest } from './key-digests.ts'

/** Where a team wants to be told. */
export type Contact = { readonly kind: 'mail'; readonly address: string } | { readonly kind: 'webhook'; readonly url: string }

/** The people who answer for APIs and consumers. Who they are stands with each person: what lets them reach the team's APIs is kept once. */
export interface Team {
  readonly name: string
  readonly title: string
  readonly contacts: readonly Contact[]
  readonly createdMs: number
  /** Counts changes, from 1: what an ETag is made of. */
  readonly revision: number
}

/** A consumer's access to one API. Only an active one lets it in. */
export interface Subscription {
  readonly plan?: string
  readonly state: 'pending' | 'active' | 'suspended'
}

/** A consumer of the console's or the API's making. Those that a file defines are not in the store. */
export interface StoredConsumer {
  readonly name: string
  readonly title: string
  readonly team?: string
  readonly subscriptions: { readonly [api: string]: Subscription }
  readonly createdMs: number
  readonly createdBy: string
  readonly revision: number
}

export interface Revocation {
  readonly atMs: number
  /** Who did it: an actor's id. */
  readonly by: string
  readonly why: string
}

/** An API key. Its secret was told once and is nowhere. */
export interface StoredKey extends SealedDigest {
  readonly id: string
  readonly consumer: string
  readonly label: string
  /** What its holder knows it by: `gth_live_...wxyz`. */
  readonly hint: string
  readonly createdMs: number
  readonly createdBy: string
  readonly expiresMs?: number
  /** There, or not: once there it stays. */
  readonly revoked?: Revocation
  readonly replaces?: string
  readonly replacedBy?: string
  readonly revision: number
}

/** Apart from the key, because it changes with every flush and is no change of the key. */
export interface KeyUse {
  readonly lastMs: number
  readonly count: number
}

export const teams = collection<Team>('team')
export const consumers = collection<StoredConsumer>('consumer')
/** `team/consumer`. */
export const consumersByTeam = collection<true>('consumer-by-team')
export const keys = collection<StoredKey>('credential')
/** The tag leads to the id. */
export const keysByTag = collection<string>('credential-by-tag')
/** `consumer/id`. */
export const keysByConsumer = collection<true>('credential-by-consumer')
/** `2027-01-31/id`: the day of last use, or of creation for a key that was never used. Keys that are revoked are not in it. */
export const keysByDay = collection<true>('credential-by-day')
export const keyUses = collection<KeyUse>('credential-use')
/** By tag, for ever: keys of the store and of files alike. What stands here is refused, whatever a file or a consumer made anew says. */
export const revokedKeys = collection<Revocation>('credential-revoked')

/** An act that is not done. The code is stable; the sentence tells no more than who may ask for the act may know. */
export interface Refused<Code extends string> {
  readonly refused: Code
  readonly says: string
}
export const refused = <Code extends string>(code: Code, says: string): Refused<Code> => ({ refused: code, says })
export const isRefused = (outcome: unknown): outcome is Refused<string> => typeof outcome === 'object' && outcome !== null && 'refused' in outcome

/** Who acts, and when. */
export interface Act {
  readonly by: string
  readonly nowMs: number
}

/** What the file owns: to be read here, never changed. */
export interface FileOwned {
  hasConsumer(name: string): boolean
  /** The consumer that this key of the file belongs to, by the key's SHA-256. */
  ownerOfKey(digest: string): string | undefined
}
export const NO_FILE: FileOwned = { hasConsumer: () => false, ownerOfKey: () => undefined }

/** A page of a list, and where the next one begins. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string
}
export interface PageRequest {
  readonly after?: string
  /** 1 to 1,000. */
  readonly limit: number
}
export const PAGE: PageRequest = { limit: 100 }
