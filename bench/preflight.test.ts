// Tests that a proxy which does less than the work is found out before it is measured: real nginx, configured for less.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { tlsWork } from './cases/tls.ts'
import { cleanUpOnEveryExit } from './children.ts'
import { newFolder } from './contenders.ts'
import { sendHandshakes } from './handshakes.ts'
import { checkLimit, checkWork } from './preflight.ts'
import { nginx } from './proxies/nginx.ts'
import type { Running } from './proxy-server.ts'
import { startUpstream, type Upstream } from './upstream.ts'
import { benchKeys, type Call, denyList, limitOutOfReach, type Work } from './work.ts'

const keys = benchKeys(1)
const call: Call = { method: 'GET', prefix: '/shop', path: '/books/42', key: keys[0]!, body: null }
const limit = { ...limitOutOfReach, by: 'consumer' } as const
const all: Work = { routes: [{ prefix: '/shop', templates: null }], deny: denyList, keys, limit, log: true, calls: [call] }

cleanUpOnEveryExit()
let upstream: Upstream
before(async () => {
  upstream = await startUpstream(null)
})
after(() => upstream.child.stop())

async function withNginx(work: Work, use: (running: Running) => Promise<void>): Promise<void> {
  const running = await nginx.start(work, { upstream: upstream.address, folder: newFolder('nginx'), cores: null, threads: 1 })
  try {
    await use(running)
  } finally {
    await running.child.stop()
  }
}

test('a proxy that does all of the work passes', async () => {
  await withNginx(all, (running) => checkWork(running, all))
})

const lacks: readonly [string, Work, RegExp][] = [
  ['asks for no key', { ...all, keys: [], limit: null }, /without a key got 200/],
  ['has other keys', { ...all, keys: [{ consumer: 'other', secret: 'other' }] }, /got 401 and should get 200/],
  ['denies nobody', { ...all, deny: [] }, /denied address got 200/],
  ['routes elsewhere', { ...all, routes: [{ prefix: '/else', templates: null }] }, /got 404 and should get 200/],
]

for (const [lack, work, reason] of lacks) {
  test(`a proxy that ${lack} is refused`, async () => {
    await withNginx(work, (running) => assert.rejects(checkWork(running, all), reason))
  })
}

test('a proxy that does the work over TLS passes, and one that is asked in clear for it does not', async () => {
  const tls = await tlsWork('1.3')
  await withNginx(tls, (running) => checkWork(running, tls))
  await withNginx({ ...tls, tls: undefined } as unknown as Work, (running) => assert.rejects(checkWork({ ...running, authority: tls.tls!.authority }, tls)))
})

for (const [version, resumed] of [
  ['1.2', false],
  ['1.2', true],
  ['1.3', false],
  ['1.3', true],
] as const) {
  test(`handshakes of TLS ${version} are ${resumed ? 'resumed' : 'made in full'} and counted, and any other kind fails the row`, async () => {
    const work = await tlsWork(version)
    const folder = newFolder('handshakes')
    await withNginx(work, async ({ origin }) => {
      const load = { origin, calls: work.calls, seconds: 1, connections: 1, threads: 1, cores: null, folder, tlsVersion: version }
      assert.ok((await sendHandshakes(resumed)(load)).requests > 16)
      await assert.rejects(sendHandshakes(resumed)({ ...load, calls: [{ ...work.calls[0]!, path: '/../no' }] }), /no 200/)
    })
    const clear = await nginx.start({ ...work, tls: undefined } as unknown as Work, {
      upstream: upstream.address,
      folder: newFolder('nginx'),
      cores: null,
      threads: 1,
    })
    await assert.rejects(
      sendHandshakes(resumed)({ origin: clear.origin, calls: work.calls, seconds: 1, connections: 1, threads: 1, cores: null, folder, tlsVersion: version }),
      /no 200/,
    )
    await clear.child.stop()
  })
}

test('a proxy that forwards paths outside its table of routes is refused', async () => {
  const table: Work = {
    ...all,
    keys: [],
    deny: [],
    limit: null,
    log: false,
    routes: [{ prefix: '/shop', templates: ['/books/{id}'] }],
    calls: [{ ...call, key: null }],
  }
  await withNginx({ ...table, routes: all.routes }, (running) => assert.rejects(checkWork(running, table), /not routed, got 200/))
  await withNginx(table, (running) => checkWork(running, table))
})

test('a proxy that adds no forwarding fields is refused', async () => {
  const running: Running = { origin: `http://${upstream.address}`, child: upstream.child, accessLog: null, control: null }
  await assert.rejects(checkWork(running, { ...all, deny: [], keys: [], log: false }), /reached the upstream with forwarded: ""/)
})

test('a proxy that does not limit is refused, one that limits passes', async () => {
  const low: Work = { ...all, limit: { ...limit, requests: 5 } }
  await withNginx({ ...low, limit: null }, (running) => assert.rejects(checkLimit(running, low), /it gave 200$/))
  await withNginx(low, (running) => checkLimit(running, low))
})
