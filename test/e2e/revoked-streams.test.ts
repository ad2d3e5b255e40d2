// In the real program, on every gateway thread: what is open ends with its key, whoever holds it and however it came.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientOf } from '../management/control-client.ts'
import { startGateway } from '../support/gateway.ts'
import { openWebsocket, startWebsocketUpstream } from '../support/websocket-ends.ts'
import { codeOf, readFrames } from '../support/websocket-frames.ts'

/** With two threads, both get some. */
const EACH = 8
/** A sweep, four times a second; what a busy machine adds is not the gateway's. */
const GOAL_MS = 1000
const BOUND_MS = 10_000

test('a key that is revoked takes its WebSockets and event streams with it, within a second, and nobody else’s', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-revoked-'))
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  const upstream = await startWebsocketUpstream()
  const events = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    response.write('data: one\n\n')
  })
  events.listen(0, '127.0.0.1')
  await once(events, 'listening')
  const policies = { 'api-key': { header: 'X-API-Key' } }
  const gateway = await startGateway(
    {
      apis: {
        live: { path: '/live', upstream: `http://127.0.0.1:${upstream.port}`, websocket: true, policies },
        events: { path: '/events', upstream: `http://127.0.0.1:${(events.address() as AddressInfo).port}`, policies },
      },
    },
    { threads: 2, folder },
  )
  try {
    const token = readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim()
    const api = (method: string, path: string, body?: object) =>
      clientOf(gateway.controlPort).send(method, `/api/v1${path}`, { as: token, headers: { 'if-match': '*' }, ...(body && { body }) })
    assert.equal((await api('POST', '/teams', { name: 'reds', contacts: [{ kind: 'mail', to: 'reds@example.org' }] })).status, 201)
    const consumer = await api('POST', '/consumers', { name: 'acme', team: 'reds', subscriptions: [{ api: 'live' }, { api: 'events' }] })
    assert.equal(consumer.status, 201, consumer.body)
    const keys = []
    for (const label of ['one', 'two']) {
      const answer = await api('POST', '/consumers/acme/keys', { label })
      assert.equal(answer.status, 201, answer.body)
      keys.push(answer.json as { secret: string; key: { id: string } })
    }
    const [revoked, kept] = keys as [(typeof keys)[0], (typeof keys)[0]]
    const open = async ({ secret }: { secret: string }) => {
      const sockets = await Promise.all(Array.from({ length: EACH }, () => openWebsocket(gateway.port, { path: '/live', lines: `X-API-Key: ${secret}\r\n` })))
      const streams = await Promise.all(
        Array.from({ length: EACH }, async () => {
          const asked = request({ host: '127.0.0.1', port: gateway.port, path: '/events', agent: false, headers: { 'X-API-Key': secret } }).end()
          const [answer] = await once(asked, 'response')
          answer.on('error', () => {})
          await once(answer, 'data')
          return answer
        }),
      )
      return { sockets, streams }
    }
    const [ends, stays] = [await open(revoked), await open(kept)]
    for (const { head } of [...ends.sockets, ...stays.sockets]) assert.match(head, /^HTTP\/1\.1 101 /)
    const closed = Promise.all([
      ...ends.sockets.map((end) => end.untilEnd()),
      ...ends.streams.map((stream) => new Promise((resolve) => stream.once('close', resolve))),
    ])
    const gone = await api('POST', `/keys/${revoked.key.id}/revoke`, { why: 'a test' })
    const since = performance.now()
    assert.ok(gone.status < 300, gone.body)
    await closed
    const took = performance.now() - since
    t.diagnostic(`all had ended ${took.toFixed(0)} ms after the answer to the revocation; the goal is ${GOAL_MS}`)
    assert.ok(took < BOUND_MS)
    for (const socket of ends.sockets) assert.equal(codeOf(readFrames(socket.all).frames[0]!), 1008)
    assert.ok(ends.streams.every((stream) => !stream.complete))
    assert.ok(stays.sockets.every(({ all, stream }) => all.length === 0 && !stream.destroyed))
    assert.ok(stays.streams.every((stream) => !stream.destroyed))
    for (const { stream } of [...ends.sockets, ...stays.sockets]) stream.destroy()
    for (const stream of stays.streams) stream.destroy()
  } finally {
    await gateway.stop()
    upstream.stop()
    events.closeAllConnections()
    events.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
