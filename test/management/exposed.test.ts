// A control listener that other machines reach, behind a proxy that ends TLS: its origin, its cookies, its metrics.
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { startControl } from '../../src/management/control-server.ts'
import { operations } from '../../src/management/operations/index.ts'
import type { Plane } from '../../src/management/plane.ts'
import { type ControlClient, clientOf } from './control-client.ts'
import { givePassword, mailOf, PASSWORD, sessionOf } from './people-scenes.ts'
import { ADMIN_TOKEN } from './surroundings.ts'
import { type World, world } from './world.ts'

const SITE = 'https://console.example.org'
let made: World
let server: Server
let client: ControlClient
before(async () => {
  made = await world()
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
