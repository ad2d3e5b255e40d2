// What authorities show to strangers: their certificate and their list, in clear from anywhere, within bounds, and nothing besides.
import assert from 'node:assert/strict'
import type { Server } from 'node:http'
import { after, before, test } from 'node:test'
import { revokedCertificates } from '../../src/authority/records.ts'
import { startControl } from '../../src/management/control-server.ts'
import { operations } from '../../src/management/operations/index.ts'
import { makeRequest } from '../support/certificate-request.ts'
import { askFrom } from './control-client.ts'
import { issued } from './scenarios/ca.ts'
import { inWorld, type World, world } from './world.ts'

let made: World
let server: Server
before(async () => {
  made = await world()
  await issued(made)
  server = await startControl({ host: '127.0.0.1', port: 0, exposed: true, version: '0.0.0' }, operations, made.plane)
})
after(async () => {
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  await made.close()
})
const ask = (path: string, method = 'GET', peer = '10.0.0.9') => askFrom(server, peer, method, path, { headers: { host: '127.0.0.1' } })

const ROWS: readonly (readonly [method: string, path: string, status: number, type: string | undefined])[] = [
  ['GET', '/ca/clients.crl', 200, 'application/pkix-crl'],
  ['HEAD', '/ca/clients.crl', 200, 'application/pkix-crl'],
  ['GET', '/ca/clients.crt', 200, 'application/pkix-cert'],
  ['GET', '/ca/clients.pem', 200, 'application/x-pem-file'],
  ['GET', '/ca/clients.key', 404, 'application/problem+json'],
  ['GET', '/ca/none.crl', 404, 'application/problem+json'],
  ['GET', '/ca/', 404, 'application/problem+json'],
  ['GET', '/ca/clients%2ecrl', 404, 'application/problem+json'],
  ['GET', '/ca/CLIENTS.crl', 404, 'application/problem+json'],
  ['POST', '/ca/clients.crl', 404, 'application/problem+json'],
  ['DELETE', '/ca/clients.crl', 404, 'application/problem+json'],
]
test('a list and a certificate are for everybody, also in clear from another machine; what can be done with them is not here', async () => {
  for (const [method, path, status, type] of ROWS) {
    const told = await ask(path, method)
    assert.deepEqual([told.status, told.headers['content-type']], [status, type], `${method} ${path}`)
    assert.equal(told.headers['cache-control'], status === 200 ? 'public, max-age=300' : 'no-store')
  }
  assert.equal(ROWS.length, 11)
  assert.equal((await ask('/api/v1/ca')).short, '421 management.in-clear')
})

test('strangers who ask too often are told to wait', async () => {
  const { guests, requestsPerMinute, nowMs } = made.plane
  for (let i = 0; i < requestsPerMinute; i++) guests.take('address:10.9.9.9', nowMs() * 1000)
  assert.equal((await ask('/ca/clients.pem', 'GET', '10.9.9.9')).short, '429 management.rate-limited')
  assert.equal((await ask('/ca/clients.pem')).status, 200)
})

inWorld('a consumer that is removed takes its certificates along, and the trail tells how many', async (other) => {
  await other.as('owner', 'POST', '/ca', { body: { name: 'clients' } })
  const { status } = await other.as('owner', 'POST', '/consumers', { body: { name: 'gone', title: 'Gone' } })
  assert.equal(status, 201)
  const request = makeRequest().text
  const issuedTo = await other.as('owner', 'POST', '/ca/clients/certificates', { body: { consumer: 'gone', request } })
  assert.equal(issuedTo.status, 201)
  const { serial } = issuedTo.json!['issued'] as { serial: string }
  assert.equal((await other.as('owner', 'DELETE', '/consumers/gone', { headers: { 'if-match': '*' } })).status, 204)
  assert.ok(await other.store.read((reading) => reading.get(revokedCertificates, `clients/${serial}`)))
  const { json } = await other.as('owner', 'GET', `/ca/clients/certificates/${serial}`)
  assert.deepEqual([json?.['state'], json?.['reason']], ['revoked', 'cessationOfOperation'])
  const trail = await other.as('owner', 'GET', '/trail/entries?act=consumer.remove')
  assert.match(trail.body, /certificates\\":1|"certificates":1/)
})

inWorld('who may see certificates may not issue them, and who may issue may make no authority', async (other) => {
  await other.as('owner', 'POST', '/ca', { body: { name: 'clients' } })
  const token = await other.as('owner', 'POST', '/tokens', {
    body: { name: 'issuer', permissions: ['certificates:issue'], expires: '2026-12-24T00:00:00Z' },
  })
  assert.equal(token.status, 201, token.body)
  const as = token.json!['secret'] as string
  const ask = (method: string, path: string, body?: object) => other.client.send(method, `/api/v1${path}`, { as, ...(body && { body }) })
  assert.equal((await ask('POST', '/ca/clients/certificates', { consumer: 'filed', request: makeRequest().text })).status, 201)
  assert.equal((await ask('POST', '/ca', { name: 'other' })).short, '403 management.forbidden')
  assert.equal((await ask('GET', '/ca')).short, '403 management.forbidden')
})

inWorld('a repetition with the same key issues nothing more', async (other) => {
  await other.as('owner', 'POST', '/ca', { body: { name: 'clients' } })
  const body = { consumer: 'filed', request: makeRequest().text }
  const headers = { 'idempotency-key': 'once' }
  const [first, second] = [
    await other.as('owner', 'POST', '/ca/clients/certificates', { body, headers }),
    await other.as('owner', 'POST', '/ca/clients/certificates', { body, headers }),
  ]
  assert.deepEqual([first.status, second.body], [201, first.body])
  const listed = (await other.as('owner', 'GET', '/ca/clients/certificates')).json!['items'] as unknown[]
  assert.equal(listed.length, 1)
})
