// Links: how somebody comes in for the first time, or again after losing what they signed in with. One per person, once, for 72 hours.
import type { Actor } from '../model/trail-event.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { switchedAtMs } from './admin-token-switch.ts'
import { grantsOf, mayGrant } from './grants.ts'
import type { Moment } from './means.ts'
import { getPerson, type Person } from './person.ts'
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
  /** Digest of what its person held when it was issued. */
  readonly held: string
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

/** A new link; the one before is void. An invitation for who has not come yet, and a recovery for who has. */
export async function issueLink(writing: Writing, at: Moment, person: Person, issuedBy: Actor, resets: readonly Reset[]): Promise<IssuedLink> {
  await dropLink(writing, person.id)
  const secret = newSecret(at.random)
  const expiresAtMs = at.nowMs + LINK_LIFE_MS
  const [kind, held] = [person.state === 'invited' ? 'invitation' : 'recovery', await heldBy(writing, person)] as const
  writing.put(LINKS, digestOf(secret), { kind, personId: person.id, issuedBy, expiresAtMs, resets, held })
  writing.put(OF_PERSON, person.id, digestOf(secret))
  return { secret, expiresAtMs }
}

export interface OpenLink {
  readonly link: Link
  readonly person: Person
}
export const findLink = async (reading: Reading, nowMs: number, secret: string): Promise<OpenLink | undefined> =>
  SECRET_FORM.test(secret) ? linkOf(reading, nowMs, digestOf(secret)) : undefined

/**
 * The link and whom it lets in. Void as soon as its person holds something else than when it was issued, by whichever way: its issuer knows the secret, and
 * judged no more than that. Void as well once its issuer could not issue it any more: who was shown out must not come back by a link that they kept.
 */
export async function linkOf(reading: Reading, nowMs: number, digest: string): Promise<OpenLink | undefined> {
  const link = await reading.get(LINKS, digest)
  const person = link && link.expiresAtMs > nowMs ? await getPerson(reading, link.personId) : undefined
  if (link === undefined || person?.state !== (link.kind === 'invitation' ? 'invited' : 'active')) return undefined
  return link.held === (await heldBy(reading, person)) && (await couldIssue(reading, link, person)) ? { link, person } : undefined
}

const heldBy = async (reading: Reading, { roles, teams }: Person): Promise<string> =>
  digestOf(JSON.stringify([[...(await grantsOf(reading, roles))].sort(), teams.toSorted()]))

async function couldIssue(reading: Reading, { issuedBy, expiresAtMs }: Link, person: Person): Promise<boolean> {
  if (issuedBy.kind === 'admin-token') return expiresAtMs - LINK_LIFE_MS > ((await switchedAtMs(reading)) ?? Number.NEGATIVE_INFINITY)
  const issuer = issuedBy.kind === 'person' ? await getPerson(reading, issuedBy.id) : undefined
  if (issuer?.state !== 'active') return false
  const permissions = await grantsOf(reading, issuer.roles)
  const holder = { actor: issuedBy, permissions, ownTeams: issuer.teams }
  return permissions.has('people:write') && mayGrant(holder, await grantsOf(reading, person.roles), person.teams)
}

/** Uses a link up, or takes it back. */
export async function dropLink(writing: Writing, personId: string): Promise<void> {
  const digest = await writing.get(OF_PERSON, personId)
  if (digest === undefined) return
  writing.remove(LINKS, digest)
  writing.remove(OF_PERSON, personId)
}
