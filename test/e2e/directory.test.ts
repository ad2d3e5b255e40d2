// Keys in the running program: made and revoked on every thread at once, over growth, deaths and publishes, and their use comes back.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { stringify } from 'yaml'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { Running } from '../../src/app/running.ts'
import { keyDigest, mintKey } from '../../src/base/keys.ts'
import { createConsumer, removeConsumer, updateConsumer } from '../../src/directory/consumers.ts'
import { createKey, revokeKey } from '../../src/directory/keys.ts'
import { lastUse } from '../../src/directory/last-use.ts'
import { reportLeaked } from '../../src/directory/leaked-keys.ts'
import { isRefused } from '../../src/directory/records.ts'
import { callersOf } from '../../src/directory/usage-book.ts'
import { LoadConnection } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

/** Connections in each look: with two threads, both get some. */
const CONNECTIONS = 24
const FILED = mintKey()
const TOKEN = 'x'.repeat(43)

describe('the directory of a running Gatehouse with two threads', () => {
  let upstream: SwiftUpstream
  let folder: string
  let store: MemoryStore
  let running: Running
  let ports: number[]
  let said: string[]
  const workers: Worker[] = []
  const keep = (worker: Worker): void => void workers.push(worker)
  const act = () => ({ by: 'person_1', nowMs: running.nowMs })

  const file = () => join(folder, 'gatehouse.yaml')
  function write(more: object = {}): void {
    const api = (path: string) => ({ path, upstream: `http://127.0.0.1:${upstream.port}`, policies: { 'api-key': { header: 'X-API-Key' } } })
    const configuration = {
      gatehouse: 1,
      gateway: { listen: [`http://127.0.0.1:${ports[0]}`], threads: 2, accessLog: 'off', authenticationFailures: { limit: 1_000_000, window: '1s' } },
      control: { listen: `http://127.0.0.1:${ports[1]}` },
      apis: { shop: api('/shop'), bank: api('/bank') },
      consumers: { filed: { apis: ['shop'], keys: [{ hash: `sha256:${keyDigest(FILED)}` }] } },
      ...more,
    }
    writeFileSync(file(), stringify(configuration), { mode: 0o600 })
  }
  const voice = { say: (line: string) => void said.push(line), warn: (line: string) => void said.push(line) }
  const start = async () =>
    void (running = await Running.start(
      file(),
      { adminToken: TOKEN, noColor: true, envelopeKey: undefined, secret: () => undefined, commandEnvironment: {} },
      voice,
      store,
    ))

  /** The statuses that connections over both threads get, without repetition. */
  async function statuses(secret: string, path = '/shop/a'): Promise<number[]> {
    const connections = Array.from({ length: CONNECTIONS }, () => new LoadConnection(ports[0]!))
    const answers = await Promise.all(connections.map((each) => each.ask(`GET ${path} HTTP/1.1\r\nHost: a\r\nX-API-Key: ${secret}\r\n\r\n`)))
    for (const each of connections) each.socket.destroy()
    return [...new Set(answers.map((answer) => answer?.status ?? 0))]
  }
  async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }
  async function made(consumer = 'acme') {
    const outcome = await store.write((w) => createKey(w, { digests: running.directory.digests }, act(), running.directory.file, consumer))
    assert.ok(!isRefused(outcome) && 'secret' in outcome)
    await running.directory.catchUp()
    return outcome
  }

  before(async () => {
    process.on('worker', keep)
    upstream = await startSwiftUpstream()
  })
  after(async () => {
    process.off('worker', keep)
    await upstream.stop()
  })
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-directory-'))
    ports = await freePorts(2)
    said = []
    workers.length = 0
    store = new MemoryStore()
    write()
    await start()
    await store.write((w) => createConsumer(w, act(), running.directory.file, 'acme', { title: '', subscriptions: { shop: { state: 'active' } } }))
  })
  afterEach(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a key works on every thread when its making has resolved, and on none when its revoking has', async () => {
    for (let i = 0; i < 5; i++) {
      const { secret, key } = await made()
      assert.deepEqual(await statuses(secret), [200])
      assert.deepEqual(await statuses(secret, '/bank/a'), [403])
      await store.write((w) => revokeKey(w, act(), key.id, ''))
      await running.directory.catchUp()
      assert.deepEqual(await statuses(secret), [401])
    }
  })

  test('who called which API is known after a stop, and adds up after the next', async () => {
    const { secret } = await made()
    const asked = async () => (await store.read((reading) => callersOf(reading, 'shop', 0))).map(({ consumer, calls }) => [consumer, calls])
    for (const stops of [1, 2]) {
      assert.deepEqual(await statuses(secret), [200])
      await running.stop()
      assert.deepEqual(await asked(), [['acme', stops * CONNECTIONS]])
      await start()
    }
  })

  test('whatever another node commits takes effect by itself', async (t) => {
    const { secret, key } = await made()
    const begun = performance.now()
    await store.write((w) => updateConsumer(w, running.directory.file, 'acme', { subscriptions: { bank: { state: 'active' } } }))
    await until(async () => (await statuses(secret)).join() === '403')
    await store.write((w) => revokeKey(w, act(), key.id, ''))
    await until(async () => (await statuses(secret)).join() === '401')
    t.diagnostic(`both changes seen on all threads after ${Math.round(performance.now() - begun)} ms, ${CONNECTIONS} connections a look`)
  })

  test('the table grows beside traffic and no request fails', async () => {
    const { secret } = await made()
    let stopped = false
    let asked = 0
    const load = (async () => {
      const connections = Array.from({ length: 8 }, () => new LoadConnection(ports[0]!))
      while (!stopped) {
        const answers = await Promise.all(connections.map((each) => each.ask(`GET /shop/a HTTP/1.1\r\nHost: a\r\nX-API-Key: ${secret}\r\n\r\n`)))
        for (const answer of answers) assert.equal(answer?.status, 200)
        asked += answers.length
      }
      for (const each of connections) each.socket.destroy()
    })()
    const means = { digests: running.directory.digests }
    const made_: string[] = []
    for (let consumer = 0; consumer < 40; consumer++) {
      await store.write(async (w) => {
        await createConsumer(w, act(), running.directory.file, `c${consumer}`, { title: '', subscriptions: { shop: { state: 'active' } } })
        for (let i = 0; i < 100; i++) {
          const outcome = await createKey(w, means, act(), running.directory.file, `c${consumer}`)
          if ('secret' in outcome && i === 50) made_.push(outcome.secret)
        }
      })
    }
    await running.directory.catchUp()
    for (const each of made_) assert.deepEqual(await statuses(each), [200])
    stopped = true
    await load
    assert.ok(asked > 100, `only ${asked} requests`)
  })

  test('a thread that died knows the same keys, and not those revoked while it was dead', async () => {
    const [stays, goes] = [await made(), await made()]
    await workers[1]!.terminate()
    await store.write((w) => revokeKey(w, act(), goes.key.id, ''))
    await running.directory.catchUp()
    await until(() => workers.length === 3)
    await until(async () => (await statuses(stays.secret)).join() === '200')
    assert.deepEqual(await statuses(goes.secret), [401])
  })

  test('a file’s key that was reported as leaked is refused at once, after every edit, and after a restart', async () => {
    assert.deepEqual(await statuses(FILED), [200])
    const leak = await store.write((w) => reportLeaked(w, running.directory.digests, act(), running.directory.file, FILED))
    assert.deepEqual([leak.found?.consumer, leak.revokedNow], ['filed', true])
    await running.directory.catchUp()
    assert.deepEqual(await statuses(FILED), [401])
    write({ consumers: { filed: { apis: ['shop', 'bank'], keys: [{ hash: `sha256:${keyDigest(FILED)}` }] } } })
    await until(() => said.some((line) => line.startsWith('published')))
    assert.deepEqual(await statuses(FILED), [401])
    assert.match(said.join('\n'), /the key key_[0-9a-f]{12} of 'filed' in the file does not count, since it was revoked/)
    await running.stop()
    await start()
    assert.deepEqual(await statuses(FILED), [401])
  })

  test('a publish changes the file’s consumers with the snapshot, and leaves the store’s keys alone', async () => {
    const [own, ofFile] = [await made(), await made('filed')]
    assert.deepEqual([await statuses(ofFile.secret, '/bank/a'), await statuses(own.secret)], [[403], [200]])
    write({ consumers: { filed: { apis: ['bank'] } } })
    await until(() => said.some((line) => line.startsWith('published')))
    assert.deepEqual([await statuses(ofFile.secret, '/bank/a'), await statuses(FILED), await statuses(own.secret)], [[200], [401], [200]])
  })

  test('a file that defines a consumer of the store is refused, while it runs and at the start', async () => {
    const { secret } = await made()
    write({ consumers: { acme: { apis: ['bank'] } } })
    await until(() => said.some((line) => line.includes("the consumer 'acme' is in the directory already")))
    assert.deepEqual([await statuses(secret), await statuses(secret, '/bank/a')], [[200], [403]])
    await running.stop()
    await assert.rejects(start(), /the consumer 'acme' is in the directory already/)
    await store.write((w) => removeConsumer(w, act(), { hasConsumer: () => false, ownerOfKey: () => undefined }, 'acme'))
    await start()
    assert.deepEqual(await statuses(secret), [401])
  })

  test('who called comes back: per API to whoever listens, and as last use into the store', async () => {
    const uses: [string, string, number][] = []
    running.directory.onUse = (told) => void uses.push(...told.map(({ api, consumer, count }): [string, string, number] => [api, consumer, count]))
    const { secret, key } = await made()
    await statuses(secret)
    await statuses(secret, '/bank/a')
    await statuses('gth_live_nobody')
    await running.stop()
    assert.equal(
      uses.filter(([api, consumer]) => api === 'shop' && consumer === 'acme').reduce((sum, [, , count]) => sum + count, 0),
      CONNECTIONS,
    )
    assert.deepEqual(new Set(uses.map(([, consumer]) => consumer)), new Set(['acme']))
    const use = await store.read((r) => lastUse(r, key.id))
    assert.equal(
      use?.count,
      uses.reduce((sum, [, , count]) => sum + count, 0),
    )
    assert.ok(Math.abs(use!.lastMs - running.nowMs) < 3_600_000)
    await start()
  })

  test('the control listener makes keys for consumers of the store and of the file', async () => {
    const ask = async (consumer: string, body: object = {}) => {
      const response = await fetch(`http://127.0.0.1:${ports[1]}/api/v1/consumers/${consumer}/keys`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
      return { status: response.status, told: (await response.json()) as { secret: string; code: string } }
    }
    for (const consumer of ['acme', 'filed']) {
      const { status, told } = await ask(consumer)
      assert.equal(status, 201)
      assert.deepEqual(await statuses(told.secret), [200])
    }
    assert.deepEqual([(await ask('nobody')).status, (await ask('acme', { expires: '2001-01-01T00:00:00Z' })).told.code], [404, 'keys.bad-expiry'])
  })
})
