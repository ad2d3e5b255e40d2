// A pool gives out no connection that stands on what does not hold any more.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import { makeCertificate } from '../../../test/support/certificate-maker.ts'
import type { Upstream } from '../../model/snapshot.ts'
import { UpstreamPool } from './upstream-pool.ts'
import { TrustContext, UpstreamTls } from './upstream-tls.ts'

test('a kept connection is given again until its certificate ends, and then closed', async () => {
  const nowMs = Date.now()
  const made = await makeCertificate({ names: ['shop.internal'], authority: true, to: new Date('2050-01-01T00:00:00Z') })
  const server = createServer({ cert: made.certificate, key: made.key }, (socket) => socket.on('error', () => {}))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const upstream: Upstream = {
    ...{ host: '127.0.0.1', port: (server.address() as AddressInfo).port, basePath: '', preserveHost: false, connections: 2, queue: 1 },
    tls: { serverName: 'shop.internal', trust: '' },
    timeouts: { connectMs: 1000, headMs: 1000, idleMs: 1000, eventsMs: 1000, keepAliveMs: Number.MAX_SAFE_INTEGER },
  }
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
