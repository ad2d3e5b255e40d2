// A pool gives out no connection that stands on what does not hold any more.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttp2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { makeCertificate } from '../../../test/support/certificate-maker.ts'
import type { Upstream } from '../../model/snapshot.ts'
import { systemLookup } from './guarded-lookup.ts'
import type { Address } from './names/machine-names.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import { UpstreamPool } from './upstream-pool.ts'
import { TrustContext, UpstreamTls } from './upstream-tls.ts'

const upstreamAt = (server: { address(): unknown }): Upstream => ({
  ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, basePath: '', preserveHost: false, connections: 2, queue: 1 },
  timeouts: { connectMs: 1000, headMs: 1000, idleMs: 1000, eventsMs: 1000, keepAliveMs: Number.MAX_SAFE_INTEGER },
})

test('a kept connection is given again until its certificate ends, and then closed', async () => {
  const nowMs = Date.now()
  const made = await makeCertificate({ names: ['shop.internal'], authority: true, to: new Date('2050-01-01T00:00:00Z') })
  const server = createServer({ cert: made.certificate, key: made.key }, (socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream: Upstream = { ...upstreamAt(server), tls: { serverName: 'shop.internal', trust: '' } }
  const tls = new UpstreamTls('shop.internal', new TrustContext({ profile: 'intermediate', authorities: [made.certificate] }), 'http/1.1')
  const pool = new UpstreamPool(upstream, tls, nowMs, (cause) => assert.fail(String(cause)))
  const first = pool.take(false, true)!
  await once(first.socket as Socket, 'secureConnect')
  assert.equal(first.trustedUntilMs, Date.UTC(2050, 0, 1))
  pool.release(first)
  assert.equal(pool.take(false, true), first)
  pool.release(first)
  pool.sweep(Date.UTC(2050, 0, 1))
  const second = pool.take(false, true)!
  assert.notEqual(second, first)
  assert.equal(first.socket.destroyed, true)
  second.destroy()
  pool.retire()
  server.close()
})

/** Sends a request and answers how it ended. */
const ask = (connection: UpstreamConnection): Promise<string> =>
  new Promise((resolve) => {
    const nothing = (): void => {}
    connection.open({
      ...{ toHead: false, whole: true, startOfRead: nothing, endOfRead: nothing, upstreamConnected: nothing, upstreamDrained: nothing },
      ...{ responseInformational: nothing, responseHead: () => false, responseBody: nothing, responseTrailers: nothing, responseWhole: () => true },
      ...{ tunnelClosed: nothing, yieldIfIdle: () => false, responseEnd: () => resolve('whole'), responseFailed: (fault) => resolve(`failed: ${fault}`) },
    })
    connection.socket.write(Buffer.from('GET / HTTP/1.1\r\nHost: shop.internal\r\n\r\n'))
    connection.requestSent = true
  })

test('of an upstream of HTTP/2 that is retired, requests that wait for its connection or were just written are answered, and no connection stays', async () => {
  const server = createHttp2Server()
  const ends: Promise<unknown>[] = []
  server.on('session', (session: ServerHttp2Session) => ends.push(once(session, 'close')))
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 })
    stream.end('answered')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const pool = new UpstreamPool({ ...upstreamAt(server), http2: true }, undefined, Date.now(), (cause) => assert.fail(String(cause)))
  const connecting = ask(pool.take(false, true)!)
  pool.retire()
  assert.equal(await connecting, 'whole')
  // One that waited in the queue, or is tried again, comes after that.
  const late = ask(pool.take(true, true)!)
  assert.equal(await late, 'whole')
  const standing = new UpstreamPool({ ...upstreamAt(server), http2: true }, undefined, Date.now(), (cause) => assert.fail(String(cause)))
  assert.equal(await ask(standing.take(false, true)!), 'whole')
  const written = ask(standing.take(false, true)!)
  standing.retire()
  assert.equal(await written, 'whole')
  await Promise.all(ends)
  assert.deepEqual([ends.length, pool.openConnections, standing.openConnections], [3, 0, 0])
  server.close()
})

test('connections to an address that the name does not lead to any more are given to nobody: idle ones close, busy ones after their answer, and so over HTTP/2', async () => {
  let addresses: readonly Address[] = [{ address: '127.0.0.1', family: 4 }]
  const names = { lookup: systemLookup, known: () => addresses }
  const plain = createPlainServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'))
  })
  const streams = createHttp2Server()
  let sessions = 0
  streams.on('session', () => void sessions++)
  streams.on('stream', (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200 })
    stream.end('answered')
  })
  for (const server of [plain, streams]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }
  const fail = (cause: unknown): never => assert.fail(String(cause))
  const pool = new UpstreamPool({ ...upstreamAt(plain), host: 'localhost' }, undefined, 0, fail, names)
  const [idle, busy] = [pool.take(false, true)!, pool.take(false, true)!]
  assert.deepEqual(await Promise.all([ask(idle), ask(busy)]), ['whole', 'whole'])
  pool.sweep(0)
  assert.equal(pool.idleConnections, 2, 'both are where the name leads')
  const again = pool.take(false, true)!
  const answered = ask(again)
  addresses = [{ address: '127.0.0.2', family: 4 }]
  pool.sweep(0)
  assert.equal(await answered, 'whole')
  assert.deepEqual([idle.socket.destroyed, busy.socket.destroyed], [true, true])
  assert.equal(pool.idleConnections, 0)

  addresses = [{ address: '127.0.0.1', family: 4 }]
  const streaming = new UpstreamPool({ ...upstreamAt(streams), http2: true }, undefined, 0, fail, names)
  for (const [moved, expected] of [
    ['127.0.0.1', 1],
    ['127.0.0.2', 2],
  ] as const) {
    assert.equal(await ask(streaming.take(false, true)!), 'whole')
    addresses = [{ address: moved, family: 4 }]
    streaming.sweep(0)
    assert.equal(await ask(streaming.take(false, true)!), 'whole')
    assert.equal(sessions, expected)
  }
  for (const each of [pool, streaming]) each.retire()
  for (const server of [plain, streams]) server.close()
})
