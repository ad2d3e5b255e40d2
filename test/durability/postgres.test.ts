// The store in PostgreSQL when a node or the server dies: what was acknowledged is there, and nothing by half.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { PostgresStore } from '../../src/adapters/postgres/store.ts'
import { randomFrom } from '../fuzz/random.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { checkedLast } from './life.ts'
import { liveOnce } from './lives.ts'

const NODE_KILLS = 25
const SERVER_CRASHES = 4

describe('the store in PostgreSQL', () => {
  const seed = randomInt(2 ** 31)
  const random = randomFrom(seed)
  let folder = ''
  let server: PostgresServer
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-durability-'))
    server = await startPostgres({ durable: true })
  })
  after(async () => {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  it(`loses nothing acknowledged when its node is killed, ${NODE_KILLS} times`, async (t) => {
    t.diagnostic(`seed ${seed}`)
    const store = await server.database()
    let last = 0
    // At the least; on a slow machine as many more as it takes to have something to lose.
    for (let life = 0; life < NODE_KILLS || (last <= 20 && life < 20 * NODE_KILLS); life++)
      last = (await liveOnce({ store }, last, random.below(60), join(folder, 'cache'))).kept
    await check(store, last)
  })

  it(`loses nothing acknowledged when the server crashes, ${SERVER_CRASHES} times`, async () => {
    const store = await server.database()
    let last = 0
    for (let crash = 0; crash < SERVER_CRASHES || (last <= 20 && crash < 20 * SERVER_CRASHES); crash++) {
      // Ends by itself when the server does; the kill is for one that does not.
      const life = liveOnce({ store }, last, 30_000, join(folder, 'cache'))
      // The store is up for a moment of chance before the server dies.
      await new Promise((resolve) => setTimeout(resolve, 400 + random.below(400)))
      await server.crash()
      last = (await life).kept
    }
    await check(store, last)
  })
})

async function check(address: Parameters<typeof PostgresStore.open>[0], last: number): Promise<void> {
  const store = await PostgresStore.open(address)
  const found = await store.read(checkedLast)
  await store.close()
  assert.ok(found === last || found === last + 1, `${last} were acknowledged, ${found} are there`)
  assert.ok(last > 20, `only ${last} transactions were acknowledged: too few to show anything`)
}
