// Passkeys: an authenticator that tells the truth is let in, and one that lies about anything is not.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ADMIN, granted, live, type Member, member, PASSWORD, type PeopleRoom, peopleRoom, VISIT, visitFrom } from '../../test/support/people-room.ts'
import { type Lies, SoftwareAuthenticator } from '../../test/support/software-authenticator.ts'
import { PASSKEYS, passkeysOf } from './factors.ts'
import { passkeyRegistration, passkeySignIn, passkeyStepUp, registerPasskey, removePasskey, signInWithPasskey, stepUpWithPasskey } from './passkeys.ts'
import { redeemLink } from './passwords.ts'
import { invitePerson, suspendPerson } from './people.ts'
import { digestOf } from './secret-text.ts'
import { signInWithPassword } from './sign-in.ts'

const ORIGIN = 'https://console.example'

interface WithPasskey {
  readonly who: Member
  readonly authenticator: SoftwareAuthenticator
  readonly secret: string
}
async function withPasskey(room: PeopleRoom, roles = ['administrator']): Promise<WithPasskey> {
  const who = await member(room, roles)
  const authenticator = new SoftwareAuthenticator(ORIGIN)
  const session = await live(room, who.secret)
  const options = granted(await passkeyRegistration(room.means, session))
  const registered = granted(await registerPasskey(room.means, session, { name: 'Laptop', response: authenticator.create(options) }))
  return { who, authenticator, secret: registered.session.secret }
}

describe('a passkey', () => {
  it('is registered, signs in without a name, and counts as two factors', async () => {
    const room = peopleRoom()
    const { who, authenticator, secret } = await withPasskey(room)
    assert.notEqual(secret, who.secret)
    const options = await passkeySignIn(room.means, VISIT)
    assert.equal(options.userVerification, 'required')
    assert.equal(options.allowCredentials, undefined)
    const signedIn = granted(await signInWithPasskey(room.means, { response: authenticator.get(options), visit: VISIT }))
    assert.equal(signedIn.outcome, 'signed-in')
    assert.equal(signedIn.outcome === 'signed-in' && signedIn.session.personId, who.person.id)
    const kept = await room.means.store.read((reading) => reading.get(PASSKEYS, digestOf(authenticator.credentialId)))
    assert.equal(kept?.signCount, 1)
  })

  it('is the whole of what an invited person needs', async () => {
    const room = peopleRoom()
    const input = { name: 'Joan Example', mail: 'joan@example.org', roles: ['owner'], teams: [] }
    const { link } = granted(await room.means.store.write((writing) => invitePerson(writing, room.at(), ADMIN, input)))
    const came = granted(await redeemLink(room.means, { secret: link.secret, visit: VISIT }))
    assert.ok(came.outcome === 'enrol')
    const session = await live(room, came.session.secret)
    const authenticator = new SoftwareAuthenticator(ORIGIN)
    const options = granted(await passkeyRegistration(room.means, session))
    const { session: full } = granted(await registerPasskey(room.means, session, { name: 'Phone', response: authenticator.create(options) }))
    assert.equal(full.level, 'full')
    const again = granted(await signInWithPasskey(room.means, { response: authenticator.get(await passkeySignIn(room.means, VISIT)), visit: VISIT }))
    assert.equal(again.outcome, 'signed-in')
  })

  it('steps a session up, which gets a new secret', async () => {
    const room = peopleRoom()
    const { authenticator, secret } = await withPasskey(room)
    room.clock.advanceMs(10 * 60_000)
    const session = await live(room, secret)
    const stepped = granted(await stepUpWithPasskey(room.means, session, authenticator.get(await passkeyStepUp(room.means, session))))
    assert.notEqual(stepped.secret, secret)
    await assert.rejects(live(room, secret))
    assert.equal((await live(room, stepped.secret)).session.provedAtMs, room.at().nowMs)
  })

  it('with a password beside it and no app: the password alone neither signs in nor enrols', async () => {
    const room = peopleRoom({ policy: { secondFactor: 'nobody' } })
    const who = await member(room, ['administrator'], { isPlain: true })
    const session = await live(room, who.secret)
    const options = granted(await passkeyRegistration(room.means, session))
    granted(await registerPasskey(room.means, session, { name: 'Laptop', response: new SoftwareAuthenticator(ORIGIN).create(options) }))
    assert.deepEqual(await signInWithPassword(room.means, { mail: who.person.mail, password: PASSWORD, visit: VISIT }), { refused: 'use-passkey' })
  })

  it('that is the last second factor stays while one is demanded', async () => {
    const room = peopleRoom()
    const { who, secret } = await withPasskey(room)
    const session = await live(room, secret)
    const [one] = await room.means.store.read((reading) => passkeysOf(reading, who.person.id))
    assert.deepEqual(await room.means.store.write((writing) => removePasskey(writing, room.means, session, 'f'.repeat(64))), { refused: 'unknown-passkey' })
    // The app is still there: the passkey may go.
    assert.deepEqual(await room.means.store.write((writing) => removePasskey(writing, room.means, session, one!.digest)), { removed: true })
  })
})

const LIES: readonly (readonly [name: string, lies: Lies])[] = [
  ['another origin', { origin: 'https://console.example.evil.example' }],
  ['the origin without TLS', { origin: 'http://console.example' }],
  ['the origin on another port', { origin: 'https://console.example:8443' }],
  ['a subdomain as origin', { origin: 'https://evil.console.example' }],
  ['another relying party', { rpId: 'evil.example' }],
  ['the parent domain as relying party', { rpId: 'example' }],
  ['no user verification', { isUnverified: true }],
  ['no user presence', { isAbsent: true }],
  ['the other ceremony', { type: 'webauthn.xxx' }],
  ['a challenge that was made up', { challenge: Buffer.from('a.b').toString('base64url') }],
  ['an empty challenge', { challenge: '' }],
  ['a foreign page around ours', { crossOriginFrom: 'https://evil.example' }],
]
/** These are signed over when signing in; without attestation nothing signs a registration, and what is tampered there is only what is said. */
const LIES_OF_SIGNING: readonly (readonly [name: string, lies: Lies])[] = [
  ['client data changed after it was signed', { tamper: (data) => ({ ...data, more: 1 }) }],
  ['the user handle of nobody', { userHandle: Buffer.from('person_nobody').toString('base64url') }],
  ['no user handle where nobody was named', { userHandle: undefined }],
]

describe('an authenticator that lies is refused', () => {
  let ran = 0
  for (const [name, lies] of LIES.filter(([each]) => each !== 'a foreign page around ours'))
    it(`when registering: ${name}`, async () => {
      ran++
      const room = peopleRoom()
      const session = await live(room, (await member(room, ['administrator'])).secret)
      const options = granted(await passkeyRegistration(room.means, session))
      const response = new SoftwareAuthenticator(ORIGIN).create(options, lies)
      assert.deepEqual(await registerPasskey(room.means, session, { name: 'Laptop', response }), { refused: 'not-verified' })
      assert.equal((await room.means.store.read((reading) => passkeysOf(reading, session.person.id))).length, 0)
    })
  for (const [name, lies] of [...LIES, ...LIES_OF_SIGNING])
    it(`when signing in: ${name}`, async () => {
      ran++
      const room = peopleRoom()
      const { authenticator } = await withPasskey(room)
      const response = authenticator.get(await passkeySignIn(room.means, VISIT), lies)
      assert.deepEqual(await signInWithPasskey(room.means, { response, visit: VISIT }), { refused: 'not-verified' })
    })
  it('and every one of these was tried', () => assert.equal(ran, LIES.length * 2 - 1 + LIES_OF_SIGNING.length))
})

describe('passkeys withstand', () => {
  it('a replayed answer, also two at once', async () => {
    const room = peopleRoom()
    const { authenticator } = await withPasskey(room)
    const response = authenticator.get(await passkeySignIn(room.means, VISIT))
    const results = await Promise.all([1, 2, 3].map(() => signInWithPasskey(room.means, { response, visit: VISIT })))
    assert.equal(results.filter((each) => 'refused' in each).length, 2)
  })

  it('a challenge that was used with a lie, and a second signature over it', async () => {
    const room = peopleRoom()
    const { authenticator } = await withPasskey(room)
    const options = await passkeySignIn(room.means, VISIT)
    await signInWithPasskey(room.means, { response: authenticator.get(options, { isUnverified: true }), visit: VISIT })
    assert.deepEqual(await signInWithPasskey(room.means, { response: authenticator.get(options), visit: VISIT }), { refused: 'not-verified' })
  })

  it('a challenge of another browser, another purpose, or of six minutes ago', async () => {
    const room = peopleRoom()
    const { authenticator, secret } = await withPasskey(room)
    const other = await passkeySignIn(room.means, visitFrom('192.0.2.1', { browser: 'another-browser' }))
    assert.deepEqual(await signInWithPasskey(room.means, { response: authenticator.get(other), visit: VISIT }), { refused: 'not-verified' })
    const stepUp = await passkeyStepUp(room.means, await live(room, secret))
    assert.deepEqual(await signInWithPasskey(room.means, { response: authenticator.get(stepUp), visit: VISIT }), { refused: 'not-verified' })
    const old = await passkeySignIn(room.means, VISIT)
    room.clock.advanceMs(6 * 60_000)
    assert.deepEqual(await signInWithPasskey(room.means, { response: authenticator.get(old), visit: VISIT }), { refused: 'not-verified' })
  })

  it('a counter that stands still or goes back', async () => {
    const room = peopleRoom()
    const { authenticator } = await withPasskey(room)
    authenticator.signCount = 10
    const signIn = async (signCount: number) =>
      signInWithPasskey(room.means, { response: authenticator.get(await passkeySignIn(room.means, VISIT), { signCount }), visit: VISIT })
    granted(await signIn(11))
    for (const signCount of [11, 10, 0]) assert.deepEqual(await signIn(signCount), { refused: 'not-verified' })
    granted(await signIn(12))
  })

  it("another person's passkey: to step up with, to register again, to sign in as its owner", async () => {
    const room = peopleRoom()
    const one = await withPasskey(room)
    const two = await withPasskey(room)
    const session = await live(room, two.secret)
    assert.deepEqual(await stepUpWithPasskey(room.means, session, one.authenticator.get(await passkeyStepUp(room.means, session))), { refused: 'not-verified' })
    const options = granted(await passkeyRegistration(room.means, session))
    const copied = new SoftwareAuthenticator(ORIGIN, Buffer.from(one.authenticator.credentialId, 'base64url')).create(options)
    assert.deepEqual(await registerPasskey(room.means, session, { name: 'Stolen', response: copied }), { refused: 'not-verified' })
    const response = two.authenticator.get(await passkeySignIn(room.means, VISIT), { userHandle: one.authenticator.userHandle })
    assert.deepEqual(await signInWithPasskey(room.means, { response, visit: VISIT }), { refused: 'not-verified' })
    const swapped = {
      ...two.authenticator.get(await passkeySignIn(room.means, VISIT)),
      id: one.authenticator.credentialId,
      rawId: one.authenticator.credentialId,
    }
    assert.deepEqual(await signInWithPasskey(room.means, { response: swapped, visit: VISIT }), { refused: 'not-verified' })
  })

  it("a registration begun in another person's session", async () => {
    const room = peopleRoom()
    const one = await live(room, (await member(room, ['administrator'])).secret)
    const two = await live(room, (await member(room, ['administrator'])).secret)
    const options = granted(await passkeyRegistration(room.means, one))
    assert.deepEqual(await registerPasskey(room.means, two, { name: 'X', response: new SoftwareAuthenticator(ORIGIN).create(options) }), {
      refused: 'not-verified',
    })
  })

  it('a session that is not fresh: a stolen cookie does not become a passkey', async () => {
    const room = peopleRoom()
    const { secret } = await member(room, ['administrator'])
    room.clock.advanceMs(5 * 60_000)
    assert.deepEqual(await passkeyRegistration(room.means, await live(room, secret)), { refused: 'step-up-needed' })
  })

  it('a person who was suspended', async () => {
    const room = peopleRoom()
    const { who, authenticator } = await withPasskey(room)
    granted(await room.means.store.write((writing) => suspendPerson(writing, ADMIN, who.person.id)))
    const response = authenticator.get(await passkeySignIn(room.means, VISIT))
    assert.deepEqual(await signInWithPasskey(room.means, { response, visit: VISIT }), { refused: 'not-verified' })
  })

  it('whatever else is sent, and write nothing for a credential that nobody has', async () => {
    const room = peopleRoom()
    const { authenticator } = await withPasskey(room)
    const good = authenticator.get(await passkeySignIn(room.means, VISIT))
    const before = await room.means.store.changes(0)
    const junk: unknown[] = [
      {},
      { id: 1 },
      { ...good, id: 'x'.repeat(5000) },
      { ...good, id: 'unknown', rawId: 'unknown' },
      { id: good.id },
      { ...good, response: null },
      { ...good, response: {} },
      { ...good, response: { ...good.response, clientDataJSON: 7 } },
      { ...good, response: { ...good.response, clientDataJSON: 'bnVsbA' } },
      { ...good, response: { ...good.response, clientDataJSON: '%%%' } },
      { ...good, response: { ...good.response, clientDataJSON: 'x'.repeat(10_000) } },
    ]
    for (const response of junk)
      assert.deepEqual(await signInWithPasskey(room.means, { response: response as typeof good, visit: VISIT }), { refused: 'not-verified' })
    assert.equal((await room.means.store.changes(0)).sequence, before.sequence)
    granted(await signInWithPasskey(room.means, { response: good, visit: VISIT }))
  })
})
