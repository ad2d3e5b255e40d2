// The second factor: enrolling an authenticator app, checking its codes once each, and recovery codes for the day it is lost.
import { hash } from 'node:crypto'
import type { Envelope } from '../ports/envelope.ts'
import type { Writing } from '../ports/store.ts'
import { factorsOf, mayChangeFactors, needsSecondFactor, TOTPS, TOTPS_BEGUN, type Totp } from './factors.ts'
import type { Means, Moment } from './means.ts'
import { type Refused, refuse } from './refusal.ts'
import { type IssuedSession, type LiveSession, rotateSession } from './sessions.ts'
import { base32, keyUri, matchingStep, SEED_OCTETS } from './totp.ts'

const BEGUN_LIFE_MS = 15 * 60_000
export const RECOVERY_CODES = 10
/** After so many wrong codes in a row the password that let somebody try them is known to a stranger, and is not taken any more. */
export const WRONG_CODES_MAX = 50

/** The place that a person's seed is sealed for. */
export const sealedFor = (personId: string): string => `totp/${personId}`

/** A new seed, as text and for a QR code; shown once. It counts when a code of it has been shown. */
export async function beginTotp(
  writing: Writing,
  at: Moment,
  means: Pick<Means, 'envelope' | 'site'>,
  live: LiveSession,
): Promise<{ readonly seed: string; readonly uri: string } | Refused<'step-up-needed' | 'password-needed'>> {
  const factors = await factorsOf(writing, live.person.id)
  const refused = mayChangeFactors(live, factors, at.nowMs)
  if (refused) return refused
  // A code is a second factor: without a first one nobody could ever show it.
  if (!factors.hasPassword) return refuse('password-needed')
  const seed = at.random(SEED_OCTETS)
  writing.put(TOTPS_BEGUN, live.person.id, {
    sealedSeed: means.envelope.seal(seed, sealedFor(live.person.id)),
    expiresAtMs: at.nowMs + BEGUN_LIFE_MS,
  })
  return { seed: base32(seed), uri: keyUri(seed, means.site.name, live.person.mail) }
}

export interface Enrolled {
  readonly session: IssuedSession
  /** Shown once. */
  readonly recoveryCodes: readonly string[]
}

/** Enrols the seed that was begun, for who can show a code of it. The session gets a new secret, and is a full one from here on. */
export async function confirmTotp(
  writing: Writing,
  at: Moment,
  means: Pick<Means, 'envelope' | 'key'>,
  live: LiveSession,
  code: string,
): Promise<Enrolled | Refused<'step-up-needed' | 'nothing-begun' | 'wrong-code' | 'signed-out'>> {
  const personId = live.person.id
  const refused = mayChangeFactors(live, await factorsOf(writing, personId), at.nowMs)
  if (refused) return refused
  const begun = await writing.get(TOTPS_BEGUN, personId)
  if (!begun || begun.expiresAtMs <= at.nowMs) return refuse('nothing-begun')
  const step = matchingStep(means.envelope.open(begun.sealedSeed, sealedFor(personId)), code, at.nowMs, -1)
  if (step === undefined) return refuse('wrong-code')
  const session = await rotateSession(writing, at, means.key, live.digest, {
    level: 'full',
    provedAtMs: at.nowMs,
    methods: [...new Set([...live.session.methods, 'totp' as const])],
  })
  if (!session) return refuse('signed-out')
  const { codes, recovery } = recoveryCodes(at)
  writing.remove(TOTPS_BEGUN, personId)
  writing.put(TOTPS, personId, { sealedSeed: begun.sealedSeed, confirmedAtMs: at.nowMs, lastStep: step, recovery, wrongCodes: 0 })
  return { session, recoveryCodes: codes }
}

/** Ten new recovery codes; those of before are void. */
export async function renewRecoveryCodes(
  writing: Writing,
  at: Moment,
  live: LiveSession,
): Promise<{ readonly recoveryCodes: readonly string[] } | Refused<'step-up-needed' | 'no-second-factor'>> {
  const refused = mayChangeFactors(live, await factorsOf(writing, live.person.id), at.nowMs)
  if (refused) return refused
  const totp = await writing.get(TOTPS, live.person.id)
  if (!totp) return refuse('no-second-factor')
  const { codes, recovery } = recoveryCodes(at)
  writing.put(TOTPS, live.person.id, { ...totp, recovery })
  return { recoveryCodes: codes }
}

/** Stops asking for codes; refused while the installation demands a second factor and no passkey is one. */
export async function removeTotp(
  writing: Writing,
  at: Moment,
  means: Pick<Means, 'policy'>,
  live: LiveSession,
): Promise<{ readonly removed: true } | Refused<'step-up-needed' | 'no-second-factor' | 'second-factor-demanded'>> {
  const factors = await factorsOf(writing, live.person.id)
  const refused = mayChangeFactors(live, factors, at.nowMs)
  if (refused) return refused
  if (!factors.hasTotp) return refuse('no-second-factor')
  if (!factors.hasPasskey && (await needsSecondFactor(writing, means.policy, live.person))) return refuse('second-factor-demanded')
  writing.remove(TOTPS, live.person.id)
  return { removed: true }
}

export type CodeCheck = { readonly right: 'totp' | 'recovery-code'; readonly wrongBefore: number; readonly recoveryLeft: number } | { readonly wrong: number }

/**
 * Takes a code of the app or a recovery code, which is good no second time: the step or the code is used up in the transaction that found it right. How many came
 * wrong in a row is counted along.
 */
export async function takeCode(writing: Writing, at: Moment, envelope: Envelope, personId: string, code: string): Promise<CodeCheck | undefined> {
  const totp = await writing.get(TOTPS, personId)
  if (!totp) return undefined
  const taken = takenBy(totp, envelope.open(totp.sealedSeed, sealedFor(personId)), code, at.nowMs)
  if (taken) {
    writing.put(TOTPS, personId, { ...taken.totp, wrongCodes: 0 })
    return { right: taken.right, wrongBefore: totp.wrongCodes, recoveryLeft: taken.totp.recovery.length }
  }
  writing.put(TOTPS, personId, { ...totp, wrongCodes: totp.wrongCodes + 1 })
  return { wrong: totp.wrongCodes + 1 }
}

function takenBy(totp: Totp, seed: Uint8Array, given: string, nowMs: number): { readonly totp: Totp; readonly right: 'totp' | 'recovery-code' } | undefined {
  const code = given.length > 40 ? '' : given.replace(/[\s-]/g, '').toUpperCase()
  const step = matchingStep(seed, code, nowMs, totp.lastStep)
  if (step !== undefined) return { totp: { ...totp, lastStep: step }, right: 'totp' }
  const digest = hash('sha256', code)
  return totp.recovery.includes(digest) ? { totp: { ...totp, recovery: totp.recovery.filter((each) => each !== digest) }, right: 'recovery-code' } : undefined
}

/** Ten codes of 80 random bits each: too many to guess, so a plain digest of each is kept. */
function recoveryCodes(at: Moment): { readonly codes: string[]; readonly recovery: string[] } {
  const plain = Array.from({ length: RECOVERY_CODES }, () => base32(at.random(10)))
  return { codes: plain.map((each) => each.replace(/(.{4})(?=.)/g, '$1-')), recovery: plain.map((each) => hash('sha256', each)) }
}
