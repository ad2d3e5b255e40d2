// How one would get in where one does not belong, over HTTP, and what it meets: each attack by its name.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { passkeySignIn } from '../../src/people/passkeys.ts'
import { cookieOf, cookiesOf, made, minted, person, send, signIn, withSession } from './attack-world.ts'
import type { Told } from './control-client.ts'
import {
  asBrowser,
  BROWSER,
  change,
  givePasskey,
  givePassword,
  giveTotp,
  invite,
  knowProvider,
  mailOf,
  meansOf,
  OTHER_BROWSER,
  PASSWORD,
  sessionOf,
  ticketFor,
} from './people-scenes.ts'
import { ADMIN_TOKEN } from './surroundings.ts'

describe('sessions', () => {
  test('session fixation: a planted session, made up or the attacker’s own, is not the one that a sign-in opens', async () => {
    await givePassword(made, 'viewer')
    const madeUp = 'P'.repeat(43)
    const first = await signIn(mailOf('viewer'), PASSWORD, withSession(madeUp).headers)
    assert.equal(first.status, 200)
    assert.notEqual(cookieOf(first, 'session'), madeUp)
    assert.equal((await send('GET', '/session', withSession(madeUp))).status, 401)
    const attackers = await sessionOf(made, 'nobody')
    const second = await signIn(mailOf('viewer'), PASSWORD, attackers.headers)
    assert.equal(second.status, 200)
    assert.notEqual(cookieOf(second, 'session'), attackers.secret)
    assert.equal((await send('GET', '/session', withSession(attackers.secret))).status, 401, 'the planted one is over')
  })

  test('a session cookie cannot be read by pages, is sent by no other site, and is removed by signing out', async () => {
    await givePassword(made, 'viewer')
    const told = await signIn(mailOf('viewer'), PASSWORD)
    for (const each of cookiesOf(told)) assert.match(each, /; Path=\/; HttpOnly; SameSite=(?:Strict|Lax)/)
    const session = cookieOf(told, 'session')!
    assert.match(cookiesOf(told).find((each) => each.includes('session='))!, /SameSite=Strict/)
    assert.ok(!told.body.includes(session), 'the secret stands in the cookie alone')
    const headers = { ...withSession(session).headers, origin: made.client.origin, 'x-csrf-token': String(told.json!['csrf']) }
    const out = await send('DELETE', '/session', { headers })
    assert.equal(out.status, 204)
    assert.match(cookiesOf(out)[0]!, /gatehouse-session=; .*Max-Age=0/)
    assert.equal((await send('GET', '/session', withSession(session))).status, 401)
  })

  test('CSRF: without a token, with a wrong one or with that of another session nothing changes, and GET changes nothing', async () => {
    const [mine, theirs] = [await sessionOf(made, 'owner'), await sessionOf(made, 'owner')]
    const body = { name: 'Eve', mail: 'eve@example.org', roles: ['owner'], teams: [] }
    const { cookie, origin } = mine.headers
    for (const token of [undefined, '', 'wrong', theirs.headers['x-csrf-token'], mine.secret]) {
      const told = await send('POST', '/people', { body, headers: { cookie, origin, ...(token !== undefined && { 'x-csrf-token': token }) } })
      assert.equal(told.short, '403 management.csrf-token')
    }
    for (const path of ['/people?name=Eve', '/session/password', person('owner', '/suspension')])
      assert.notEqual(Math.floor((await send('GET', path, { headers: { cookie } })).status / 100), 2, path)
    assert.ok(!(await made.as('owner', 'GET', '/people')).body.includes('eve@example.org'))
  })

  test('sign-in CSRF: a page of another origin can sign nobody in, as itself or as the victim', async () => {
    await givePassword(made, 'viewer')
    const { link } = await invite(made)
    for (const origin of ['https://evil.example', 'null', made.client.origin.replace('http:', 'https:')]) {
      const told = await signIn(mailOf('viewer'), PASSWORD, { origin })
      assert.equal(told.short, '403 management.foreign-origin')
      assert.equal(cookieOf(told, 'session'), undefined)
      assert.equal((await send('POST', '/links/redemption', { body: { secret: link.secret, password: PASSWORD }, headers: { origin } })).short, told.short)
      assert.equal((await send('POST', '/session/passkey-challenge', { headers: { origin } })).short, told.short)
    }
    // A form of another site can send text without asking: it is no JSON.
    const form = await send('POST', '/session/password', { body: `{"mail":"${mailOf('viewer')}"}`, headers: { 'content-type': 'text/plain' } })
    assert.equal(form.short, '415 management.unsupported-media-type')
  })

  test('a foreign origin is refused on loopback too: another port is another origin', async () => {
    const { headers } = await sessionOf(made, 'owner')
    for (const origin of ['http://127.0.0.1:1', 'http://localhost:3000', `http://localhost:${made.client.port}`, 'http://127.0.0.1'])
      assert.equal((await send('DELETE', '/own/sessions', { headers: { ...headers, origin } })).short, '403 management.foreign-origin')
    assert.equal((await send('GET', '/session', { headers })).status, 200)
  })

  test('DNS rebinding: by a name that is not ours nothing is served, whatever is shown', async () => {
    const { headers } = await sessionOf(made, 'owner')
    for (const host of ['evil.example', `evil.example:${made.client.port}`, '127.0.0.1.evil.example', 'localhost.evil.example']) {
      const told = await send('GET', '/people', { headers: { ...headers, host, origin: `http://${host}` } })
      assert.ok(told.short === '421 management.misdirected' || told.status === 400, `${host}: ${told.short}`)
      assert.equal(told.headers['access-control-allow-origin'], undefined)
    }
  })

  test('a cookie and a bearer token together count as neither', async () => {
    const { headers } = await sessionOf(made, 'viewer')
    for (const as of [ADMIN_TOKEN, 'gth_mgmt_nonsense']) assert.equal((await send('GET', '/session', { as, headers })).short, '401 management.unauthorized')
    const basic = { ...headers, authorization: 'Basic dXNlcjpwdw==' }
    assert.equal((await send('GET', '/session', { headers: basic })).status, 401, 'what cannot be read is not passed over for the cookie')
  })

  test('a suspended person’s session and token are worth nothing from the next request on', async () => {
    const { headers } = await sessionOf(made, 'administrator')
    const token = String((await minted('administrator', ['apis:read', 'people:read'])).json!['secret'])
    assert.equal((await send('GET', '/people', { as: token })).status, 200)
    assert.equal((await made.as('owner', 'POST', person('administrator', '/suspension'), { headers: { 'if-match': '*' } })).status, 200)
    assert.equal((await send('GET', '/people', { as: token })).short, '401 management.unauthorized')
    assert.equal((await send('GET', '/session', { headers })).short, '401 management.unauthorized')
    await givePassword(made, 'administrator')
    assert.equal((await signIn(mailOf('administrator'), PASSWORD)).short, '401 session.wrong-credentials')
  })

  test('the session of somebody who is to enrol a second factor can do nothing else', async () => {
    await givePassword(made, 'owner')
    const told = await signIn(mailOf('owner'), PASSWORD)
    assert.equal(told.json!['outcome'], 'enrol')
    const headers = {
      ...withSession(cookieOf(told, 'session')!).headers,
      origin: made.client.origin,
      'x-csrf-token': String(told.json!['csrf']),
      'if-match': '*',
    }
    const tries: [method: string, path: string, body?: object][] = [
      ['GET', '/people'],
      ['POST', '/people', { name: 'Eve', mail: 'eve@example.org', roles: [], teams: [] }],
      ['POST', '/tokens', { name: 'x', permissions: ['apis:read'], expires: new Date(made.plane.nowMs() + 60_000).toISOString() }],
      ['GET', '/own/sessions'],
      ['DELETE', '/own/sessions'],
      ['GET', '/own/tokens'],
      ['POST', '/own/recovery-codes'],
      ['DELETE', '/own/totp'],
      ['POST', '/session/confirmation/password', { password: PASSWORD }],
      ['PUT', '/bootstrap-token', { enabled: true }],
    ]
    for (const [method, path, body] of tries)
      assert.equal((await send(method, path, { headers, ...(body && { body }) })).short, '403 management.forbidden', `${method} ${path}`)
    assert.equal((await send('POST', '/own/totp', { headers })).status, 200)
    // Once there is a second factor, a password alone must not put another beside it.
    const { headers: later } = await sessionOf(made, 'owner', { level: 'enrol-only' })
    await giveTotp(made, 'owner')
    assert.equal((await send('POST', '/own/totp', { headers: later })).short, '403 management.recent-sign-in')
    assert.equal((await send('POST', '/own/passkey-challenge', { headers: later })).short, '403 management.recent-sign-in')
  })

  test('a stolen session that is not fresh can do nothing dangerous, and cannot freshen itself', async () => {
    await givePassword(made, 'owner')
    const { headers } = await sessionOf(made, 'owner', { agoMs: 6 * 60_000 })
    const more = { ...headers, 'if-match': '*' }
    const tries: [method: string, path: string, body?: object][] = [
      ['POST', '/people', { name: 'Eve', mail: 'eve@example.org', roles: ['owner'], teams: [] }],
      ['PATCH', person('viewer'), { roles: ['owner'] }],
      ['POST', person('viewer', '/links'), { resets: ['password'] }],
      ['PUT', '/roles/eve', { says: 'x', reach: 'all', permissions: [] }],
      ['PUT', '/providers/eve', { says: 'x', issuer: 'https://evil.example', clientId: 'x', clientSecret: 'x', provesSecondFactor: true }],
      ['POST', '/tokens', { name: 'x', permissions: ['apis:read'], expires: new Date(made.plane.nowMs() + 60_000).toISOString() }],
      ['PUT', '/bootstrap-token', { enabled: true }],
      ['POST', '/own/totp'],
      ['POST', '/own/passkey-challenge'],
    ]
    for (const [method, path, body] of tries)
      assert.equal((await send(method, path, { headers: more, ...(body && { body }) })).short, '403 management.recent-sign-in', `${method} ${path}`)
    assert.equal((await send('POST', '/session/confirmation/password', { headers, body: { password: 'guess' } })).short, '403 session.wrong-password')
  })

  test('the session of another person is neither seen nor ended', async () => {
    const { live, headers } = await sessionOf(made, 'administrator')
    const told = await made.as('owner', 'DELETE', `/own/sessions/${live.digest.slice(0, 32)}`)
    assert.equal(told.short, '404 management.unknown')
    assert.ok(!(await made.as('owner', 'GET', '/own/sessions')).body.includes(live.digest.slice(0, 32)))
    assert.equal((await send('GET', '/session', { headers })).status, 200)
  })
})

describe('guessing', () => {
  test('brute force: of a hundred guesses at a password in a minute at most nine are looked at, and then the right one waits too', async () => {
    await givePassword(made, 'viewer')
    const { hashing } = meansOf(made)
    const before = hashing.computed
    let slowed: Told | undefined
    for (let i = 0; i < 100; i++) {
      const told = await signIn(mailOf('viewer'), `a wrong guess ${i}`)
      if (told.status === 429) slowed = told
      else assert.equal(told.short, '401 session.wrong-credentials')
      made.clock.advanceMs(600)
    }
    // 3 free, then after 1, 2, 4, 8, 16 and 32 seconds.
    assert.ok(hashing.computed - before <= 9, `${hashing.computed - before} were looked at`)
    assert.match(String(slowed!.headers['retry-after']), /^[1-9]\d*$/)
    assert.equal((await signIn(mailOf('viewer'), PASSWORD)).short, '429 session.slow-down')
  })

  test('brute force in parallel buys nothing: guesses are counted before they are looked at', async () => {
    await givePassword(made, 'viewer')
    const { hashing } = meansOf(made)
    const before = hashing.computed
    const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => signIn(mailOf('viewer'), `a wrong guess ${i}`)))
    assert.ok(hashing.computed - before <= 3)
    assert.equal(answers.filter(({ status }) => status === 429).length, 37)
  })

  test('codes: ten guesses, then one an hour; a new password step does not buy more', async () => {
    await givePassword(made, 'auditor')
    await giveTotp(made, 'auditor')
    let looked = 0
    for (let i = 0; i < 30; i++) {
      const body = { ticket: await ticketFor(made, 'auditor'), code: '000000' }
      if ((await send('POST', '/session/code', { body, ...asBrowser(made) })).short === '401 session.wrong-code') looked++
    }
    assert.equal(looked, 10)
  })

  test('enumeration: an unknown name is answered the same, byte for byte, for the same work', async () => {
    await givePassword(made, 'viewer')
    await change(made, 'bob', { state: 'suspended' })
    await givePassword(made, 'bob')
    const { hashing } = meansOf(made)
    const answers: string[] = []
    for (const [mail, password] of [
      [mailOf('viewer'), 'a wrong password'],
      ['unknown@example.org', 'a wrong password'],
      ['not a mail address', 'a wrong password'],
      [mailOf('bob'), PASSWORD],
      [mailOf('nobody'), 'has no password'],
    ] as const) {
      const before = hashing.computed
      const { status, json, headers } = await signIn(mail, password)
      assert.equal(hashing.computed - before, 1, `${mail} costs one hash`)
      const { instance: _, ...rest } = json as { instance?: string }
      answers.push(JSON.stringify([status, rest, Object.keys(headers).sort()]))
    }
    assert.equal(new Set(answers).size, 1)
  })
})

describe('second factors', () => {
  test('TOTP replay: a code is good once, also for two at the same moment, also to confirm', async () => {
    await givePassword(made, 'auditor')
    const { code } = await giveTotp(made, 'auditor')
    const shown = code()
    const bodies = [
      { ticket: await ticketFor(made, 'auditor'), code: shown },
      { ticket: await ticketFor(made, 'auditor'), code: shown },
    ]
    const answers = await Promise.all(bodies.map((body) => send('POST', '/session/code', { body, ...asBrowser(made) })))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401])
    const { headers } = await sessionOf(made, 'auditor')
    assert.equal((await send('POST', '/session/confirmation/code', { body: { code: shown }, headers })).short, '403 session.wrong-code-now')
  })

  test('a ticket is good in the browser that got it, and once', async () => {
    await givePassword(made, 'auditor')
    const { code } = await giveTotp(made, 'auditor')
    const ticket = await ticketFor(made, 'auditor')
    for (const headers of [{}, asBrowser(made, OTHER_BROWSER).headers])
      assert.equal((await send('POST', '/session/code', { body: { ticket, code: code() }, headers })).short, '403 session.begin-again')
    assert.equal((await send('POST', '/session/code', { body: { ticket, code: code() }, ...asBrowser(made) })).status, 200)
    made.clock.advanceMs(60_000)
    assert.equal((await send('POST', '/session/code', { body: { ticket, code: code() }, ...asBrowser(made) })).short, '403 session.begin-again')
  })

  test('a passkey signs in at our origin only, unchanged, verified, once, and in the browser that asked', async () => {
    const authenticator = await givePasskey(made, 'auditor')
    const options = () => passkeySignIn(meansOf(made), { address: '', browser: BROWSER })
    const ask = (response: unknown, browser = BROWSER) => send('POST', '/session/passkey', { body: { response }, ...asBrowser(made, browser) })
    for (const lie of [
      { origin: 'https://evil.example' },
      { origin: 'http://localhost:8082' },
      { rpId: 'evil.example' },
      { isUnverified: true },
      { isAbsent: true },
      { type: 'webauthn.create' },
      { userHandle: Buffer.from(made.personId('owner')).toString('base64url') },
    ] as const)
      assert.equal((await ask(authenticator.get(await options(), lie))).short, '401 session.not-verified', JSON.stringify(lie))
    assert.equal((await ask(authenticator.get(await options()), OTHER_BROWSER)).short, '401 session.not-verified')
    const good = authenticator.get(await options())
    assert.equal((await ask(good)).status, 200)
    assert.equal((await ask(good)).short, '401 session.not-verified')
  })
})

describe('ways in', () => {
  test('open redirect: a return path leads nowhere but into this console', async () => {
    await knowProvider(made, 'https://login.example', 'a-secret')
    const paths = [
      '//evil.example',
      '///evil.example',
      '/\\evil.example',
      '\\\\evil.example',
      'https://evil.example',
      'https:evil.example',
      'javascript:alert(1)',
      '/%2f%2fevil.example',
      '/%5cevil.example',
      '/a/..//evil.example',
      '/./evil',
      '/%2e%2e/evil',
      '/@evil.example',
      '/a;b',
      '/%0d%0aSet-Cookie:a=b',
      'evil.example',
      '',
      '/é',
    ]
    for (const returnTo of paths)
      assert.equal((await send('POST', '/session/single-sign-on', { body: { provider: 'main', returnTo } })).short, '422 session.bad-return-path', returnTo)
    assert.equal((await send('POST', '/session/single-sign-on', { body: { provider: 'main', returnTo: '/\t/evil.example' } })).status, 400)
    assert.deepEqual(made.sent, [])
  })

  test('an invitation is good once, also for two at the same moment, and not after it was issued anew', async () => {
    const { link, person: invited } = await invite(made)
    const redeem = (secret: string) => send('POST', '/links/redemption', { body: { secret, password: PASSWORD } })
    const again = await made.as('owner', 'POST', `/people/${invited.id}/links`, { body: { resets: [] } })
    assert.equal((await redeem(link.secret)).short, '410 account.link-void')
    const secret = String(again.json!['secret'])
    const answers = await Promise.all([redeem(secret), redeem(secret)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410])
    assert.equal((await redeem(secret)).short, '410 account.link-void')
  })

  test('an idempotency key of somebody else tells nothing of what they were answered', async () => {
    const headers = { 'idempotency-key': 'the-same' }
    const body = { name: 'Someone', mail: 'someone@example.org', roles: [], teams: [] }
    const first = await made.as('owner', 'POST', '/people', { body, headers })
    assert.equal(first.status, 201)
    const other = await made.as('administrator', 'POST', '/people', { body, headers })
    assert.equal(other.short, '409 people.mail-taken')
    const same = await made.as('owner', 'POST', '/people', { body, headers })
    assert.equal(same.short, '409 management.already-done')
    for (const { body: told } of [other, same]) assert.ok(!told.includes(String(first.json!['secret'])))
  })
})
