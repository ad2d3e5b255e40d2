// The store in PostgreSQL passes what every store owes, on a real server.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as aMoment } from 'node:timers/promises'
import type { PoolClient } from 'pg'
import { type PostgresServer, startPostgres, withClient } from '../../../test/support/postgres.ts'
import { storeConformance } from '../../ports/conformance/store.ts'
import { collection, type Store, StoreTooNew, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import type { PostgresAddress } from './address.ts'
import type { Connections } from './connections.ts'
import { PostgresSession } from './sessions.ts'
import { PostgresStore } from './store.ts'

const notes = collection<{ readonly n: number }>('note')

describe('the store in PostgreSQL', () => {
  let server: PostgresServer
  const addresses = new WeakMap<Store, PostgresAddress>()
  before(async () => {
    server = await startPostgres()
  })
  after(() => server.remove())

  const tests = storeConformance({
    open: async (options) => {
      const address = await server.database()
      const store = await PostgresStore.open(address, options)
      addresses.set(store, address)
      return store
    },
    another: (store) => PostgresStore.open(addresses.get(store)!),
    sequences: 200,
  })
  it('ran the whole suite of the port', () => assert.equal(tests, 23))

  it('a connection that is lost during a commit leaves it uncertain, kept or not', async () => {
    const address = await server.database()
    const direct = await PostgresStore.open(address)
    for (const cut of ['before', 'after'] as const) {
      const proxy = await cuttingProxy(address.port, cut)
      const store = await PostgresStore.open({ ...address, port: proxy.port })
      proxy.arm()
      const committing = store.write(async (w) => w.put(notes, cut, { n: 1 }))
      await assert.rejects(committing, UncertainCommit)
      await proxy.close()
      await store.close()
      const kept = await direct.read((r) => r.get(notes, cut))
      assert.deepEqual(kept, cut === 'after' ? { n: 1 } : undefined)
    }
    await direct.close()
  })

  it('a server that ends connections fails what is open, and the next transaction runs on a new one', async () => {
    const address = await server.database()
    const store = await PostgresStore.open(address)
    await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
    const open = store.write(async (w) => {
      await w.get(notes, 'a')
      w.put(notes, 'a', { n: 2 })
      await endConnections(address)
    })
    await assert.rejects(open, (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit))
    await endConnections(address)
    // Those that lay idle are found dead at their next use at the latest: each fails once.
    for (let tries = 0; tries < 20; tries++) if ((await store.write(async (w) => w.put(notes, 'b', { n: 1 })).catch(() => 'again')) !== 'again') break
    assert.deepEqual(await store.read((r) => r.scan(notes, { limit: 9 })), [
      { key: 'a', value: { n: 1 } },
      { key: 'b', value: { n: 1 } },
    ])
    await store.close()
  })

  it('a commit whose notification is lost is heard of all the same, and so is one during a lost connection', async () => {
    const address = await server.database()
    const store = await PostgresStore.open(address)
    await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
    const next = (): Promise<void> => new Promise((resolve) => store.onChange(resolve))
    await next()
    // A commit without a notification, as when the listener's queue was lost.
    const insert = 'INSERT INTO gatehouse_change SELECT max(sequence) + 1, $1, $2 FROM gatehouse_change'
    await Promise.all([next(), withClient(address, (client) => client.query(insert, ['note', 'quiet']))])
    await endConnections(address)
    await Promise.all([next(), withClient(address, (client) => client.query(insert, ['note', 'meanwhile']))])
    await store.close()
  })

  it('a stopped server is told at once, and used again when it is back', async () => {
    const address = await server.database()
    const store = await PostgresStore.open(address)
    await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
    await server.stop()
    for (let tries = 0; tries < 3; tries++) {
      await assert.rejects(
        store.read((r) => r.get(notes, 'a')),
        (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit),
      )
    }
    await assert.rejects(PostgresStore.open(address), StoreUnavailable)
    await server.start()
    let found: unknown
    while (found === undefined) found = await store.read((r) => r.get(notes, 'a')).catch(() => aMoment(20))
    assert.deepEqual(found, { n: 1 })
    await store.close()
  })

  it('a database of a newer version is refused and left as it is', async () => {
    const address = await server.database()
    await (await PostgresStore.open(address)).close()
    await (await PostgresStore.open(address)).close()
    await withClient(address, (client) => client.query('UPDATE gatehouse_version SET version = 99'))
    await assert.rejects(PostgresStore.open(address), (cause) => cause instanceof StoreTooNew && /version 99/.test(cause.message))
    await withClient(address, async (client) => {
      assert.deepEqual((await client.query('SELECT version FROM gatehouse_version')).rows, [{ version: 99 }])
    })
  })

  it('nodes that start together on an empty database make its tables once', async () => {
    const address = await server.database()
    const stores = await Promise.all(Array.from({ length: 5 }, () => PostgresStore.open(address)))
    await Promise.all(stores.map((store, n) => store.write(async (w) => w.put(notes, `k${n}`, { n }))))
    assert.equal((await stores[0]!.changes(0)).sequence, 5)
    await Promise.all(stores.map((store) => store.close()))
  })

  it('keys stand in the order of octets in a database that sorts otherwise, and a commit is on disk whatever the default is', async () => {
    const address = await server.database()
    await withClient(address, (client) => client.query(`ALTER DATABASE ${address.database} SET synchronous_commit = off`))
    const store = await PostgresStore.open(address)
    const { rows } = await withClient(address, (client) =>
      client.query(
        "SELECT a.attname, c.collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation WHERE attrelid = 'gatehouse_record'::regclass AND attname IN ('key', 'collection') ORDER BY 1",
      ),
    )
    assert.deepEqual(
      rows.map((row) => row.collname),
      ['C', 'C'],
    )
    const session = new PostgresSession((store as unknown as { connections: Connections }).connections, true)
    await session.get('note', 'a')
    const { client } = session as unknown as { client: PoolClient }
    assert.equal((await client.query('SHOW synchronous_commit')).rows[0].synchronous_commit, 'on')
    await session.end()
    await store.close()
  })

  it('a room may ask for several records at once: one connection is asked for one after the other', async () => {
    const address = await server.database()
    const store = await PostgresStore.open(address)
    const warnings: Error[] = []
    const warned = (warning: Error): void => void warnings.push(warning)
    process.on('warning', warned)
    await store.write(async (w) => {
      for (let n = 0; n < 20; n++) w.put(notes, `k${n}`, { n })
    })
    const keys = Array.from({ length: 20 }, (_, n) => `k${n}`)
    assert.deepEqual(
      (await store.read((r) => Promise.all(keys.map((key) => r.get(notes, key))))).map((note) => note?.n),
      [...keys.keys()],
    )
    await store.close()
    await aMoment(0)
    process.off('warning', warned)
    assert.deepEqual(warnings, [])
  })

  it('a network that swallows everything costs neither a change nor the end of the process', async () => {
    const address = await server.database()
    const direct = await PostgresStore.open(address)
    const proxy = await swallowingProxy(address.port)
    const store = await PostgresStore.open({ ...address, port: proxy.port })
    const next = (): Promise<void> => new Promise((resolve) => store.onChange(resolve))
    await next()
    proxy.swallow()
    const heard = next()
    await direct.write(async (w) => w.put(notes, 'a', { n: 1 }))
    // Over a new connection, which the network lets through again.
    await heard
    proxy.swallow()
    await store.close()
    await proxy.close()
    await direct.close()
  })
})

const endConnections = (address: PostgresAddress): Promise<unknown> =>
  withClient({ ...address, password: '' }, (client) =>
    client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()'),
  )

/** Stands between a node and the server; `swallow`: what is open now stays open, and nothing comes through any more, as behind a firewall that forgot it. */
async function swallowingProxy(port: number): Promise<{ port: number; swallow(): void; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.pipe(upstream)
    upstream.pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    swallow() {
      for (const socket of sockets) socket.unpipe().on('data', () => {})
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

/** Stands between a node and the server, and once armed cuts the connection at a COMMIT: before the server hears of it, or after it has answered. */
async function cuttingProxy(port: number, cut: 'before' | 'after'): Promise<{ port: number; arm(): void; close(): Promise<void> }> {
  let armed = false
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let committing = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (octets: Buffer) => {
      if (armed && octets.includes('COMMIT\0')) {
        committing = true
        if (cut === 'before') return void client.destroy()
      }
      upstream.write(octets)
    })
    upstream.on('data', (octets: Buffer) => {
      if (committing) client.destroy()
      else client.write(octets)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    arm: () => void (armed = true),
    async close() {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}
