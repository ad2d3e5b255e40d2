// Factors: what a person signs in with, as it is kept, and whether there is a second one.
import { collection, type Reading, SCAN_LIMIT_MAX, type Writing } from '../ports/store.ts'
import { canWrite, grantsOf } from './grants.ts'
import type { SignInPolicy } from './means.ts'
import type { Person } from './person.ts'
import type { Refused } from './refusal.ts'
import { refuse } from './refusal.ts'
import { type LiveSession, RECENT_MS } from './sessions.ts'

/** Key: person id. */
export const PASSWORDS = collection<{ readonly hash: string; readonly changedAtMs: number; readonly isBurnt?: true }>('person-password')

export interface Totp {
  readonly sealedSeed: string
  readonly confirmedAtMs: number
  /** The step of the last code that was taken: no code is taken twice. */
  readonly lastStep: number
  /** Digests of the recovery codes that are left. */
  readonly recovery: readonly string[]
  /** Wrong codes since the last right one. */
  readonly wrongCodes: number
}
/** Key: person id. */
export const TOTPS = collection<Totp>('person-totp')
/** Seeds that were shown and not confirmed yet. Key: person id. */
export const TOTPS_BEGUN = collection<{ readonly sealedSeed: string; readonly expiresAtMs: number }>('person-totp-begun')

export interface Passkey {
  readonly personId: string
  /** base64url, as the browser names it. */
  readonly credentialId: string
  /** COSE key, base64url. */
  readonly publicKey: string
  readonly signCount: number
  readonly transports: readonly string[]
  /** Whether the authenticator may copy it to other devices. */
  readonly isBackedUp: boolean
  readonly name: string
  readonly createdAtMs: number
  readonly usedAtMs?: number
}
/** Key: digest of the credential's id, which can be longer than a key. */
export const PASSKEYS = collection<Passkey>('passkey')
/** Key: person id, `/`, digest. */
export const PASSKEYS_OF_PERSON = collection<true>('person-passkey')

export async function passkeysOf(reading: Reading, personId: string): Promise<readonly { readonly digest: string; readonly passkey: Passkey }[]> {
  const found: { digest: string; passkey: Passkey }[] = []
  for (const { key } of await reading.scan(PASSKEYS_OF_PERSON, { prefix: `${personId}/`, limit: SCAN_LIMIT_MAX })) {
    const digest = key.slice(personId.length + 1)
    const passkey = await reading.get(PASSKEYS, digest)
    if (passkey) found.push({ digest, passkey })
  }
  return found
}

export interface Factors {
  readonly hasPassword: boolean
  readonly hasTotp: boolean
  readonly hasPasskey: boolean
}
export async function factorsOf(reading: Reading, personId: string): Promise<Factors> {
  return {
    hasPassword: (await reading.get(PASSWORDS, personId)) !== undefined,
    hasTotp: (await reading.get(TOTPS, personId)) !== undefined,
    hasPasskey: (await reading.scan(PASSKEYS_OF_PERSON, { prefix: `${personId}/`, limit: 1 })).length > 0,
  }
}

/** Whether this installation demands a second factor of this person. */
export async function needsSecondFactor(reading: Reading, policy: SignInPolicy, person: Person): Promise<boolean> {
  if (policy.secondFactor === 'writers') return canWrite(await grantsOf(reading, person.roles))
  return policy.secondFactor === 'everyone'
}

/**
 * Whether this session may change what its person signs in with. A full one only just after a proof of who they are: a stolen cookie must not become
 * a passkey. One for enrolling only while there is nothing to enrol beside: it was opened by a password alone.
 */
export function mayChangeFactors({ session }: LiveSession, { hasTotp, hasPasskey }: Factors, nowMs: number): Refused<'step-up-needed'> | undefined {
  const isAllowed = session.level === 'full' ? isRecent(session, nowMs) : !hasTotp && !hasPasskey
  return isAllowed ? undefined : refuse('step-up-needed')
}
export const isRecent = (session: { readonly level: string; readonly provedAtMs: number }, nowMs: number): boolean =>
  session.level === 'full' && nowMs - session.provedAtMs < RECENT_MS

export async function removeSecondFactors(writing: Writing, personId: string): Promise<void> {
  writing.remove(TOTPS, personId)
  writing.remove(TOTPS_BEGUN, personId)
  for (const { digest } of await passkeysOf(writing, personId)) {
    writing.remove(PASSKEYS, digest)
    writing.remove(PASSKEYS_OF_PERSON, `${personId}/${digest}`)
  }
}
