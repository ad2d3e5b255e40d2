// People from the first owner on, over HTTP alone: what a console does, in the order in which it does it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operatorOf } from '../../src/app/operator-access.ts'
import { AdminToken } from '../../src/management/admin-token.ts'
import { SoftwareAuthenticator } from '../support/software-authenticator.ts'
import { Browser } from './browser.ts'
import { change, codeOf, meansOf, PASSWORD, SITE } from './people-scenes.ts'
import { ADMIN_TOKEN } from './surroundings.ts'
import { world } from './world.ts'

test('the first owner comes by the admin token, enrols an app and a passkey, signs in with each, and makes a token', async () => {
  const made = await world()
  await change(made, 'owner', { state: 'suspended' })
  const asked = { as: ADMIN_TOKEN, body: { name: 'First', mail: 'first@example.org' } }
  const { secret } = (await made.client.send('POST', '/api/v1/owner', asked)).json as unknown as { secret: string }
  const browser = new Browser(made.client)
  const came = await browser.send('POST', '/links/redemption', { secret, password: PASSWORD })
  assert.equal(came.json!['outcome'], 'enrol')
  assert.equal((await browser.send('GET', '/session')).json!['level'], 'enrol-only')
  const { seed } = (await browser.send('POST', '/own/totp')).json as unknown as { seed: string }
  const enrolled = await browser.send('POST', '/own/totp/confirmation', { code: codeOf(seed, made.plane.nowMs()) })
  assert.equal((enrolled.json!['recoveryCodes'] as string[]).length, 10)
  assert.deepEqual([(await browser.send('GET', '/session')).json!['level'], (await browser.send('GET', '/people')).status], ['full', 200])
  assert.equal((await browser.send('POST', '/own/totp/confirmation', { code: '000000' })).short, '409 account.nothing-begun')

  const authenticator = new SoftwareAuthenticator(SITE)
  const creation = (await browser.send('POST', '/own/passkey-challenge')).json as never
  assert.equal((await browser.send('POST', '/own/passkeys', { name: 'my key', response: authenticator.create(creation) })).status, 201)
  assert.equal((await browser.send('DELETE', '/session')).status, 204)
  assert.equal(browser.has('session'), false)

  made.clock.advanceMs(60_000)
  const first = await browser.send('POST', '/session/password', { mail: 'first@example.org', password: PASSWORD })
  assert.deepEqual([first.json!['outcome'], browser.has('session')], ['second-factor', false])
  const second = await browser.send('POST', '/session/code', { ticket: first.json!['ticket'], code: codeOf(seed, made.plane.nowMs()) })
  assert.deepEqual([second.json!['outcome'], browser.has('session'), browser.has('device')], ['signed-in', true, true])

  made.clock.advanceMs(6 * 60_000)
  const token = { name: 'ci', permissions: ['people:read'], expires: new Date(made.plane.nowMs() + 60_000).toISOString() }
  assert.equal((await browser.send('POST', '/tokens', token)).short, '403 management.recent-sign-in')
  const challenge = (await browser.send('POST', '/session/confirmation/passkey-challenge')).json as never
  assert.equal((await browser.send('POST', '/session/confirmation/passkey', { response: authenticator.get(challenge) })).status, 200)
  const minted = await browser.send('POST', '/tokens', token)
  assert.equal(minted.status, 201)
  assert.equal((await made.client.send('GET', '/api/v1/people', { as: String(minted.json!['secret']) })).status, 200)

  const other = new Browser(made.client)
  const options = (await other.send('POST', '/session/passkey-challenge')).json as never
  assert.equal((await other.send('POST', '/session/passkey', { response: authenticator.get(options) })).json!['outcome'], 'signed-in')
  const { items } = (await other.send('GET', '/own/sessions')).json as unknown as { items: { current: boolean; methods: string[] }[] }
  assert.deepEqual(items.find(({ current }) => current)!.methods, ['passkey'])
  assert.equal((await other.send('DELETE', '/own/sessions')).status, 204)
  assert.equal((await browser.send('GET', '/session')).status, 401)
  assert.deepEqual(made.reports, [])
  await made.close()
})

test('who is locked out makes the admin token count by the file, however it was switched', async () => {
  const made = await world()
  const off = await made.as('owner', 'PUT', '/bootstrap-token', { body: { enabled: false }, headers: { 'if-match': '"on"' } })
  assert.equal(off.status, 200)
  const token = new AdminToken(ADMIN_TOKEN)
  const known = (isAlways: boolean, secret = ADMIN_TOKEN) =>
    operatorOf(
      { authorization: `Bearer ${secret}`, session: undefined, address: '' },
      { accepts: (given) => token.accepts(given), isAlways },
      meansOf(made),
      () => {},
    )
  assert.equal(await known(false), undefined)
  assert.equal((await known(true))?.actor.kind, 'admin-token')
  assert.equal(await known(true, 'y'.repeat(43)), undefined)
  await made.close()
})
