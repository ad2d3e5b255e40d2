// Setting a password: by a link, or in place of the one that is known. Whatever was signed in before is signed out.
import type { Writing } from '../ports/store.ts'
import { CODE_BUDGET, type Counted, charge, settle } from './back-off.ts'
import { completeSignIn, type SignInOutcome } from './completing.ts'
import { isRecent, PASSWORDS, removeSecondFactors } from './factors.ts'
import { dropLink, findLink } from './links.ts'
import { type Means, type Moment, momentOf, type Visit } from './means.ts'
import { acceptablePassword, type PasswordRefusal, preparePassword } from './password-text.ts'
import { type Person, putPerson } from './person.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { endSessions, type IssuedSession, type LiveSession, liveSession, rotateSession } from './sessions.ts'
import { losesLastOwner } from './ways-in.ts'

/** The person under the next epoch, with this password: sessions, tickets and devices of before are void. */
function withPassword(writing: Writing, at: Moment, person: Person, hash: string | undefined): Person {
  const next: Person = { ...person, epoch: person.epoch + 1, state: 'active' }
  putPerson(writing, next, person)
  if (hash !== undefined) writing.put(PASSWORDS, person.id, { hash, changedAtMs: at.nowMs })
  return next
}

/**
 * Uses a link up. An invitation makes the person active; with a password, or without one to enrol a passkey in the session that follows. A recovery
 * first takes away what it was issued to reset; what is left is still asked for. A password that is refused leaves the link good. The last owner sets one.
 */
export async function redeemLink(
  means: Means,
  given: { readonly secret: string; readonly password?: string; readonly visit: Visit },
): Promise<SignInOutcome | { readonly outcome: 'reset' } | Refused<PasswordRefusal | 'link-void' | 'busy' | 'password-needed' | 'use-passkey'>> {
  const at = momentOf(means)
  const found = await means.store.read((reading) => findLink(reading, at.nowMs, given.secret))
  if (!found) return refuse('link-void')
  const { link } = found
  const setsPassword = link.kind === 'invitation' || link.resets.includes('password')
  if (given.password === undefined && setsPassword && link.kind === 'recovery' && !link.resets.includes('second-factor')) return refuse('password-needed')
  let hash: string | undefined
  if (given.password !== undefined && setsPassword) {
    const accepted = acceptablePassword(given.password, [found.person.name, found.person.mail, means.site.name])
    if (isRefused(accepted)) return accepted
    hash = await means.hashing.hash(accepted.password)
    if (hash === undefined) return refuse('busy', 1000)
  }
  return means.store.write(async (writing) => {
    const open = await findLink(writing, at.nowMs, given.secret)
    if (!open) return refuse('link-void')
    const { link: still, person } = open
    // Who closes the page before the passkey is made has nothing to come back with.
    if (hash === undefined && still.resets.includes('password') && (await losesLastOwner(writing, { person: person.id }))) return refuse('password-needed')
    await dropLink(writing, person.id)
    if (still.resets.includes('password')) writing.remove(PASSWORDS, person.id)
    if (still.resets.includes('second-factor')) await removeSecondFactors(writing, person.id)
    const next = withPassword(writing, at, person, hash)
    await endSessions(writing, person.id)
    const object = { kind: 'person', name: person.id }
    const actor = { kind: 'person', id: person.id } as const
    await means.record(writing, {
      act: still.kind === 'invitation' ? 'person.accept' : 'person.recover',
      actor,
      outcome: 'done',
      object,
      detail: { resets: still.resets, hasPassword: hash !== undefined },
      personal: { address: given.visit.address },
    })
    // Only the second factor was lost: the password that was kept is still to be shown.
    if (!setsPassword) return { outcome: 'reset' }
    return completeSignIn(writing, at, means, next, given.visit, { methods: hash === undefined ? ['link'] : ['link', 'password'], isTwofold: false })
  })
}

const changeCount = (personId: string): Counted[] => [{ key: `change/${personId}`, budget: CODE_BUDGET }]

/**
 * Another password, for who knows the one that counts now; or the first, for who has just proved who they are otherwise. Ends all other sessions, and gives this one a
 * new secret.
 */
export async function changePassword(
  means: Means,
  live: LiveSession,
  given: { readonly current?: string; readonly password: string },
): Promise<IssuedSession | Refused<PasswordRefusal | 'wrong-credentials' | 'step-up-needed' | 'slow-down' | 'busy' | 'signed-out'>> {
  const at = momentOf(means)
  const personId = live.person.id
  const kept = await means.store.read((reading) => reading.get(PASSWORDS, personId))
  const accepted = acceptablePassword(given.password, [live.person.name, live.person.mail, means.site.name])
  if (isRefused(accepted)) return accepted
  if (!kept && !isRecent(live.session, at.nowMs) && live.session.level === 'full') return refuse('step-up-needed')
  if (kept) {
    const refused = await provePassword(means, personId, kept.hash, given.current ?? '')
    if (refused) return refused
  }
  const hash = await means.hashing.hash(accepted.password)
  if (hash === undefined) return refuse('busy', 1000)
  return means.store.write(async (writing) => {
    const still = await liveSession(writing, at.nowMs, live.digest)
    if (!still || (await writing.get(PASSWORDS, personId))?.hash !== kept?.hash) return refuse('signed-out')
    const next = withPassword(writing, at, still.person, hash)
    await endSessions(writing, personId, live.digest)
    // A link that is under way was asked for by somebody who did not know this password.
    await dropLink(writing, personId)
    const session = await rotateSession(writing, at, means.key, live.digest, { epoch: next.epoch })
    await means.record(writing, {
      act: 'password.change',
      actor: { kind: 'person', id: personId },
      outcome: 'done',
      object: { kind: 'person', name: personId },
      personal: { address: live.session.address },
    })
    return session ?? refuse('signed-out')
  })
}

/** Whether this is the password of the person, counted like a guess: a stolen session must not become a place to guess at it. */
export async function provePassword(
  means: Means,
  personId: string,
  stored: string,
  password: string,
): Promise<Refused<'wrong-credentials' | 'slow-down' | 'busy'> | undefined> {
  const { nowMs } = momentOf(means)
  const wait = await means.store.write((writing) => charge(writing, changeCount(personId), nowMs))
  if (wait > 0) return refuse('slow-down', wait)
  const { verdict } = await means.hashing.verify(preparePassword(password), stored)
  if (verdict === 'wrong') return refuse('wrong-credentials')
  await means.store.write((writing) => settle(writing, changeCount(personId), verdict === 'right' ? 'right' : 'not-looked-at'))
  return verdict === 'busy' ? refuse('busy', 1000) : undefined
}
