// Passkeys (WebAuthn level 3): registering one, signing in with one, stepping up with one. User verification makes it two factors in one.
import {
  type AuthenticationResponseJSON,
  type AuthenticatorTransport,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import type { Writing } from '../ports/store.ts'
import { completeSignIn, type SignInOutcome } from './completing.ts'
import { factorsOf, mayChangeFactors, needsSecondFactor, PASSKEYS, PASSKEYS_OF_PERSON, type Passkey, passkeysOf } from './factors.ts'
import { type Means, momentOf, type Visit } from './means.ts'
import { getPerson, isPersonName } from './person.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { digestOf } from './secret-text.ts'
import { type IssuedSession, type LiveSession, rotateSession } from './sessions.ts'
import { signInEvent } from './sign-in.ts'
import { provedAgain } from './step-up.ts'
import { issueTicket, readTicket, spendTicket, type TicketPurpose } from './tickets.ts'
import { hasWayIn } from './ways-in.ts'

const CHALLENGE_MS = 5 * 60_000
export const PASSKEYS_MAX = 20
/** EdDSA, ES256, RS256 (RFC 9053, RFC 8812): what authenticators have, and nothing with SHA-1. */
const ALGORITHMS = [-8, -7, -257]

/** A challenge is a ticket: random, signed, bound to what came along, over in five minutes, good once. */
function challenge(means: Means, purpose: TicketPurpose, binding: string, data: unknown): string {
  return issueTicket(means.key, momentOf(means), purpose, binding, data, CHALLENGE_MS).text
}

/** The ticket that stands in what the browser signed, used up. */
async function takeChallenge<T>(writing: Writing, means: Means, purpose: TicketPurpose, binding: string, clientDataJson: unknown) {
  const { nowMs } = momentOf(means)
  const signed = signedChallenge(clientDataJson)
  const ticket = signed === undefined ? undefined : readTicket<T>(means.key, nowMs, purpose, binding, Buffer.from(signed, 'base64url').toString())
  return ticket && (await spendTicket(writing, ticket)) ? { data: ticket.data, signed: signed! } : undefined
}
function signedChallenge(clientDataJson: unknown): string | undefined {
  if (typeof clientDataJson !== 'string' || clientDataJson.length > 8192) return undefined
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJson, 'base64url').toString())
    const found = typeof data === 'object' && data !== null && 'challenge' in data ? data.challenge : undefined
    return typeof found === 'string' ? found : undefined
  } catch {
    return undefined
  }
}

/** What `navigator.credentials.create` is called with. Bound to the session. */
export async function passkeyRegistration(
  means: Means,
  live: LiveSession,
): Promise<PublicKeyCredentialCreationOptionsJSON | Refused<'step-up-needed' | 'too-many-passkeys'>> {
  const { factors, passkeys } = await means.store.read(async (reading) => ({
    factors: await factorsOf(reading, live.person.id),
    passkeys: await passkeysOf(reading, live.person.id),
  }))
  const refused = mayChangeFactors(live, factors, momentOf(means).nowMs)
  if (refused) return refused
  if (passkeys.length >= PASSKEYS_MAX) return refuse('too-many-passkeys')
  return generateRegistrationOptions({
    rpName: means.site.name,
    rpID: means.site.rpId,
    // The pseudonym: authenticators show and sync what stands here (WebAuthn 14.6.1).
    userID: new Uint8Array(Buffer.from(live.person.id)),
    userName: live.person.mail || live.person.name,
    userDisplayName: live.person.name,
    challenge: challenge(means, 'passkey-registration', live.digest, live.person.id),
    timeout: CHALLENGE_MS,
    attestationType: 'none',
    excludeCredentials: passkeys.map(({ passkey }) => ({ id: passkey.credentialId })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: ALGORITHMS,
  })
}

/** Keeps the passkey that the browser made. The session gets a new secret, and is a full one from here on. */
export async function registerPasskey(
  means: Means,
  live: LiveSession,
  given: { readonly name: string; readonly response: RegistrationResponseJSON },
): Promise<{ readonly session: IssuedSession; readonly passkey: Passkey } | Refused<'step-up-needed' | 'name-unreadable' | 'not-verified' | 'signed-out'>> {
  const at = momentOf(means)
  if (!isPersonName(given.name)) return refuse('name-unreadable')
  return means.store.write(async (writing) => {
    const refused = mayChangeFactors(live, await factorsOf(writing, live.person.id), at.nowMs)
    if (refused) return refused
    const taken = await takeChallenge<string>(writing, means, 'passkey-registration', live.digest, given.response.response?.clientDataJSON)
    const made = taken?.data === live.person.id ? await verifiedRegistration(means, given.response, taken.signed) : undefined
    if (!made) return refuse('not-verified')
    const digest = digestOf(made.credential.id)
    // A credential belongs to one person (WebAuthn 7.1, step 26).
    if ((await writing.get(PASSKEYS, digest)) !== undefined || (await passkeysOf(writing, live.person.id)).length >= PASSKEYS_MAX) return refuse('not-verified')
    const passkey: Passkey = {
      personId: live.person.id,
      credentialId: made.credential.id,
      publicKey: Buffer.from(made.credential.publicKey).toString('base64url'),
      signCount: made.credential.counter,
      transports: (made.credential.transports ?? []).filter((each) => /^[a-z-]{1,20}$/.test(each)).slice(0, 8),
      isBackedUp: made.credentialBackedUp,
      name: given.name,
      createdAtMs: at.nowMs,
    }
    const session = await rotateSession(writing, at, means.key, live.digest, { level: 'full', provedAtMs: at.nowMs })
    if (!session) return refuse('signed-out')
    writing.put(PASSKEYS, digest, passkey)
    writing.put(PASSKEYS_OF_PERSON, `${live.person.id}/${digest}`, true)
    await means.record(writing, {
      act: 'passkey.add',
      actor: { kind: 'person', id: live.person.id },
      outcome: 'done',
      object: { kind: 'passkey', name: digest.slice(0, 16) },
      personal: { address: live.session.address },
    })
    return { session, passkey }
  })
}

async function verifiedRegistration(means: Means, response: RegistrationResponseJSON, expectedChallenge: string) {
  try {
    const verified = await verifyRegistrationResponse({
      response,
      expectedChallenge,
      expectedOrigin: means.site.origin,
      expectedRPID: means.site.rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    })
    return verified.verified ? verified.registrationInfo : undefined
  } catch {
    // The library throws for whatever it does not accept, and for whatever is not what it expects to read.
    return undefined
  }
}

/** What `navigator.credentials.get` is called with, for a sign-in that names nobody: the authenticator knows who. Bound to the browser; nothing is stored. */
export const passkeySignIn = (means: Means, visit: Visit): Promise<PublicKeyCredentialRequestOptionsJSON> => requestOptions(means, visit.browser, '')
/** The same for a session that steps up, with this person's passkeys only. */
export async function passkeyStepUp(means: Means, live: LiveSession): Promise<PublicKeyCredentialRequestOptionsJSON> {
  const passkeys = await means.store.read((reading) => passkeysOf(reading, live.person.id))
  return requestOptions(
    means,
    live.digest,
    live.person.id,
    passkeys.map(({ passkey }) => passkey),
  )
}
const requestOptions = (means: Means, binding: string, personId: string, allowed?: readonly Passkey[]): Promise<PublicKeyCredentialRequestOptionsJSON> =>
  generateAuthenticationOptions({
    rpID: means.site.rpId,
    challenge: challenge(means, 'passkey-sign-in', binding, personId),
    timeout: CHALLENGE_MS,
    userVerification: 'required',
    ...(allowed && {
      allowCredentials: allowed.map(({ credentialId, transports }) => ({ id: credentialId, transports: transports as AuthenticatorTransport[] })),
    }),
  })

/** Signs in. `not-verified` is the one answer to everything that is wrong with what the browser brought. */
export async function signInWithPasskey(
  means: Means,
  given: { readonly response: AuthenticationResponseJSON; readonly visit: Visit },
): Promise<SignInOutcome | Refused<'not-verified' | 'use-passkey'>> {
  const at = momentOf(means)
  return means.store.write(async (writing) => {
    const used = await usePasskey(writing, means, given.response, given.visit.browser, '')
    const person = used && (await getPerson(writing, used.personId))
    const event = (code?: string) => signInEvent(used?.personId, given.visit, code, { method: 'passkey' })
    if (person?.state !== 'active') {
      // Only what names a passkey of ours is written down: anybody can send anything else.
      if (used) await means.record(writing, event('not-verified'))
      return refuse('not-verified')
    }
    const result = await completeSignIn(writing, at, means, person, given.visit, { methods: ['passkey'], isTwofold: true })
    await means.record(writing, event(isRefused(result) ? result.refused : undefined))
    return result
  })
}

export async function stepUpWithPasskey(
  means: Means,
  live: LiveSession,
  response: AuthenticationResponseJSON,
): Promise<IssuedSession | Refused<'not-verified' | 'signed-out'>> {
  return means.store.write(async (writing) => {
    const used = await usePasskey(writing, means, response, live.digest, live.person.id)
    return used?.personId === live.person.id ? provedAgain(writing, means, live, 'passkey') : refuse('not-verified')
  })
}

/** The passkey that signed, with its challenge used up and its counter moved on in the same transaction. */
async function usePasskey(
  writing: Writing,
  means: Means,
  response: AuthenticationResponseJSON,
  binding: string,
  personId: string,
): Promise<Passkey | undefined> {
  if (typeof response.id !== 'string' || response.id.length > 2048) return undefined
  const digest = digestOf(response.id)
  const passkey = await writing.get(PASSKEYS, digest)
  // Unknown credentials first: what strangers send writes nothing.
  if (!passkey || (personId !== '' && passkey.personId !== personId)) return undefined
  const taken = await takeChallenge<string>(writing, means, 'passkey-sign-in', binding, response.response?.clientDataJSON)
  if (taken?.data !== personId) return undefined
  const handle = response.response.userHandle
  // WebAuthn 7.2, step 6: who the authenticator says it is must be whose passkey it is.
  if (personId === '' ? handle === undefined || !isHandleOf(handle, passkey) : handle !== undefined && !isHandleOf(handle, passkey)) return undefined
  const signCount = await verifiedCount(means, response, taken.signed, passkey)
  if (signCount === undefined) return undefined
  writing.put(PASSKEYS, digest, { ...passkey, signCount, usedAtMs: momentOf(means).nowMs })
  return passkey
}
const isHandleOf = (handle: unknown, { personId }: Passkey): boolean => handle === Buffer.from(personId).toString('base64url')

async function verifiedCount(means: Means, response: AuthenticationResponseJSON, expectedChallenge: string, passkey: Passkey): Promise<number | undefined> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge,
      expectedOrigin: means.site.origin,
      expectedRPID: means.site.rpId,
      requireUserVerification: true,
      // A counter that does not go on is a copy of the authenticator (WebAuthn 6.1.1): the library refuses it.
      credential: { id: passkey.credentialId, publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')), counter: passkey.signCount },
    })
    return verified ? authenticationInfo.newCounter : undefined
  } catch {
    return undefined
  }
}

/** Removes one of the person's passkeys; refused while a second factor is demanded and this is the last, or when they could not come in without it. */
export async function removePasskey(
  writing: Writing,
  means: Means,
  live: LiveSession,
  digest: string,
): Promise<{ readonly removed: true } | Refused<'step-up-needed' | 'unknown-passkey' | 'second-factor-demanded' | 'last-way-in'>> {
  const factors = await factorsOf(writing, live.person.id)
  const refused = mayChangeFactors(live, factors, momentOf(means).nowMs)
  if (refused) return refused
  const passkeys = await passkeysOf(writing, live.person.id)
  if (!passkeys.some((each) => each.digest === digest)) return refuse('unknown-passkey')
  if (passkeys.length === 1 && !factors.hasTotp && (await needsSecondFactor(writing, means.policy, live.person))) return refuse('second-factor-demanded')
  if (passkeys.length === 1 && !(await hasWayIn(writing, live.person.id, { passkeys: true }))) return refuse('last-way-in')
  writing.remove(PASSKEYS, digest)
  writing.remove(PASSKEYS_OF_PERSON, `${live.person.id}/${digest}`)
  return { removed: true }
}
