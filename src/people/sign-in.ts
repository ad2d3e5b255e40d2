// Signing in with a password, and the code that follows. Guesses are counted before they are looked at; hashing runs outside of transactions.
import type { TrailEvent } from '../model/trail-event.ts'
import type { Reading, Writing } from '../ports/store.ts'
import { type Account, type Counted, charge, codeCounts, passwordCounts, settle, waitFor } from './back-off.ts'
import { completeSignIn, type SecondFactorTicket, type SignInOutcome } from './completing.ts'
import { readDevice } from './devices.ts'
import { PASSWORDS } from './factors.ts'
import { type Means, momentOf, type Visit } from './means.ts'
import { preparePassword } from './password-text.ts'
import { findPersonByMail, getPerson, readMail } from './person.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { takeCode, WRONG_CODES_MAX } from './second-factor.ts'
import { isSpent, readTicket, spendTicket } from './tickets.ts'

const ANONYMOUS = { kind: 'anonymous', id: 'anonymous' } as const

export const signInEvent = (personId: string | undefined, visit: Visit, code: string | undefined, detail: TrailEvent['detail']): TrailEvent => ({
  act: 'session.sign-in',
  actor: personId === undefined ? ANONYMOUS : { kind: 'person', id: personId },
  outcome: code === undefined ? 'done' : 'refused',
  ...(code !== undefined && { code }),
  ...(personId !== undefined && { object: { kind: 'person', name: personId } }),
  ...(detail && { detail }),
  personal: { address: visit.address },
})

/** Who is asked for, and what is kept of their password: the same shape of an answer whether there is anybody. */
async function lookUp(reading: Reading, means: Means, nowMs: number, name: string, visit: Visit) {
  const mail = readMail(name)
  const person = mail === undefined ? undefined : await findPersonByMail(reading, mail)
  const kept = await reading.get(PASSWORDS, person?.id ?? 'nobody')
  const account: Account = person ? { personId: person.id } : { unknown: name.slice(0, 320).normalize('NFKC').toLowerCase() }
  const counts = passwordCounts(means.key, account, visit.address, person && readDevice(means.key, nowMs, person, visit.device))
  return { person, kept, counts, wait: await waitFor(reading, counts, nowMs) }
}

/**
 * Signs in with a password. `wrong-credentials` is the one answer for an unknown name, a wrong password, a person who is suspended or has not come yet,
 * and costs the same work each time. `slow-down` is told without looking at the password, and nothing is written for it.
 */
export async function signInWithPassword(
  means: Means,
  given: { readonly mail: string; readonly password: string; readonly visit: Visit },
): Promise<SignInOutcome | Refused<'wrong-credentials' | 'slow-down' | 'busy' | 'use-passkey'>> {
  const { visit } = given
  const at = momentOf(means)
  const asked = await means.store.read((reading) => lookUp(reading, means, at.nowMs, given.mail, visit))
  if (asked.wait > 0) return refuse('slow-down', asked.wait)
  const wait = await means.store.write((writing) => charge(writing, asked.counts, at.nowMs))
  if (wait > 0) return refuse('slow-down', wait)
  const prepared = preparePassword(given.password)
  const { verdict, ...more } = await means.hashing.verify(prepared, asked.kept?.hash)
  if (verdict === 'busy') {
    await means.store.write((writing) => settle(writing, asked.counts, 'not-looked-at'))
    return refuse('busy', 1000)
  }
  const isOutdated = 'isOutdated' in more && more.isOutdated
  const rehashed = isOutdated ? await means.hashing.hash(prepared!) : undefined
  return means.store.write(async (writing) => {
    const person = asked.person && (await getPerson(writing, asked.person.id))
    const kept = person && (await writing.get(PASSWORDS, person.id))
    // What was verified must still be what counts: the password may have been changed meanwhile, and the person suspended.
    const isRight = verdict === 'right' && person?.state === 'active' && kept?.hash === asked.kept?.hash && !kept?.isBurnt
    if (!isRight) {
      await means.record(writing, signInEvent(person?.id, visit, 'wrong-credentials', { method: 'password' }))
      return refuse('wrong-credentials')
    }
    if (rehashed !== undefined) writing.put(PASSWORDS, person.id, { ...kept!, hash: rehashed })
    await settle(writing, asked.counts, 'right')
    const result = await completeSignIn(writing, at, means, person, visit, { methods: ['password'], isTwofold: false })
    const detail = { method: 'password', ...(!isRefused(result) && { leadsTo: result.outcome }) }
    await means.record(writing, signInEvent(person.id, visit, isRefused(result) ? result.refused : undefined, detail))
    return result
  })
}

/**
 * The second step, from the browser that took the first. Counted by person, whatever the address, and a right password takes nothing back: who gets here knows it.
 * After fifty wrong codes in a row it is not taken any more.
 */
export async function signInWithCode(
  means: Means,
  given: { readonly ticket: string; readonly code: string; readonly visit: Visit },
): Promise<SignInOutcome | Refused<'wrong-code' | 'slow-down' | 'begin-again' | 'use-passkey'>> {
  const { visit } = given
  const at = momentOf(means)
  const ticket = readTicket<SecondFactorTicket>(means.key, at.nowMs, 'second-factor', visit.browser, given.ticket)
  if (!ticket) return refuse('begin-again')
  return means.store.write(async (writing) => {
    const person = await getPerson(writing, ticket.data.personId)
    if (person?.state !== 'active' || person.epoch !== ticket.data.epoch || (await isSpent(writing, ticket))) return refuse('begin-again')
    const counts = codeCounts(person.id, readDevice(means.key, at.nowMs, person, visit.device))
    const checked = await checkCode(writing, means, person.id, counts, given.code)
    if (isRefused(checked)) {
      if (checked.refused !== 'slow-down') await means.record(writing, signInEvent(person.id, visit, checked.refused, { method: 'code' }))
      return checked
    }
    await spendTicket(writing, ticket)
    const methods = [...ticket.data.methods, checked.right]
    const result = await completeSignIn(writing, at, means, person, visit, { methods, isTwofold: true })
    await means.record(writing, signInEvent(person.id, visit, undefined, { method: checked.right, leadsTo: 'signed-in' }))
    return isRefused(result) || result.outcome !== 'signed-in'
      ? result
      : { ...result, wrongCodes: checked.wrongBefore, recoveryCodesLeft: checked.recoveryLeft }
  })
}

/** A code, counted and taken. Both in the caller's transaction: of two that show the same code, one is the second. */
export async function checkCode(writing: Writing, means: Means, personId: string, counts: readonly Counted[], code: string) {
  const at = momentOf(means)
  const wait = await charge(writing, counts, at.nowMs)
  if (wait > 0) return refuse('slow-down', wait)
  const checked = await takeCode(writing, at, means.envelope, personId, code)
  if (!checked) return refuse('begin-again')
  if ('wrong' in checked) {
    const kept = await writing.get(PASSWORDS, personId)
    if (checked.wrong >= WRONG_CODES_MAX && kept) writing.put(PASSWORDS, personId, { ...kept, isBurnt: true })
    return refuse('wrong-code')
  }
  await settle(writing, counts, 'right')
  return checked
}
