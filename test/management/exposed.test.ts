// A control listener that other machines reach, behind a proxy that ends TLS: its origin, its cookies, its metrics.
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { startControl } from '../../src/management/control-server.ts'
import { operations } from '../../src/management/operations/index.ts'
import type { Plane } from '../../src/management/plane.ts'
import { askFrom, type ControlClient, clientOf } from './control-client.ts'
import { givePassword, mailOf, PASSWORD, sessionOf } from './people-scenes.ts'
import { ADMIN_TOKEN } from './surroundings.ts'
import { FILE, type World, world } from './world.ts'

const SITE = 'https://console.example.org'
let made: World
let server: Server
let client: ControlClient
before(async () => {
  made = await world({ file: { ...FILE, gateway: { trustedProxies: ['10.1.0.0/16'] } } })
  const plane: Plane = { ...made.plane, origin: SITE, isSecure: true }
  server = await startControl({ host: '127.0.0.1', port: 0, exposed: true, version: '0.0.0' }, operations, plane)
  client = clientOf((server.address() as AddressInfo).port, server)
})
after(async () => {
  await client.close()
  await made.close()
})

test('metrics take a credential that may read the system’s state; on loopback they are open', async () => {
  assert.equal((await client.send('GET', '/metrics')).short, '401 management.unauthorized')
  assert.equal((await client.send('GET', '/metrics', { as: 'wrong' })).short, '401 management.unauthorized')
  const { headers } = await sessionOf(made, 'ada')
  const secure = { cookie: headers.cookie.replace('gatehouse-session', '__Host-gatehouse-session') }
  assert.equal((await client.send('GET', '/metrics', { headers: secure })).short, '403 management.forbidden')
  const viewer = (await sessionOf(made, 'viewer')).headers.cookie.replace('gatehouse-session', '__Host-gatehouse-session')
  assert.equal((await client.send('GET', '/metrics', { headers: { cookie: viewer } })).body, 'up 1\n')
  assert.equal((await client.send('GET', '/metrics', { as: ADMIN_TOKEN })).status, 200)
  assert.equal((await client.send('HEAD', '/metrics')).status, 401)
  assert.equal((await made.client.send('GET', '/metrics')).body, 'up 1\n')
})

test('under the name that people know, pages of that name over TLS alone can change something', async () => {
  await givePassword(made, 'viewer')
  const body = { mail: mailOf('viewer'), password: PASSWORD }
  const ask = (origin: string, host = 'console.example.org') => client.send('POST', '/api/v1/session/password', { body, headers: { host, origin } })
  for (const origin of [
    'http://console.example.org',
    'https://console.example.org:8443',
    'https://other.example.org',
    'https://console.example.org.evil.example',
  ])
    assert.equal((await ask(origin)).short, '403 management.foreign-origin', origin)
  assert.equal((await ask(SITE, 'other.example.org')).short, '421 management.misdirected')
  assert.equal((await ask(SITE, 'console.example.org:8443')).short, '421 management.misdirected')
  const told = await ask(SITE, 'CONSOLE.example.org')
  assert.equal(told.status, 200)
  assert.equal(told.headers['access-control-allow-origin'], SITE)
  const cookies = told.headers['set-cookie'] as unknown as readonly string[]
  assert.equal(cookies.length, 3)
  for (const each of cookies)
    assert.match(each, /^__Host-gatehouse-(?:session|browser|device)=[A-Za-z0-9._-]+; Path=\/; HttpOnly; SameSite=(?:Strict|Lax); Secure/)
})

test('a cookie that was set in clear is not read where cookies are secure', async () => {
  const { headers } = await sessionOf(made, 'viewer')
  assert.equal((await client.send('GET', '/api/v1/session', { headers: { cookie: headers.cookie } })).short, '401 management.unauthorized')
})

const fromElsewhere = (method: string, path: string, headers: Record<string, string>, body?: object, peer = '10.0.0.9') =>
  askFrom(server, peer, method, path, { headers, ...(body && { body }) })

test('from another machine nothing that takes or tells a secret is answered in clear; health is', async () => {
  const body = { mail: mailOf('viewer'), password: PASSWORD }
  const authorization = `Bearer ${ADMIN_TOKEN}`
  const inClear = '421 management.in-clear'
  for (const host of ['127.0.0.1:8081', 'localhost:8081']) {
    assert.equal((await fromElsewhere('POST', '/api/v1/session/password', { host }, body)).short, inClear)
    assert.equal((await fromElsewhere('GET', '/api/v1/people', { host, authorization })).short, inClear)
    assert.equal((await fromElsewhere('GET', '/metrics', { host, authorization })).short, inClear)
    assert.equal((await fromElsewhere('GET', '/livez', { host })).status, 200)
    assert.equal((await fromElsewhere('GET', '/readyz', { host })).status, 200)
  }
  const host = 'console.example.org'
  assert.equal((await fromElsewhere('POST', '/api/v1/session/password', { host, origin: SITE }, body)).status, 200)
  assert.equal((await fromElsewhere('GET', '/api/v1/people', { host, authorization })).status, 200)
  assert.equal((await fromElsewhere('GET', '/metrics', { host, authorization })).status, 200)
})

test('behind a trusted proxy everybody has an address of their own; what others say of themselves is not believed', async () => {
  const host = 'console.example.org'
  const body = { mail: 'nobody-at-all@example.org', password: 'a wrong password' }
  const guess = async (peer: string, fields: Record<string, string>, mail = body.mail) =>
    (await fromElsewhere('POST', '/api/v1/session/password', { host, origin: SITE, ...fields }, { ...body, mail }, peer)).status
  /** How many of forty guesses at as many names are looked at. */
  const looked = async (peer: string, fields: (i: number) => Record<string, string>) => {
    let count = 0
    for (let i = 0; i < 40; i++) if ((await guess(peer, fields(i), `${peer}-${i}-${Math.random()}@example.org`)) === 401) count++
    return count
  }
  assert.equal(await looked('10.1.0.1', () => ({ 'x-forwarded-for': '198.51.100.1, 203.0.113.7' })), 30)
  // The one who used up the tries of 203.0.113.7 holds up nobody else.
  assert.equal(await guess('10.1.0.1', { 'x-forwarded-for': '203.0.113.8' }), 401)
  assert.equal(await guess('10.1.0.2', { forwarded: 'for=203.0.113.7;proto=https' }), 429)
  assert.equal(await looked('10.2.0.1', (i) => ({ 'x-forwarded-for': `203.0.113.${i}`, forwarded: `for=203.0.113.${i}` })), 30)
  assert.equal(await looked('10.1.0.3', (i) => ({ 'x-forwarded-for': `203.0.113.${i}`, forwarded: `for=198.51.100.${i}` })), 30)
})
