// What the tests about people bring about in the world: passwords, apps, passkeys, sessions of any kind, a provider that people come through.
import { after } from 'node:test'
import { cookieName } from '../../src/people/cookies.ts'
import { PASSKEYS, PASSKEYS_OF_PERSON, PASSWORDS } from '../../src/people/factors.ts'
import type { Holder } from '../../src/people/grants.ts'
import { momentOf } from '../../src/people/means.ts'
import { passkeyRegistration, registerPasskey } from '../../src/people/passkeys.ts'
import { PasswordHashing } from '../../src/people/password-hashing.ts'
import { invitePerson } from '../../src/people/people.ts'
import { getPerson, type Person, putPerson } from '../../src/people/person.ts'
import { beginTotp, confirmTotp } from '../../src/people/second-factor.ts'
import { digestOf } from '../../src/people/secret-text.ts'
import { type LiveSession, liveSession, openSession, type SessionLevel } from '../../src/people/sessions.ts'
import { signInWithPassword } from '../../src/people/sign-in.ts'
import { putProvider } from '../../src/people/sso-provider.ts'
import { accountKey, SSO_ACCOUNTS, SSO_OF_PERSON } from '../../src/people/sso-records.ts'
import { type IdentityProvider, identityProvider, openEgress } from '../support/identity-provider.ts'
import { ADMIN, CHEAP, codeOf, granted, PASSWORD } from '../support/people-room.ts'
import { SoftwareAuthenticator } from '../support/software-authenticator.ts'
import { type Asker, PEOPLE, type PersonName, type World } from './world.ts'

export { ADMIN, codeOf, granted, PASSWORD }
export const SITE = 'http://localhost:8081'
export const BROWSER = 'B'.repeat(43)
export const OTHER_BROWSER = 'C'.repeat(43)
const ADDRESS = '127.0.0.1'

export const meansOf = (world: World) => world.plane.services.people
export const isPerson = (asker: Asker): asker is PersonName => Object.hasOwn(PEOPLE, asker)
export const personOf = async (world: World, name: PersonName): Promise<Person> =>
  (await world.store.read((reading) => getPerson(reading, world.personId(name))))!
export const mailOf = (name: string): string => `${name}@example.org`
export const browserCookie = (value = BROWSER): string => `${cookieName('browser', false)}=${value}`
/** As a browser that has begun something, and is not signed in. */
export const asBrowser = (world: World, value = BROWSER) => ({ headers: { cookie: browserCookie(value), origin: world.client.origin } })

/** The owner has it from the beginning. */
export async function givePassword(world: World, name: PersonName, password = PASSWORD): Promise<void> {
  const hash = (await meansOf(world).hashing.hash(password))!
  await world.store.write(async (writing) => writing.put(PASSWORDS, world.personId(name), { hash, changedAtMs: world.plane.nowMs() }))
}

export interface Held {
  readonly secret: string
  readonly live: LiveSession
  readonly headers: { readonly cookie: string; readonly origin: string; readonly 'x-csrf-token': string }
}
/** A further session of somebody. `ago`: how long ago they proved who they are. */
export async function sessionOf(world: World, name: PersonName, how: { level?: SessionLevel; agoMs?: number } = {}): Promise<Held> {
  const means = meansOf(world)
  const at = momentOf(means)
  const person = await personOf(world, name)
  const visit = { address: ADDRESS, browser: BROWSER }
  return world.store.write(async (writing) => {
    const session = await openSession(writing, { ...at, nowMs: at.nowMs - (how.agoMs ?? 0) }, means.key, person, visit, {
      level: how.level ?? 'full',
      methods: ['password'],
    })
    const live = (await liveSession(writing, at.nowMs, session.digest))!
    const cookie = `${cookieName('session', false)}=${session.secret}; ${browserCookie()}`
    return { secret: session.secret, live, headers: { cookie, origin: world.client.origin, 'x-csrf-token': session.csrf } }
  })
}

/** An authenticator app, its first code used up. Needs a password. */
export async function giveTotp(world: World, name: PersonName): Promise<{ seed: string; code: () => string; recoveryCodes: readonly string[] }> {
  const means = meansOf(world)
  const { live } = await sessionOf(world, name)
  const { seed } = granted(await world.store.write((writing) => beginTotp(writing, momentOf(means), means, live)))
  const code = (): string => codeOf(seed, world.plane.nowMs())
  const { recoveryCodes } = granted(await world.store.write((writing) => confirmTotp(writing, momentOf(means), means, live, code())))
  world.clock.advanceMs(60_000)
  return { seed, code, recoveryCodes }
}

export async function givePasskey(world: World, name: PersonName): Promise<SoftwareAuthenticator> {
  const means = meansOf(world)
  const { live } = await sessionOf(world, name)
  const authenticator = new SoftwareAuthenticator(SITE)
  const response = authenticator.create(granted(await passkeyRegistration(means, live)))
  granted(await registerPasskey(means, live, { name: 'key', response }))
  return authenticator
}
/** Records alone, to stand in the way of further ones. */
export const fillPasskeys = (world: World, name: PersonName): Promise<void> =>
  world.store.write(async (writing) => {
    for (let i = 0; i < 20; i++) {
      const [personId, digest] = [world.personId(name), digestOf(`passkey ${i}`)]
      const more = { credentialId: `AA${i}`, publicKey: 'AA', signCount: 0, transports: [], isBackedUp: false, createdAtMs: 0, name: `key ${i}` }
      writing.put(PASSKEYS, digest, { personId, ...more })
      writing.put(PASSKEYS_OF_PERSON, `${personId}/${digest}`, true)
    }
  })

/** From here on every hash is one too many. */
export function makeBusy(world: World): void {
  const { key, random } = meansOf(world)
  Object.assign(meansOf(world), { hashing: new PasswordHashing({ key, random, costs: CHEAP, atOnceMax: 0, waitingMax: 0 }) })
}

export async function ticketFor(world: World, name: PersonName, browser = BROWSER): Promise<string> {
  const result = granted(await signInWithPassword(meansOf(world), { mail: mailOf(name), password: PASSWORD, visit: { address: ADDRESS, browser } }))
  if (result.outcome !== 'second-factor') throw new Error(result.outcome)
  return result.ticket
}

export const invite = (world: World, roles: readonly string[] = ['viewer'], mail = 'new@example.org') =>
  world.store.write(async (writing) => granted(await invitePerson(writing, momentOf(meansOf(world)), ADMIN, { name: 'New Person', mail, roles, teams: [] })))
export async function change(world: World, name: PersonName, how: Partial<Person>): Promise<void> {
  const before = await personOf(world, name)
  await world.store.write(async (writing) => putPerson(writing, { ...before, ...how }, before))
}

let shared: Promise<IdentityProvider> | undefined
after(async () => (await shared)?.close())
export const HOLDER: Holder = ADMIN
/** A real provider over there, known here as `main`; the world's way out leads to it. */
export async function withProvider(world: World, more: { provesSecondFactor?: boolean } = {}): Promise<IdentityProvider> {
  shared ??= identityProvider([`${SITE}/sign-in/main/callback`])
  const provider = await shared
  const out = openEgress()
  world.answerOutbound = (request) => out.fetch(request)
  await knowProvider(world, provider.issuer, provider.clientSecret, more.provesSecondFactor ?? true)
  return provider
}
/** What somebody has there is theirs here: they come in through `main`. */
export const bind = (world: World, name: PersonName, { issuer }: { readonly issuer: string }, subject: string): Promise<void> =>
  world.store.write(async (writing) => {
    const [personId, key] = [world.personId(name), accountKey(issuer, subject)]
    writing.put(SSO_ACCOUNTS, key, { personId, provider: 'main', boundAtMs: 0 })
    writing.put(SSO_OF_PERSON, `${personId}/${key}`, { provider: 'main', issuer })
  })
/** The owner has nothing to sign in with but an account at `main`. */
export async function ownerThroughProvider(world: World): Promise<void> {
  await knowProvider(world, 'https://login.example', 'a-secret')
  await bind(world, 'owner', { issuer: 'https://login.example' }, 'the-owner')
  await world.store.write(async (writing) => writing.remove(PASSWORDS, world.personId('owner')))
}
export const knowProvider = (world: World, issuer: string, clientSecret: string, provesSecondFactor = true, clientId = 'gatehouse') =>
  world.store.write(async (writing) =>
    granted(await putProvider(writing, meansOf(world).envelope, ADMIN, { name: 'main', says: 'Main', issuer, clientId, clientSecret, provesSecondFactor })),
  )
/** Walks through the provider as a browser; what stands behind the `?` of the callback. */
export async function walked(world: World, provider: IdentityProvider, sub: string, given: { link?: string } = {}): Promise<string> {
  provider.account = { sub }
  const visit = { address: ADDRESS, browser: BROWSER }
  const { url } = granted(await world.plane.services.singleSignOn.begin({ provider: 'main', visit, ...given }))
  return new URL(await provider.walk(url)).search.slice(1)
}
