// Single sign-on against a real OpenID provider: who may come in, and every answer that is not the one to the question that was asked.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type IdentityProvider, identityProvider, openEgress } from '../../test/support/identity-provider.ts'
import { ADMIN, granted, live, member, type PeopleRoom, peopleRoom, VISIT, visitFrom } from '../../test/support/people-room.ts'
import { TOTPS } from './factors.ts'
import { EVERYTHING, type Holder } from './grants.ts'
import { invitePerson, suspendPerson } from './people.ts'
import { findPersonByMail, getPerson } from './person.ts'
import { isRefused } from './refusal.ts'
import { callbackUrl, SingleSignOn } from './single-sign-on.ts'
import { type ProviderInput, putProvider, removeProvider } from './sso-provider.ts'
import { accountKey, SSO_ACCOUNTS } from './sso-records.ts'

let idp: IdentityProvider
before(async () => {
  const { site } = peopleRoom().means
  idp = await identityProvider([callbackUrl(site, 'corp'), callbackUrl(site, 'other')])
})
after(() => idp.close())
beforeEach(() => {
  idp.account = { sub: 'u-1', name: 'Uma Example', email: 'uma@example.org', email_verified: true, groups: ['api-team'] }
})

const MAPPING = {
  claim: 'groups',
  rules: [
    { value: 'api-team', roles: ['api-owner'], teams: ['books'] },
    { value: 'audit', roles: ['auditor'], teams: [] },
  ],
}
interface Sso {
  readonly room: PeopleRoom
  readonly sso: SingleSignOn
}
async function withProvider(more: Partial<ProviderInput> = {}, egress = openEgress()): Promise<Sso> {
  const room = peopleRoom({ egress })
  await addProvider(room, more)
  return { room, sso: new SingleSignOn(room.means) }
}
const addProvider = async (room: PeopleRoom, more: Partial<ProviderInput> = {}) => {
  const input: ProviderInput = {
    name: 'corp',
    says: 'Corp',
    issuer: idp.issuer,
    clientId: 'gatehouse',
    clientSecret: idp.clientSecret,
    provesSecondFactor: true,
    ...more,
  }
  return granted(await room.means.store.write((writing) => putProvider(writing, room.means.envelope, ADMIN, input)))
}
const queryOf = (url: string): string => new URL(url).search.slice(1)
/** The whole way; the query comes back too. */
async function comeIn({ sso }: Sso, more: { provider?: string; link?: string; returnTo?: string } = {}) {
  const { url } = granted(await sso.begin({ provider: 'corp', visit: VISIT, ...more }))
  const query = queryOf(await idp.walk(url))
  return { url, query, result: await sso.finish({ provider: more.provider ?? 'corp', query, visit: VISIT }) }
}
const invite = async ({ room }: Sso, roles = ['administrator']) =>
  granted(await room.means.store.write((writing) => invitePerson(writing, room.at(), ADMIN, { name: 'Uma', mail: 'uma@example.org', roles, teams: [] })))

describe('single sign-on', () => {
  it('asks with code, PKCE, state and nonce, and goes out by the egress only', async () => {
    const egress = openEgress()
    const it = await withProvider({ mapping: MAPPING }, egress)
    const { url, result } = await comeIn(it, { returnTo: '/apis?tab=1' })
    const asked = new URL(url).searchParams
    assert.equal(asked.get('response_type'), 'code')
    assert.equal(asked.get('code_challenge_method'), 'S256')
    assert.ok(asked.get('code_challenge')!.length === 43 && asked.get('nonce')!.length === 43 && asked.get('state')!.length > 43)
    const came = granted(result)
    assert.equal(came.outcome, 'signed-in')
    assert.equal(came.returnTo, '/apis?tab=1')
    assert.ok(egress.urls.some((each) => each.endsWith('/token')) && egress.urls.some((each) => each.endsWith('/jwks')))
  })

  it('lets nobody in who was not invited and whom no rule names', async () => {
    const none = await withProvider()
    assert.deepEqual((await comeIn(none)).result, { refused: 'not-invited' })
    const it = await withProvider({ mapping: MAPPING })
    for (const groups of [undefined, [], ['API-TEAM'], ['api-team '], ['owner']]) {
      idp.account = { sub: 'u-2', ...(groups && { groups }) }
      assert.deepEqual((await comeIn(it)).result, { refused: 'not-invited' })
    }
  })

  it('binds an invited person to issuer and subject; the mail over there is nobody here', async () => {
    const it = await withProvider()
    const { person, link } = await invite(it)
    // Somebody with the same address but no invitation.
    assert.deepEqual((await comeIn(it)).result, { refused: 'not-invited' })
    idp.account = { sub: 'u-7', email: 'quite.another@example.org', email_verified: true }
    const came = granted((await comeIn(it, { link: link.secret })).result)
    assert.ok(came.outcome === 'signed-in' && came.session.personId === person.id)
    assert.deepEqual(await it.sso.begin({ provider: 'corp', visit: VISIT, link: link.secret }), { refused: 'link-void' })
    assert.equal(granted((await comeIn(it)).result).outcome, 'signed-in')
    idp.account = { sub: 'u-8', email: 'uma@example.org', email_verified: true }
    assert.deepEqual((await comeIn(it)).result, { refused: 'not-invited' })
  })

  it('never takes over the account of somebody with the same mail', async () => {
    const it = await withProvider({ mapping: MAPPING })
    const owner = await member(it.room, ['owner'], { mail: 'uma@example.org' })
    const came = granted((await comeIn(it)).result)
    assert.ok(came.outcome === 'signed-in' && came.session.personId !== owner.person.id)
    assert.equal((await it.room.means.store.read((reading) => findPersonByMail(reading, 'uma@example.org')))?.id, owner.person.id)
    assert.equal((await it.room.means.store.read((reading) => getPerson(reading, came.session.personId)))?.mail, '')
  })

  it('gives what the rules give at each sign-in, and takes it away again', async () => {
    const it = await withProvider({ mapping: MAPPING })
    const first = granted((await comeIn(it)).result)
    assert.ok(first.outcome === 'signed-in')
    const roles = async () => (await it.room.means.store.read((reading) => getPerson(reading, first.session.personId)))!.roles
    assert.deepEqual(await roles(), ['api-owner'])
    idp.account = { ...idp.account, groups: ['audit', 'api-team'] }
    const second = granted((await comeIn(it)).result)
    assert.deepEqual(await roles(), ['api-owner', 'auditor'])
    await assert.rejects(live(it.room, first.session.secret))
    idp.account = { ...idp.account, groups: ['canteen'] }
    assert.deepEqual((await comeIn(it)).result, { refused: 'no-role-by-claims' })
    assert.deepEqual(await roles(), [])
    const changes = it.room.events.filter(({ act }) => act === 'person.change').map(({ actor, detail }) => [actor.kind, detail?.['by'], detail?.['roles']])
    assert.deepEqual(changes, [
      ['system', 'claims', ['api-owner', 'auditor']],
      ['system', 'claims', []],
    ])
    assert.ok(second.outcome === 'signed-in')
    await assert.rejects(live(it.room, second.session.secret))
  })

  it('asks for a second factor here when the provider does not prove one', async () => {
    const it = await withProvider({ mapping: MAPPING, provesSecondFactor: false })
    assert.equal(granted((await comeIn(it)).result).outcome, 'enrol')
  })

  it('refuses the suspended, and a provider that was removed or another entry for the same issuer', async () => {
    const it = await withProvider({ mapping: MAPPING })
    const came = granted((await comeIn(it)).result)
    assert.ok(came.outcome === 'signed-in')
    await addProvider(it.room, { name: 'other', mapping: MAPPING })
    assert.deepEqual((await comeInBy(it, 'other')).result, { refused: 'not-invited' })
    granted(await it.room.means.store.write((writing) => suspendPerson(writing, ADMIN, came.session.personId)))
    assert.deepEqual((await comeIn(it)).result, { refused: 'not-active' })
    granted(await it.room.means.store.write((writing) => removeProvider(writing, ADMIN, 'corp')))
    assert.deepEqual(await it.sso.begin({ provider: 'corp', visit: VISIT }), { refused: 'unknown-provider' })
  })
  const comeInBy = async ({ sso }: Sso, provider: string) => {
    const { url } = granted(await sso.begin({ provider, visit: VISIT }))
    return { result: await sso.finish({ provider, query: queryOf(await idp.walk(url)), visit: VISIT }) }
  }

  it('steps a session up for the same person who has just signed in over there, and for nobody else', async () => {
    const it = await withProvider({ mapping: MAPPING })
    const came = granted((await comeIn(it)).result)
    assert.ok(came.outcome === 'signed-in')
    const session = await live(it.room, came.session.secret)
    const walk = async () => {
      const { url } = granted(await it.sso.begin({ provider: 'corp', visit: VISIT, live: session }))
      assert.equal(new URL(url).searchParams.get('prompt'), 'login')
      return it.sso.finish({ provider: 'corp', query: queryOf(await idp.walk(url)), visit: VISIT, live: session })
    }
    idp.account = { sub: 'u-99', groups: ['api-team'] }
    assert.deepEqual(await walk(), { refused: 'not-invited' })
    idp.account = { sub: 'u-1', groups: ['api-team'] }
    const stepped = granted(await walk())
    assert.ok(stepped.outcome === 'proved' && stepped.session.secret !== came.session.secret)
  })
})

describe('a provider that proves one factor', () => {
  it('does not step up the session of somebody who has a second one, whenever they enrolled it', async () => {
    const it = await withProvider({ provesSecondFactor: false })
    const { person, secret } = await member(it.room, ['viewer'], { isPlain: true })
    const key = accountKey(idp.issuer, 'u-1')
    await it.room.means.store.write(async (writing) => writing.put(SSO_ACCOUNTS, key, { personId: person.id, provider: 'corp', boundAtMs: 0 }))
    const session = await live(it.room, secret)
    const begin = () => it.sso.begin({ provider: 'corp', visit: VISIT, live: session })
    const finish = async (url: string) => it.sso.finish({ provider: 'corp', query: queryOf(await idp.walk(url)), visit: VISIT, live: session })
    const begun = granted(await begin())
    await it.room.means.store.write(async (writing) => {
      writing.put(TOTPS, person.id, { sealedSeed: '', confirmedAtMs: 0, lastStep: 0, recovery: [], wrongCodes: 0 })
    })
    assert.deepEqual(await finish(begun.url), { refused: 'proves-too-little' })
    assert.deepEqual(await begin(), { refused: 'proves-too-little' })
    await it.room.means.store.write(async (writing) => writing.remove(TOTPS, person.id))
    assert.equal(granted(await finish(granted(await begin()).url)).outcome, 'proved')
  })
})

describe('an answer that is not to this question is refused', () => {
  const refusedAs = async (name: string, wanted: string, change: (query: URLSearchParams) => URLSearchParams | string, visit = VISIT) =>
    it(name, async () => {
      const one = await withProvider({ mapping: MAPPING })
      const { url } = granted(await one.sso.begin({ provider: 'corp', visit: VISIT }))
      const query = String(change(new URLSearchParams(queryOf(await idp.walk(url)))))
      assert.deepEqual(await one.sso.finish({ provider: 'corp', query, visit }), { refused: wanted })
    })
  const set = (name: string, value: string) => (query: URLSearchParams) => {
    query.set(name, value)
    return query
  }
  refusedAs('another browser (login CSRF, a stolen callback)', 'begin-again', (query) => query, visitFrom('192.0.2.1', { browser: 'another' }))
  refusedAs('a state that was made up', 'begin-again', set('state', 'a.b'))
  refusedAs('no state', 'begin-again', (query) => {
    query.delete('state')
    return query
  })
  refusedAs('two states', 'begin-again', (query) => `${query}&state=x`)
  refusedAs('two codes', 'begin-again', (query) => `${query}&code=x`)
  refusedAs('another code', 'not-confirmed', set('code', 'made-up'))
  refusedAs('another issuer (mix-up, RFC 9207)', 'not-confirmed', set('iss', 'https://evil.example'))
  refusedAs('no issuer', 'not-confirmed', (query) => {
    query.delete('iss')
    return query
  })
  refusedAs('an error of the provider', 'not-confirmed', (query) => {
    query.delete('code')
    query.set('error', 'access_denied')
    return query
  })
  refusedAs('a token in the address (implicit)', 'not-confirmed', (query) => {
    query.delete('code')
    query.set('id_token', 'a.b.c')
    return query
  })
  refusedAs('a query of any length', 'begin-again', (query) => `${query}&x=${'y'.repeat(20_000)}`)

  it('a callback that is shown twice, also at once', async () => {
    const one = await withProvider({ mapping: MAPPING })
    const { url } = granted(await one.sso.begin({ provider: 'corp', visit: VISIT }))
    const query = queryOf(await idp.walk(url))
    const results = await Promise.all([1, 2, 3].map(() => one.sso.finish({ provider: 'corp', query, visit: VISIT })))
    assert.equal(results.filter((each) => !isRefused(each)).length, 1)
    assert.deepEqual(await one.sso.finish({ provider: 'corp', query, visit: VISIT }), { refused: 'begin-again' })
  })

  it('one that comes after ten minutes, or by the path of another provider', async () => {
    const one = await withProvider({ mapping: MAPPING })
    await addProvider(one.room, { name: 'other', mapping: MAPPING })
    const query = queryOf(await idp.walk(granted(await one.sso.begin({ provider: 'corp', visit: VISIT })).url))
    assert.deepEqual(await one.sso.finish({ provider: 'other', query, visit: VISIT }), { refused: 'begin-again' })
    one.room.clock.advanceMs(10 * 60_000)
    assert.deepEqual(await one.sso.finish({ provider: 'corp', query, visit: VISIT }), { refused: 'begin-again' })
  })

  it("a code that was issued for another browser's question (code injection)", async () => {
    const one = await withProvider({ mapping: MAPPING })
    const theirs = new URLSearchParams(
      queryOf(await idp.walk(granted(await one.sso.begin({ provider: 'corp', visit: visitFrom('192.0.2.9', { browser: 'victim' }) })).url)),
    )
    const mine = new URLSearchParams(queryOf(await idp.walk(granted(await one.sso.begin({ provider: 'corp', visit: VISIT })).url)))
    mine.set('code', theirs.get('code')!)
    assert.deepEqual(await one.sso.finish({ provider: 'corp', query: String(mine), visit: VISIT }), { refused: 'not-confirmed' })
  })

  it('an ID token whose claims or signature were changed on the way', async () => {
    const forge = (alter: (header: string, body: Record<string, unknown>, signature: string) => string) =>
      openEgress((url, body) => {
        if (!url.endsWith('/token')) return body
        const answer = JSON.parse(body) as { id_token: string }
        const [header = '', claims = '', signature = ''] = answer.id_token.split('.')
        return JSON.stringify({
          ...answer,
          id_token: alter(header, JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>, signature),
        })
      })
    const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const forgeries = [
      forge((header, body, signature) => `${header}.${encode({ ...body, sub: 'admin' })}.${signature}`),
      forge((_, body) => `${encode({ alg: 'none' })}.${encode(body)}.`),
      forge((header, body, signature) => `${header}.${encode(body)}.${signature.slice(0, -8)}AAAAAAAA`),
    ]
    for (const egress of forgeries) assert.deepEqual((await comeIn(await withProvider({ mapping: MAPPING }, egress))).result, { refused: 'not-confirmed' })
    const untouched = forge((header, body, signature) => `${header}.${encode(body)}.${signature}`)
    assert.equal(granted((await comeIn(await withProvider({ mapping: MAPPING }, untouched))).result).outcome, 'signed-in')
  })

  it('metadata that name another issuer, or a provider that cannot be reached', async () => {
    const lying = openEgress((url, body) => (url.includes('.well-known') ? body.replace(`"issuer":"${idp.issuer}"`, '"issuer":"https://evil.example"') : body))
    const one = await withProvider({ mapping: MAPPING }, lying)
    assert.deepEqual(await one.sso.begin({ provider: 'corp', visit: VISIT }), { refused: 'provider-unreachable' })
    const { means } = peopleRoom()
    const cut = new SingleSignOn({ ...one.room.means, egress: means.egress })
    assert.deepEqual(await cut.begin({ provider: 'corp', visit: VISIT }), { refused: 'provider-unreachable' })
    let asked = 0
    const counting = new SingleSignOn({ ...one.room.means, egress: { fetch: () => Promise.reject(new Error(`silent ${++asked}`)) } })
    for (let turn = 0; turn < 2; turn++)
      for (const told of await Promise.all(Array.from({ length: 20 }, () => counting.begin({ provider: 'corp', visit: VISIT }))))
        assert.deepEqual(told, { refused: 'provider-unreachable' })
    assert.equal(asked, 1, 'strangers who begin make it ask once')
  })

  it('a way back that leads elsewhere is refused before anybody is sent away', async () => {
    const one = await withProvider({ mapping: MAPPING })
    for (const returnTo of ['//evil.example', '/\\evil.example', 'https://evil.example', '/%2f/evil.example'])
      assert.deepEqual(await one.sso.begin({ provider: 'corp', visit: VISIT, returnTo }), { refused: 'bad-return-path' })
  })
})

describe('a provider', () => {
  const input = (more: Partial<ProviderInput> = {}): ProviderInput => ({
    name: 'corp',
    says: 'Corp',
    issuer: 'https://idp.example',
    clientId: 'gatehouse',
    clientSecret: 's3cret-of-the-client',
    provesSecondFactor: false,
    ...more,
  })
  it('is set by owners only, and is https or loopback', async () => {
    const room = peopleRoom()
    const put = (holder: Holder, more: Partial<ProviderInput>) =>
      room.means.store.write((writing) => putProvider(writing, room.means.envelope, holder, input(more)))
    const administrator: Holder = { ...ADMIN, permissions: new Map([...EVERYTHING].filter(([each]) => each !== 'trail:erase')) }
    assert.deepEqual(await put(administrator, {}), { refused: 'owners-only' })
    for (const issuer of [
      'http://idp.example',
      'ftp://idp.example',
      'idp.example',
      'https://a@idp.example',
      'https://idp.example/?x=1',
      'http://127.0.0.1.evil.example',
      'http://localhost.evil.example',
    ])
      assert.deepEqual(await put(ADMIN, { issuer }), { refused: 'issuer-not-https' }, issuer)
    const rule = (roles: string[]) => ({ mapping: { claim: 'groups', rules: [{ value: 'x', roles, teams: [] }] } })
    assert.deepEqual(await put(ADMIN, rule(['owner'])), { refused: 'owner-not-by-claim' })
    assert.deepEqual(await put(ADMIN, rule(['king'])), { refused: 'unknown-role' })
    assert.deepEqual(await put(ADMIN, rule([])), { refused: 'rule-unreadable' })
    assert.ok(!isRefused(await put(ADMIN, rule(['viewer']))))
  })

  it('is not shown the secret that was kept for another issuer', async () => {
    const room = peopleRoom()
    const put = (more: Partial<ProviderInput>) => room.means.store.write((writing) => putProvider(writing, room.means.envelope, ADMIN, more as ProviderInput))
    const { clientSecret: _, ...without } = input()
    granted(await put(input()))
    assert.ok(!isRefused(await put({ ...without, says: 'Renamed' })))
    assert.deepEqual(await put({ ...without, issuer: 'https://evil.example' }), { refused: 'secret-needed' })
    const kept = JSON.stringify(await room.means.store.read((reading) => reading.get({ name: 'sso-provider' }, 'corp')))
    assert.ok(!kept.includes('s3cret-of-the-client'))
  })
})
