// The last step of every sign-in: whether what was shown is enough, and what session it opens.
import type { Writing } from '../ports/store.ts'
import { issueDevice } from './devices.ts'
import { factorsOf, needsSecondFactor } from './factors.ts'
import type { Means, Moment, Visit } from './means.ts'
import type { Person } from './person.ts'
import { type Refused, refuse } from './refusal.ts'
import { type IssuedSession, openSession, type SignInMethod } from './sessions.ts'
import { issueTicket } from './tickets.ts'

const SECOND_FACTOR_MS = 5 * 60_000

export interface SignedIn {
  readonly outcome: 'signed-in'
  readonly session: IssuedSession
  /** For the device cookie. */
  readonly device: string
  /** Wrong codes since the last right one, for the person to be told. */
  readonly wrongCodes?: number
  readonly recoveryCodesLeft?: number
}
export type SignInOutcome =
  | SignedIn
  /** The password was right; a code is to follow from the same browser within five minutes. No session yet. */
  | { readonly outcome: 'second-factor'; readonly ticket: string; readonly expiresAtMs: number; readonly personId: string }
  /** A second factor is demanded and there is none: the session can do nothing but enrol one. */
  | { readonly outcome: 'enrol'; readonly session: IssuedSession }

export interface SecondFactorTicket {
  readonly personId: string
  readonly epoch: number
  readonly methods: readonly SignInMethod[]
}

/**
 * What follows when `methods` have proved one factor, or with `isTwofold` two. One is never enough for who has a second: a password alone must neither
 * sign in nor enrol another factor beside theirs.
 */
export async function completeSignIn(
  writing: Writing,
  at: Moment,
  means: Means,
  person: Person,
  visit: Visit,
  proof: { readonly methods: readonly SignInMethod[]; readonly isTwofold: boolean },
): Promise<SignInOutcome | Refused<'use-passkey'>> {
  const { methods } = proof
  const factors = await factorsOf(writing, person.id)
  if (!proof.isTwofold) {
    if (factors.hasTotp) {
      const data: SecondFactorTicket = { personId: person.id, epoch: person.epoch, methods }
      const ticket = issueTicket(means.key, at, 'second-factor', visit.browser, data, SECOND_FACTOR_MS)
      return { outcome: 'second-factor', ticket: ticket.text, expiresAtMs: ticket.expiresAtMs, personId: person.id }
    }
    if (factors.hasPasskey) return refuse('use-passkey')
    // Who came by a link and set no password has nothing to come back with.
    if (methods.at(-1) === 'link' || (await needsSecondFactor(writing, means.policy, person)))
      return { outcome: 'enrol', session: await openSession(writing, at, means.key, person, visit, { level: 'enrol-only', methods }) }
  }
  const session = await openSession(writing, at, means.key, person, visit, { level: 'full', methods })
  return { outcome: 'signed-in', session, device: issueDevice(means.key, at, person) }
}
