// Who arrives at the control listener: strangers are counted and told to the trail within bounds, and cannot shut out who has a valid credential.
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { arrive, callerGroup } from '../../src/management/arrival.ts'
import { CONNECTIONS_OF_CALLER, startControl } from '../../src/management/control-server.ts'
import { ENTRIES_OF_CALLER, ENTRIES_OF_STRANGERS } from '../../src/management/refusal-log.ts'
import type { TrailEvent } from '../../src/model/trail-event.ts'
import { client, current, plane, standIn } from './toy-listener.ts'
import { boxes, OPERATORS, told, toyOperations, toyPlane } from './toy-plane.ts'

const get = (path: string, as?: string, headers = {}) => client.send('GET', `/api/v1${path}`, { ...(as !== undefined && { as }), headers })
const post = (path: string, as: string | undefined, headers = {}) =>
  client.send('POST', `/api/v1${path}`, { ...(as !== undefined && { as }), headers, body: { name: 'new', api: 'apples' } })
const entries = (): Promise<readonly TrailEvent[]> => plane.store.read(async (reading) => (await reading.scan(told, { limit: 1000 })).map(({ value }) => value))
const refusals = async (): Promise<readonly string[]> =>
  (await entries()).filter(({ act }) => act === 'request.refuse').map(({ actor, code, detail }) => `${actor.id} ${code} ${detail?.['operation']}`)

describe('what a peer is counted under', () => {
  const vectors: [address: string, group: string][] = [
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::ffff:c000:207', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['fe80::1%eth0', 'fe80::/64'],
    ['', ''],
  ]
  assert.equal(vectors.length, 9)
  for (const [address, group] of vectors) test(`'${address}' under '${group}'`, () => assert.equal(callerGroup(address), group))
})

describe('the table of addresses', () => {
  test('full of the addresses of strangers, it shuts strangers out and nobody who has a valid credential', async () => {
    for (let i = 0; i < 20_000; i++) plane.guests.take(`address:198.51.${i >> 8}.${i & 255}`, plane.clock.nowUs())
    assert.equal((await get('/boxes')).short, '429 management.rate-limited')
    assert.equal((await get('/boxes', 'nobody')).short, '429 management.rate-limited')
    assert.equal((await get('/boxes', 'root')).status, 200)
    assert.equal((await get('/boxes', undefined, { cookie: '__Host-gatehouse-session=ann-session' })).status, 200)
  })
  test('of two that ask in one turn each gets its own word, not the other’s', async () => {
    standIn(toyPlane(new MemoryStore(), 1))
    const from = (as: string) => ({ socket: { remoteAddress: `192.0.2.${as.length}` }, headers: { authorization: `Bearer ${as}` } }) as never
    assert.ok('operator' in (await arrive(plane, from('ann'))))
    plane.guests = toyPlane().guests
    const [spent, fresh] = await Promise.all([arrive(plane, from('ann')), arrive(plane, from('root'))])
    assert.ok('answer' in spent && spent.answer.status === 429)
    assert.ok('operator' in fresh && fresh.operator?.actor.id === 'admin-token')
  })
})

describe('refusals before an operation runs are in the trail', () => {
  test('of whoever is known: no permission, another origin, no CSRF token, no recent sign-in', async () => {
    const session = { cookie: '__Host-gatehouse-session=old-session', origin: client.origin }
    assert.equal((await post('/boxes', 'eve')).short, '403 management.forbidden')
    assert.equal((await post('/boxes', 'root', { origin: 'https://evil.example' })).short, '403 management.foreign-origin')
    assert.equal((await post('/boxes', undefined, session)).short, '403 management.csrf-token')
    assert.equal((await post('/boxes/big/secret', undefined, { ...session, 'x-csrf-token': 'csrf-of-old' })).short, '403 management.recent-sign-in')
    assert.deepEqual(await refusals(), [
      'person_eve management.forbidden createBox',
      'admin-token management.foreign-origin createBox',
      'admin-token management.csrf-token createBox',
      'admin-token management.recent-sign-in openBox',
    ])
    assert.match((await entries())[0]!.personal!['address']!, /127\.0\.0\.1$/)
  })
  test('of whoever reads what they may not see, a few times a minute', async () => {
    await plane.store.write(async (writing) => {
      for (const [name, api] of [
        ['big', 'apples'],
        ['odd', 'berries'],
      ] as const)
        writing.put(boxes, name, { name, api, weight: 1 })
    })
    const asked = () => get('/boxes/odd', 'ann')
    assert.equal((await get('/boxes/big', 'ann')).status, 200)
    for (let i = 0; i < 20; i++) assert.equal((await asked()).short, '404 management.unknown')
    assert.deepEqual(
      await refusals(),
      Array.from({ length: ENTRIES_OF_CALLER }, () => 'person_ann management.unknown getBox'),
    )
    plane.clock.advanceMs(60_000)
    await asked()
    assert.equal((await entries()).at(-1)!.detail!['unrecorded'], 20 - ENTRIES_OF_CALLER)
    plane.clock.advanceMs(60_000)
    plane.trailIsBroken = true
    assert.equal((await asked()).short, '500 management.broken', 'what cannot be told to the trail is not answered')
  })
  test('of a credential that is not valid, without the credential; who shows none is nothing to tell', async () => {
    assert.equal((await get('/boxes', 'guessed-token')).short, '401 management.unauthorized')
    assert.equal((await get('/nothing/of/ours', undefined, { cookie: '__Host-gatehouse-session=guessed-session' })).short, '401 management.unauthorized')
    assert.equal((await get('/boxes')).short, '401 management.unauthorized')
    assert.deepEqual(await refusals(), ['anonymous management.unauthorized listBoxes', 'anonymous management.unauthorized undefined'])
    const all = await entries()
    assert.deepEqual(
      all.map(({ detail }) => detail?.['shown']),
      ['authorization', 'session'],
    )
    assert.doesNotMatch(JSON.stringify(all), /guessed|of\/ours/)
  })
  test('one address cannot flood the trail; what had no entry is counted in the next', async () => {
    for (let i = 0; i < 20; i++) assert.equal((await get('/boxes', 'nobody')).status, 401)
    assert.equal((await refusals()).length, ENTRIES_OF_CALLER)
    plane.clock.advanceMs(60_000)
    await get('/boxes', 'nobody')
    assert.equal((await entries()).at(-1)!.detail!['unrecorded'], 20 - ENTRIES_OF_CALLER)
  })
  test('many addresses cannot either, and they hide no refusal of an operator', async () => {
    for (let i = 0; i < 500; i++) await plane.refusals.told(plane, 'unauthorized', { operator: undefined, address: `198.51.100.${i}`, shown: 'session' })
    assert.equal((await refusals()).length, ENTRIES_OF_STRANGERS)
    assert.equal((await post('/boxes', 'eve')).status, 403)
    assert.equal((await refusals()).at(-1), 'person_eve management.forbidden createBox')
    for (let i = 0; i < 50; i++) await plane.refusals.told(plane, 'forbidden', { operator: OPERATORS['eve'], address: `198.51.100.${i}` })
    assert.equal((await refusals()).length, ENTRIES_OF_STRANGERS + ENTRIES_OF_CALLER)
  })
  test('a refusal that cannot be told to the trail is no answer, and what it would have told of others is told with the next', async () => {
    for (let i = 0; i < 20; i++) await post('/boxes', 'eve')
    plane.clock.advanceMs(60_000)
    plane.trailIsBroken = true
    assert.equal((await post('/boxes', 'eve')).short, '500 management.broken')
    plane.trailIsBroken = false
    await post('/boxes', 'eve')
    assert.equal((await entries()).at(-1)!.detail!['unrecorded'], 20 - ENTRIES_OF_CALLER)
  })
})

describe('connections', () => {
  let server: Server
  const sockets: Socket[] = []
  const opened = (): Socket => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
    sockets.push(socket)
    return socket
  }
  before(async () => {
    server = await startControl({ host: '127.0.0.1', port: 0, version: '0.0.0', unreadMs: 50 }, toyOperations, current)
  })
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.closeAllConnections()
    server.close()
  })

  test('who reads nothing of what they are answered loses the connection', async () => {
    const ended = new Promise<void>((resolve) => server.once('connection', (socket) => socket.once('close', () => resolve())))
    const socket = opened().pause()
    const request = 'GET /api/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n'
    socket.write(request.repeat(2000))
    await ended
  })
  test('one caller cannot take all that operators connect by', async () => {
    const closed = new Promise<Socket>((resolve) => {
      for (let i = 0; i <= CONNECTIONS_OF_CALLER; i++) {
        const socket = opened()
        socket.once('close', () => resolve(socket))
      }
    })
    await closed
    assert.ok(CONNECTIONS_OF_CALLER < server.maxConnections)
  })
})
