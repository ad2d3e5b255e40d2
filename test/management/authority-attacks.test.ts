// How one would do more than one may, over HTTP, and what it meets: each attack by its name.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findToken, TOKENS } from '../../src/people/machine-tokens.ts'
import { made, minted, person, send, signIn } from './attack-world.ts'
import { change, givePassword, knowProvider, mailOf, meansOf, personOf, sessionOf } from './people-scenes.ts'
import { ADMIN_TOKEN } from './surroundings.ts'

describe('more than one holds', () => {
  test('a stale tag changes nothing: what was seen is not what is there', async () => {
    const etag = String((await made.as('owner', 'GET', person('viewer'))).headers['etag'])
    assert.equal((await made.as('owner', 'PATCH', person('viewer'), { body: { name: 'Second' }, headers: { 'if-match': etag } })).status, 200)
    assert.equal((await made.as('owner', 'PATCH', person('viewer'), { body: { name: 'Third' }, headers: { 'if-match': etag } })).short, '412 management.stale')
    assert.equal((await personOf(made, 'viewer')).name, 'Second')
  })

  test('a token of another role does what its permissions say and nothing else, and loses what its person loses', async () => {
    const token = String((await minted('administrator', ['people:read', 'tokens:write'])).json!['secret'])
    assert.equal((await send('GET', '/people', { as: token })).status, 200)
    assert.equal((await send('GET', '/roles', { as: token })).short, '403 management.forbidden')
    const body = { name: 'Eve', mail: 'eve@example.org', roles: [], teams: [] }
    assert.equal((await send('POST', '/people', { as: token, body })).short, '403 management.forbidden')
    const more = { name: 'more', permissions: ['people:read'], expires: new Date(made.plane.nowMs() + 60_000).toISOString() }
    assert.equal((await send('POST', '/tokens', { as: token, body: more })).short, '403 tokens.people-only')
    await change(made, 'administrator', { roles: ['viewer'] })
    assert.equal((await send('GET', '/people', { as: token })).short, '403 management.forbidden')
  })

  test('a token makes nobody: it invites, changes, recovers, suspends and erases no one, and makes neither roles nor providers', async () => {
    const change = { headers: { 'if-match': '*' } }
    for (const [method, path, body] of [
      ['POST', '/people', { name: 'Eve', mail: 'eve@example.org', roles: [], teams: [] }],
      ['PATCH', person('nobody'), { roles: ['viewer'] }],
      ['PATCH', person('nobody'), { mail: 'eve@example.org' }],
      ['POST', person('nobody', '/links'), { resets: ['password', 'second-factor'] }],
      ['POST', person('nobody', '/suspension'), undefined],
      ['POST', person('nobody', '/reinstatement'), undefined],
      ['DELETE', person('nobody'), undefined],
      ['PUT', '/roles/eve', { says: 'x', reach: 'all', permissions: ['apis:read'] }],
      ['DELETE', '/roles/eve', undefined],
      ['PUT', '/providers/eve', { says: 'x', issuer: 'https://evil.example', clientId: 'x', clientSecret: 'x', provesSecondFactor: true }],
      ['POST', '/owner', { name: 'Eve', mail: 'eve@example.org' }],
    ] as const) {
      const told = await made.as('token', method, path, { ...change, ...(body && { body }) })
      assert.equal(told.short, '403 management.forbidden', `${method} ${path}`)
    }
  })

  test('a token is not made with what is for people only, and one that holds it already holds it no more', async () => {
    assert.equal((await minted('owner', ['people:read', 'people:write'])).short, '422 tokens.not-for-tokens')
    assert.equal((await minted('owner', ['roles:write'])).short, '422 tokens.not-for-tokens')
    const { json } = await minted('owner', ['people:read'])
    const { token, secret } = json as unknown as { token: { id: string }; secret: string }
    await made.store.write(async (writing) => {
      const kept = (await writing.get(TOKENS, token.id))!
      writing.put(TOKENS, token.id, { ...kept, permissions: ['people:read', 'people:write'] })
    })
    assert.equal((await send('GET', '/people', { as: secret })).status, 200)
    const body = { name: 'Eve', mail: 'eve@example.org', roles: [], teams: [] }
    assert.equal((await send('POST', '/people', { as: secret, body })).short, '403 management.forbidden')
  })

  test('a token of another person is neither listed among one’s own nor revoked as one’s own', async () => {
    const { token } = (await minted('owner', ['people:read'])).json as unknown as { token: { id: string } }
    assert.equal((await made.as('viewer', 'DELETE', `/own/tokens/${token.id}`)).short, '404 management.unknown')
    assert.ok(!(await made.as('viewer', 'GET', '/own/tokens')).body.includes(token.id))
    assert.ok((await made.as('owner', 'GET', '/own/tokens')).body.includes(token.id))
  })

  test('privilege escalation: an administrator makes nobody an owner, by invitation, change, role, provider, token or link', async () => {
    const ask = (method: string, path: string, body: object) => made.as('administrator', method, path, { body, headers: { 'if-match': '*' } })
    const expires = new Date(made.plane.nowMs() + 60_000).toISOString()
    for (const [method, path, body] of [
      ['POST', '/people', { name: 'Eve', mail: 'eve@example.org', roles: ['owner'], teams: [] }],
      ['PATCH', person('administrator'), { roles: ['owner'] }],
      ['PATCH', person('viewer'), { roles: ['viewer', 'owner'] }],
      ['PATCH', person('owner'), { roles: [] }],
      ['PATCH', person('owner'), { mail: 'eve@example.org' }],
      ['POST', person('owner', '/links'), { resets: ['password', 'second-factor'] }],
      ['PUT', '/roles/eve', { says: 'x', reach: 'all', permissions: ['trail:erase'] }],
      ['PUT', '/providers/eve', { says: 'x', issuer: 'https://evil.example', clientId: 'x', clientSecret: 'x', provesSecondFactor: true }],
      ['POST', '/tokens', { name: 'x', permissions: ['trail:erase'], expires }],
      ['PUT', '/bootstrap-token', { enabled: false }],
      ['POST', '/owner', { name: 'Eve', mail: 'eve@example.org' }],
    ] as const) {
      const told = await ask(method, path, body)
      assert.equal(told.status, 403, `${method} ${path}: ${told.short}`)
    }
    assert.deepEqual((await personOf(made, 'administrator')).roles, ['administrator'])
    assert.deepEqual((await personOf(made, 'owner')).roles, ['owner'])
  })

  test('a role that its holder may edit does not grow beyond them', async () => {
    const clerk = { says: 'Helps.', reach: 'all', permissions: ['roles:write', 'roles:read'] }
    assert.equal((await made.as('owner', 'PUT', '/roles/clerk', { body: clerk, headers: { 'if-match': '"none"' } })).status, 200)
    await change(made, 'nobody', { roles: ['clerk'] })
    const grown = { ...clerk, permissions: [...clerk.permissions, 'people:write'] }
    assert.equal((await made.as('nobody', 'PUT', '/roles/clerk', { body: grown, headers: { 'if-match': '*' } })).short, '403 roles.more-than-you-hold')
  })
})

describe('the admin token', () => {
  test('switched off it is worth nothing while an owner is active, and counts again when none is left', async () => {
    assert.equal((await send('GET', '/people', { as: ADMIN_TOKEN })).status, 200)
    const off = await made.as('owner', 'PUT', '/bootstrap-token', { body: { enabled: false }, headers: { 'if-match': '"on"' } })
    assert.equal(off.status, 200)
    assert.equal((await send('GET', '/people', { as: ADMIN_TOKEN })).short, '401 management.unauthorized')
    assert.equal(
      (await made.as('owner', 'PUT', '/bootstrap-token', { body: { enabled: true }, headers: { 'if-match': '"on"' } })).short,
      '412 management.stale',
    )
    await change(made, 'owner', { state: 'suspended' })
    assert.equal((await send('GET', '/people', { as: ADMIN_TOKEN })).status, 200)
    await change(made, 'owner', { state: 'active' })
    assert.equal((await send('GET', '/people', { as: ADMIN_TOKEN })).status, 401)
  })

  test('what it reads is in the trail, as what it does is', async () => {
    const seen: string[] = []
    const record = made.plane.record
    Object.assign(made.plane, {
      record(...[writing, event]: Parameters<typeof record>) {
        seen.push(`${event.act} ${event.actor.kind}`)
        return record(writing, event)
      },
    })
    await send('GET', '/people', { as: ADMIN_TOKEN })
    await send('POST', '/people', { as: ADMIN_TOKEN, body: { name: 'S', mail: 's@example.org', roles: [], teams: [] } })
    await made.as('owner', 'GET', '/people')
    assert.deepEqual(seen, ['admin-token.read admin-token', 'person.invite admin-token'])
  })
})

describe('browsers and proxies', () => {
  test('clickjacking: every answer forbids frames, caches and guesses', async () => {
    for (const [path, sent] of [
      ['/session', {}],
      ['/people', { as: ADMIN_TOKEN }],
      ['/nothing', { as: ADMIN_TOKEN }],
      ['/session/single-sign-on', {}],
    ] as const) {
      const { headers } = await send('GET', path, sent)
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['x-content-type-options'], 'nosniff')
    }
  })

  test('fields that name another method, path or host are not read', async () => {
    const { headers } = await sessionOf(made, 'owner')
    for (const field of ['x-http-method-override', 'x-http-method', 'x-method-override'])
      assert.equal((await send('GET', '/own/sessions', { headers: { ...headers, [field]: 'DELETE' } })).status, 200)
    assert.equal((await send('GET', '/session?_method=DELETE', { headers })).short, '400 management.invalid')
    assert.equal((await send('GET', '/session', { headers: { 'x-original-url': '/api/v1/people', 'x-rewrite-url': '/api/v1/people' } })).status, 401)
    const forwarded = { ...headers, origin: 'https://evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    assert.equal((await send('DELETE', '/own/sessions', { headers: forwarded })).short, '403 management.foreign-origin')
    assert.equal((await send('GET', '/session', { headers })).status, 200, 'the session is still there')
  })

  test('the address that guesses are counted by is the connection’s, whatever a field says', async () => {
    await givePassword(made, 'viewer')
    let looked = 0
    for (let i = 0; i < 20; i++) {
      const told = await signIn(mailOf('viewer'), 'a wrong password', { 'x-forwarded-for': `198.51.100.${i}`, forwarded: `for=198.51.100.${i}` })
      if (told.status === 401) looked++
    }
    assert.equal(looked, 3)
  })
})

test('what leads to anything is told once: no answer but the first holds a secret', async () => {
  const token = String((await minted('owner', ['apis:read'])).json!['secret'])
  assert.ok(await made.store.read((reading) => findToken(reading, meansOf(made).key, made.plane.nowMs(), token)))
  const { json } = await made.as('owner', 'POST', '/people', { body: { name: 'S', mail: 's@example.org', roles: [], teams: [] } })
  await knowProvider(made, 'https://login.example', 'the-client-secret')
  for (const path of ['/tokens', '/own/tokens', '/people', '/providers', '/providers/main', '/session/single-sign-on']) {
    const { status, body } = await made.as('owner', 'GET', path)
    assert.equal(status, 200)
    for (const secret of [token, String(json!['secret']), 'the-client-secret']) assert.ok(!body.includes(secret), path)
  }
})
