// The journey of an operator's request: each step refuses what it must, and an act and its trail entry happen together or not at all.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { StoreUnavailable, UncertainCommit } from '../../src/ports/store.ts'
import type { Sent } from './control-client.ts'
import { client, plane, standIn } from './toy-listener.ts'
import { type Box, boxes, told, toyPlane } from './toy-plane.ts'

beforeEach(async () => {
  await plane.store.write(async (writing) => {
    const some: Box[] = [
      { name: 'big', api: 'apples', weight: 5 },
      { name: 'odd', api: 'berries', weight: 7 },
    ]
    for (const box of some) writing.put(boxes, box.name, box)
  })
})

const get = (path: string, sent: Sent = {}) => client.send('GET', `/api/v1${path}`, sent)
const post = (path: string, body: unknown, sent: Sent = {}) => client.send('POST', `/api/v1${path}`, { as: 'root', body, ...sent })
const put = (path: string, body: unknown, sent: Sent = {}) => client.send('PUT', `/api/v1${path}`, { as: 'root', body, ...sent })
const weightOf = (name: string) => plane.store.read(async (reading) => (await reading.get(boxes, name))?.weight)
const trail = () =>
  plane.store.read(async (reading) =>
    (await reading.scan(told, { limit: 100 })).map(({ value }) => `${value.act} ${value.actor.id} ${value.outcome}${value.code ? ` ${value.code}` : ''}`),
  )

describe('who, and from where', () => {
  test('a Host that is not ours is refused, on every path (DNS rebinding)', async () => {
    for (const path of ['/livez', '/metrics', '/api/openapi.json', '/api/v1/boxes', '/'])
      assert.equal((await client.send('GET', path, { as: 'root', headers: { host: 'rebound.example' } })).short, '421 management.misdirected')
    assert.equal((await client.send('GET', '/livez', { headers: { host: 'LOCALHOST:1' } })).status, 200)
  })
  test('without a valid credential nothing is told, not even what is served here', async () => {
    for (const [method, path] of [
      ['GET', '/boxes'],
      ['GET', '/nothing'],
      ['DELETE', '/boxes'],
      ['PUT', '/boxes/big'],
    ] as const)
      assert.equal((await client.send(method, `/api/v1${path}`)).short, '401 management.unauthorized')
    const refusal = await get('/boxes', { as: 'nobody' })
    assert.equal(refusal.headers['www-authenticate'], 'Bearer realm="gatehouse"')
    assert.equal((await post('/tries', { guess: 'cat' }, { as: 'nobody' })).short, '401 management.unauthorized')
  })
  test('whoever is known is told what is not served', async () => {
    assert.equal((await get('/nothing', { as: 'root' })).short, '404 management.unknown-path')
    const refusal = await client.send('DELETE', '/api/v1/boxes', { as: 'root' })
    assert.equal(refusal.short, '405 management.method-not-allowed')
    assert.equal(refusal.headers['allow'], 'GET, HEAD, POST')
  })
  test('a change from another origin is refused, with a token or a session', async () => {
    for (const origin of ['https://evil.example', 'null', `http://localhost:${client.port}`, `${client.origin}.evil.example`]) {
      assert.equal((await post('/boxes', { name: 'new', api: 'apples' }, { headers: { origin } })).short, '403 management.foreign-origin')
    }
    assert.equal((await post('/boxes', { name: 'new', api: 'apples' }, { headers: { origin: client.origin } })).status, 201)
  })
  test('a session changes something only with its origin and its CSRF token; a token in its place needs neither', async () => {
    const cookie = '__Host-gatehouse-session=ann-session'
    const body = { name: 'new', api: 'apples' }
    const send = (headers: Record<string, string>) => client.send('POST', '/api/v1/boxes', { headers: { cookie, ...headers }, body })
    assert.equal((await send({ 'x-csrf-token': 'csrf-of-ann' })).short, '403 management.foreign-origin')
    assert.equal((await send({ origin: client.origin })).short, '403 management.csrf-token')
    assert.equal((await send({ origin: client.origin, 'x-csrf-token': 'csrf-of-eve' })).short, '403 management.csrf-token')
    assert.equal((await send({ origin: client.origin, 'x-csrf-token': 'csrf-of-ann' })).status, 201)
    assert.equal((await client.send('GET', '/api/v1/boxes', { headers: { cookie } })).status, 200)
  })
  test('of two session cookies neither counts', async () => {
    const cookie = '__Host-gatehouse-session=ann-session; __Host-gatehouse-session=ann-session'
    assert.equal((await client.send('GET', '/api/v1/boxes', { headers: { cookie } })).short, '401 management.unauthorized')
  })
  test('requests are counted by address before anyone is known, and by operator after', async () => {
    standIn(toyPlane(new MemoryStore(), 3))
    const answers = await Promise.all(Array.from({ length: 4 }, () => get('/boxes', { as: 'nobody' })))
    const limited = answers.filter(({ status }) => status === 429)
    assert.equal(limited.length, 1)
    assert.equal(limited[0]!.short, '429 management.rate-limited')
    assert.match(String(limited[0]!.headers['retry-after']), /^\d+$/)
    assert.equal(answers[0]!.headers['ratelimit-policy'], '"management";q=3;w=60')
  })
})

describe('may they', () => {
  test('who lacks the permission is refused', async () => {
    assert.equal((await post('/boxes', { name: 'new', api: 'apples' }, { as: 'eve' })).short, '403 management.forbidden')
    assert.equal((await post('/boxes/big/secret', {}, { as: 'ann' })).short, '403 management.forbidden')
  })
  test("an API of others looks like none at all: in lists, changed by its name, and made under another's", async () => {
    assert.deepEqual(
      ((await get('/boxes', { as: 'ann' })).json!['items'] as Box[]).map(({ name }) => name),
      ['big'],
    )
    const absent = await put('/boxes/none', { weight: 1 }, { as: 'ann', headers: { 'if-match': '*' } })
    const others = await put('/boxes/odd', { weight: 1 }, { as: 'ann', headers: { 'if-match': '*' } })
    assert.equal(others.short, '404 management.unknown')
    assert.equal(others.body, absent.body)
    assert.equal((await post('/boxes', { name: 'new', api: 'berries' }, { as: 'ann' })).short, '404 management.unknown')
    assert.equal(await weightOf('odd'), 7)
    assert.equal(await weightOf('new'), undefined)
  })
  test('what is dangerous takes a recent sign-in; a token has none to renew', async () => {
    const headers = { cookie: '__Host-gatehouse-session=old-session', origin: client.origin, 'x-csrf-token': 'csrf-of-old' }
    assert.equal((await client.send('POST', '/api/v1/boxes/big/secret', { headers })).short, '403 management.recent-sign-in')
    assert.equal((await post('/boxes/big/secret', undefined)).status, 201)
  })
})

describe('what exactly', () => {
  test('a body is JSON, whole, bounded, without repeated or unknown keys', async () => {
    const cases: [body: string, type: string, short: string][] = [
      ['{"name":"new","api":"apples"', 'application/json', '400 management.invalid'],
      ['{"name":"new","name":"odd","api":"apples"}', 'application/json', '400 management.invalid'],
      ['{"name":"new","api":"apples","__proto__":{}}', 'application/json', '400 management.invalid'],
      ['{"name":"new","api":"apples","extra":1}', 'application/json', '400 management.invalid'],
      ['{"name":"NEW","api":"apples"}', 'application/json', '400 management.invalid'],
      ['[]', 'application/json', '400 management.invalid'],
      [`${'['.repeat(100)}${']'.repeat(100)}`, 'application/json', '400 management.invalid'],
      ['{"name":"new","api":"apples"}', 'text/plain', '415 management.unsupported-media-type'],
      ['{"name":"new","api":"apples"}', 'application/json; charset=utf-16', '415 management.unsupported-media-type'],
      [`{"name":"new","api":"apples","pad":"${'x'.repeat(70_000)}"}`, 'application/json', '413 management.body-too-large'],
    ]
    for (const [body, type, short] of cases) assert.equal((await post('/boxes', body, { headers: { 'content-type': type } })).short, short, body.slice(0, 60))
    assert.equal(await weightOf('new'), undefined)
  })
  test('a body that grows too large without saying so is answered as one that said so', async () => {
    assert.equal((await post('/boxes', 'x'.repeat(70_000), { chunked: true })).short, '413 management.body-too-large')
  })
  test('every fault of a request is told at once, with its place as a pointer', async () => {
    const { json } = await post('/boxes?colour=red', { name: 'NEW', api: 'apples', weight: -1, 'a/b': 0 })
    assert.deepEqual(
      (json!['errors'] as { in: string; path: string }[]).map(({ in: place, path }) => `${place} ${path}`),
      ['query /colour', 'body /a~1b', 'body /name', 'body /weight'],
    )
  })
  test('a query parameter that stands there twice is refused', async () => {
    assert.equal((await get('/boxes?limit=1&limit=2', { as: 'root' })).short, '400 management.invalid')
    assert.equal((await get('/boxes?limit=0', { as: 'root' })).short, '400 management.invalid')
    assert.equal((await get('/boxes?limit=1e1', { as: 'root' })).short, '400 management.invalid')
  })
  test('pages follow one another without gap or repetition, and a forged cursor is refused', async () => {
    const first = await get('/boxes?limit=1', { as: 'root' })
    const second = await get(`/boxes?limit=1&cursor=${first.json!['next']}`, { as: 'root' })
    assert.deepEqual(
      [first, second].flatMap(({ json }) => (json!['items'] as Box[]).map(({ name }) => name)),
      ['big', 'odd'],
    )
    assert.equal(second.json!['next'], undefined)
    assert.equal((await get('/boxes?cursor=%20', { as: 'root' })).short, '400 management.invalid')
    assert.equal((await get(`/boxes?cursor=${Buffer.from('a\nb').toString('base64url')}`, { as: 'root' })).short, '400 management.invalid')
  })
})

describe('changed once, and by those who know what they change', () => {
  test('a change names the state that it means: 428 without, 412 with another, done with the right one or with *', async () => {
    const made = await post('/boxes', { name: 'new', api: 'apples' })
    const etag = String(made.headers['etag'])
    assert.equal(made.headers['location'], '/api/v1/boxes/new')
    assert.equal((await put('/boxes/new', { weight: 2 })).short, '428 management.precondition-required')
    assert.equal((await put('/boxes/new', { weight: 2 }, { headers: { 'if-match': '"other"' } })).short, '412 management.stale')
    assert.equal((await put('/boxes/new', { weight: 2 }, { headers: { 'if-match': `W/${etag}` } })).short, '412 management.stale')
    assert.equal(await weightOf('new'), 1)
    assert.equal((await put('/boxes/new', { weight: 2 }, { headers: { 'if-match': `"other", ${etag}` } })).status, 200)
    assert.equal((await put('/boxes/new', { weight: 3 }, { headers: { 'if-match': etag } })).short, '412 management.stale')
    assert.equal((await put('/boxes/new', { weight: 3 }, { headers: { 'if-match': '*' } })).status, 200)
    assert.equal(await weightOf('new'), 3)
  })
  test('a repetition with the same idempotency key gets the first answer and does nothing', async () => {
    const headers = { 'idempotency-key': '"k1"' }
    const first = await post('/boxes', { name: 'new', api: 'apples' }, { headers })
    const again = await post('/boxes', { api: 'apples', name: 'new' }, { headers })
    assert.equal(again.status, 201)
    assert.equal(again.body, first.body)
    assert.equal(again.headers['etag'], first.headers['etag'])
    assert.equal(again.headers['idempotency-replayed'], 'true')
    assert.deepEqual(await trail(), ['box.create admin-token done'])
    assert.equal((await post('/boxes', { name: 'other', api: 'apples' }, { headers })).short, '422 management.idempotency-reused')
    assert.equal(await weightOf('other'), undefined)
  })
  test("another caller with the same idempotency key gets no answer of the first's", async () => {
    const headers = { 'idempotency-key': 'k1' }
    await post('/boxes', { name: 'new', api: 'apples' }, { headers })
    const other = await post('/boxes', { name: 'new', api: 'apples' }, { as: 'ann', headers })
    assert.equal(other.short, '409 boxes.taken')
    assert.equal(other.headers['idempotency-replayed'], undefined)
  })
  test('an idempotency key that is none, or two, is refused and not passed over', async () => {
    for (const key of ['', 'a b', 'x'.repeat(129), '"a", "b"', 'ü'])
      assert.equal((await post('/boxes', { name: 'new', api: 'apples' }, { headers: { 'idempotency-key': key } })).short, '400 management.invalid', key)
    assert.equal(await weightOf('new'), undefined)
  })
  test('an answer with a secret is never told twice', async () => {
    const headers = { 'idempotency-key': 'k2' }
    assert.equal((await post('/boxes/big/secret', undefined, { headers })).json!['secret'], 'a cat')
    const again = await post('/boxes/big/secret', undefined, { headers })
    assert.equal(again.short, '409 management.already-done')
    assert.doesNotMatch(JSON.stringify(await plane.store.read(async (reading) => reading.scan({ name: 'idempotency' }, { limit: 10 }))), /a cat/)
  })
  test('an answer with a cookie is never told twice, and strangers are answered nothing of one another', async () => {
    const headers = { 'idempotency-key': 'k4' }
    assert.equal((await post('/visits', {}, { headers })).headers['set-cookie']?.[0], 'visit=a-secret-visit')
    assert.equal((await post('/visits', {}, { headers })).short, '409 management.already-done')
    const tried = () => client.send('POST', '/api/v1/tries', { body: { guess: 'cat' }, headers })
    assert.deepEqual([(await tried()).json!['tries'], (await tried()).json!['tries']], [1, 2])
    assert.doesNotMatch(JSON.stringify(await plane.store.read(async (reading) => reading.scan({ name: 'idempotency' }, { limit: 10 }))), /a-secret-visit/)
  })
  test('after a day a key may be used anew, and what was kept of it goes', async () => {
    const headers = { 'idempotency-key': 'k3' }
    await post('/boxes', { name: 'one', api: 'apples' }, { headers })
    plane.clock.advanceMs(24 * 3_600_000 + 1)
    assert.equal((await post('/boxes', { name: 'two', api: 'apples' }, { headers })).status, 201)
    assert.equal((await plane.store.read((reading) => reading.scan({ name: 'idempotency-at' }, { limit: 10 }))).length, 1)
  })
})

describe('the act and its entry are one', () => {
  test('what is refused leaves nothing but its entry, though it had written before', async () => {
    assert.equal((await post('/boxes', { name: 'new', api: 'apples', weight: 99 })).short, '422 boxes.heavy')
    assert.equal(await weightOf('new'), undefined)
    assert.deepEqual(await trail(), ['box.create admin-token refused boxes.heavy'])
  })
  test('an act that cannot be logged does not happen, and nothing of the reason is told', async () => {
    plane.trailIsBroken = true
    const { short, body } = await post('/boxes', { name: 'new', api: 'apples' })
    assert.equal(short, '500 management.broken')
    assert.doesNotMatch(body, /trail/)
    assert.equal(await weightOf('new'), undefined)
    assert.equal(plane.reports.length, 1)
  })
  test('a throw half-way keeps nothing', async () => {
    assert.equal((await post('/boxes', { name: 'new', api: 'apples', weight: 66 })).short, '500 management.broken')
    assert.equal(await weightOf('new'), undefined)
  })
  test('a failed try is counted and logged although it is refused', async () => {
    const answer = await client.send('POST', '/api/v1/tries', { body: { guess: 'dog' } })
    assert.equal(answer.short, '401 boxes.wrong')
    assert.equal(answer.headers['retry-after'], '2')
    assert.equal(await weightOf('tries'), 1)
    assert.deepEqual(await trail(), ['box.try anonymous refused boxes.wrong'])
  })
  test('a read with the admin token is in the trail, before it is answered', async () => {
    assert.equal((await get('/boxes', { as: 'root' })).status, 200)
    assert.deepEqual(await trail(), ['admin-token.read admin-token done'])
    plane.record = async () => {
      throw new StoreUnavailable('full')
    }
    assert.equal((await get('/boxes', { as: 'root' })).status, 503)
  })
  test('a read is not in the trail; the address of who acts is personal', async () => {
    await get('/boxes', { as: 'ann' })
    await post('/boxes', { name: 'new', api: 'apples' })
    const entries = await plane.store.read((reading) => reading.scan(told, { limit: 10 }))
    assert.equal(entries.length, 1)
    assert.deepEqual(entries[0]!.value.object, { kind: 'box', name: 'new' })
    assert.match(entries[0]!.value.personal!['address']!, /127\.0\.0\.1$/)
  })
})

describe('answers', () => {
  test('an answer that holds more than is declared does not leave', async () => {
    const { short, body } = await get('/leak', { as: 'root' })
    assert.equal(short, '500 management.broken')
    assert.doesNotMatch(body, /seed/)
  })
  test('a store that does not answer is 503, and one that may have kept the change says so', async () => {
    const { store } = plane
    for (const [cause, short] of [
      [new StoreUnavailable('gone: /secret/place'), '503 management.unavailable'],
      [new UncertainCommit('cut'), '503 management.uncertain'],
    ] as const) {
      standIn({ ...plane, store: Object.assign(Object.create(store), { write: () => Promise.reject(cause) }) })
      const told = await post('/boxes', { name: 'new', api: 'apples' })
      assert.equal(told.short, short)
      assert.doesNotMatch(told.body, /secret|cut/)
    }
  })
  test('nothing is for caches, frames or other origins', async () => {
    for (const { headers } of [await get('/boxes', { as: 'root' }), await get('/boxes'), await client.send('GET', '/livez')]) {
      assert.equal(headers['cache-control'], 'no-store')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['x-frame-options'], 'DENY')
      assert.equal(headers['access-control-allow-origin'], client.origin)
    }
  })
  test('HEAD answers like GET, without the body', async () => {
    const answer = await client.send('HEAD', '/api/v1/boxes', { as: 'root' })
    assert.equal(answer.status, 200)
    assert.equal(answer.body, '')
  })
})
