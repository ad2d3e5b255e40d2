// Links: how somebody comes in for the first time, or again after losing what they signed in with. One per person, once, for 72 hours.
import type { Actor } from '../model/trail-event.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import type { Moment } from './means.ts'
import { digestOf, newSecret, SECRET_FORM } from './secret-text.ts'

export const LINK_LIFE_MS = 72 * 3_600_000

/** What a recovery takes away before its person begins anew. */
export type Reset = 'password' | 'second-factor'

export interface Link {
  readonly kind: 'invitation' | 'recovery'
  readonly personId: string
  readonly issuedBy: Actor
  readonly expiresAtMs: number
  readonly resets: readonly Reset[]
}
/** Key: digest of the secret. */
export const LINKS = collection<Link>('sign-in-link')
/** The one open link of a person. Key: person id. */
const OF_PERSON = collection<string>('person-link')

export interface IssuedLink {
  /** Goes into the link, behind a `#` so that no server on the way logs it; shown once. */
  readonly secret: string
  readonly expiresAtMs: number
}

/** A new link; the one before is void. */
export async function issueLink(writing: Writing, at: Moment, link: Omit<Link, 'expiresAtMs'>): Promise<IssuedLink> {
  await dropLink(writing, link.personId)
  const secret = newSecret(at.random)
  const expiresAtMs = at.nowMs + LINK_LIFE_MS
  writing.put(LINKS, digestOf(secret), { ...link, expiresAtMs })
  writing.put(OF_PERSON, link.personId, digestOf(secret))
  return { secret, expiresAtMs }
}

export const findLink = async (reading: Reading, nowMs: number, secret: string): Promise<Link | undefined> =>
  SECRET_FORM.test(secret) ? linkOf(reading, nowMs, digestOf(secret)) : undefined
export async function linkOf(reading: Reading, nowMs: number, digest: string): Promise<Link | undefined> {
  const link = await reading.get(LINKS, digest)
  return link && link.expiresAtMs > nowMs ? link : undefined
}

/** Uses a link up, or takes it back. */
export async function dropLink(writing: Writing, personId: string): Promise<void> {
  const digest = await writing.get(OF_PERSON, personId)
  if (digest === undefined) return
  writing.remove(LINKS, digest)
  writing.remove(OF_PERSON, personId)
}
