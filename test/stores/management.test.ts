// The whole control plane on the stores that last: what every operation does, what rooms do together, and two nodes on one database.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { PostgresStore } from '../../src/adapters/postgres/store.ts'
import { SharedCredentials } from '../../src/adapters/shared-memory/shared-credentials.ts'
import { fileDirectory } from '../../src/adapters/shared-memory/shared-directory.ts'
import { SqliteStore } from '../../src/adapters/sqlite/store.ts'
import { keyDigest } from '../../src/base/keys.ts'
import { changeInDraft, openDraft } from '../../src/catalog/revisions/drafts.ts'
import { readHead } from '../../src/catalog/revisions/state.ts'
import { revokeKey } from '../../src/directory/keys.ts'
import { operations } from '../../src/management/operations/index.ts'
import type { Store } from '../../src/ports/store.ts'
import { Acts, type Did, KINDS } from '../durability/acts.ts'
import { checkWhole } from '../durability/consistency.ts'
import { type House, openHouse } from '../durability/house.ts'
import { scenarios } from '../management/scenarios/index.ts'
import { ADMIN_TOKEN } from '../management/surroundings.ts'
import { type Asker, world } from '../management/world.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'

const ADA = { kind: 'person', id: 'person_ada' } as const
const OPEN_FILE = {
  gatehouse: 1,
  apis: { apples: { path: '/apples', upstream: 'http://apples.example', public: true } },
  consumers: { filed: { apis: ['apples'] } },
}

describe('the control plane on stores that last', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-stores-'))
  let server: PostgresServer
  let made = 0
  before(async () => void (server = await startPostgres()))
  after(async () => {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const home = (): string => mkdtempSync(join(folder, 'home-'))
  const stores: Readonly<Record<string, () => Promise<Store>>> = {
    SQLite: () => SqliteStore.open(join(folder, `store-${++made}.db`)),
    PostgreSQL: async () => PostgresStore.open(await server.database()),
  }

  for (const [name, open] of Object.entries(stores)) {
    for (const operation of operations)
      it(`${operation.name} answers on ${name} as it does in memory`, async () => {
        const scenario = scenarios[operation.name]!
        const asker = scenario.may.split(' ').find((each) => each === 'owner') ?? scenario.may.split(' ')[0]!
        const statuses: number[] = []
        for (const store of [undefined, await open()]) {
          const place = await world(store && { store })
          const { path, ...sent } = await scenario.good(place, asker as Asker)
          statuses.push((await place.as(asker as Asker, operation.method, path, sent)).status)
          assert.deepEqual(place.reports, [])
          await place.close()
          await store?.close()
        }
        assert.equal(statuses[1], statuses[0])
        assert.ok(statuses[0]! < 300)
      })

    it(`all rooms together are whole on ${name}, and after they were closed and opened`, async () => {
      const store = await open()
      const plan = { folder: home(), store }
      const acknowledged: Did[] = []
      for (const life of ['A', 'B']) {
        const house = await openHouse(plan)
        const acts = new Acts(house, life)
        for (const kind of KINDS) acknowledged.push(await acts.do(kind))
        await store.read((reading) => checkWhole(reading, house.plane.services.trail, acknowledged))
        assert.deepEqual(house.reports, [])
        await house.close()
      }
      await store.close()
    })
  }

  /** Two nodes of one installation: one database, one envelope key, connections of their own. */
  async function twoNodes(files: readonly [object, object] = [OPEN_FILE, OPEN_FILE]) {
    const address = await server.database()
    const shared = home()
    const open = async (nodeId: string, file: object) => {
      const store = await PostgresStore.open(address)
      return { store, house: await openHouse({ folder: shared, store, nodeId, file }) }
    }
    const [a, b] = [await open('node_a', files[0]), await open('node_b', files[1])]
    return {
      a: a.house,
      b: b.house,
      async [Symbol.asyncDispose]() {
        for (const { house, store } of [a, b]) {
          await house.close()
          await store.close()
        }
      },
    }
  }
  /** Waits for it, however long it takes: the test's own limit is the bound. Answers how long it took. */
  async function arrives(isThere: () => boolean): Promise<number> {
    const began = performance.now()
    while (!isThere()) await pause(2)
    return Math.round(performance.now() - began)
  }
  const reads = ({ directory }: House, secret: string): boolean => {
    const file = fileDirectory({ consumers: [{ name: 'filed', apis: ['apples'] }], keys: [] }).memory
    return new SharedCredentials(file, directory.memory).findKey(keyDigest(secret), Date.now()) !== undefined
  }
  const serves = ({ catalog }: House, name: string): boolean => catalog.configuration.snapshot.apis.some((api) => api.name === name)

  it('what one node does is live on the other: a key made and revoked, and a revision', async (t) => {
    await using nodes = await twoNodes()
    const { a, b } = nodes
    const { status, json } = await a.client.send('POST', '/api/v1/consumers/filed/keys', { as: ADMIN_TOKEN, body: {} })
    assert.equal(status, 201)
    const secret = String(json!['secret'])
    const created = await arrives(() => reads(b, secret))
    const { id } = json!['key'] as { readonly id: string }
    await a.plane.store.write((writing) => revokeKey(writing, { by: 'person_ada', nowMs: a.plane.nowMs() }, id, 'for the test'))
    const revoked = await arrives(() => !reads(b, secret))
    const base = (await a.plane.store.read(readHead)).revision
    const changes = [{ kind: 'api', name: 'berries', value: { path: '/berries', upstream: 'http://b.example', public: true } }]
    const outcome = await a.catalog.publish({ author: ADA, message: 'berries', base, changes }, { mayApprove: () => true })
    assert.ok(!('refused' in outcome))
    assert.ok(serves(a, 'berries'))
    const published = await arrives(() => serves(b, 'berries'))
    t.diagnostic(`on the other node after: key ${created} ms, revocation ${revoked} ms, revision ${published} ms`)
    assert.deepEqual([...a.reports, ...b.reports], [])
  })

  it('nodes with different files are told on both, and no more when one has gone', async () => {
    const other = { ...OPEN_FILE, apis: { ...OPEN_FILE.apis, extra: { path: '/extra', upstream: 'http://x.example', public: true } } }
    await using nodes = await twoNodes([OPEN_FILE, other])
    const drift = (house: House) => house.plane.store.read((reading) => house.catalog.drift(reading))
    for (const house of [nodes.a, nodes.b])
      assert.deepEqual(
        (await drift(house)).map(({ what }) => what),
        ['nodes-differ'],
      )
    await nodes.b.catalog.close()
    assert.deepEqual(await drift(nodes.a), [])
  })

  it('of two nodes that change one thing from the same state, exactly one does', async () => {
    await using nodes = await twoNodes()
    const both = [nodes.a, nodes.b]
    const { store } = nodes.a.plane
    for (let round = 0; round < 10; round++) {
      const draft = await store.write((w) => openDraft(w, { id: `draft_r${round}`, author: ADA, message: 'a race', nowMs: 1 }))
      assert.ok(!('refused' in draft))
      const edits = await Promise.all(
        both.map(({ plane }, node) => {
          const change = { kind: 'api', name: `r${round}`, value: { path: `/r${round}`, upstream: `http://n${node}.example`, public: true } }
          return plane.store.write((w) => changeInDraft(w, draft.id, change, { by: ADA, nowMs: 2, expected: 'absent' }))
        }),
      )
      assert.deepEqual(edits.map((each) => ('refused' in each ? each.refused : 'done')).sort(), ['done', 'stale'])
      const base = (await store.read(readHead)).revision
      const publishes = await Promise.all(
        both.map(({ catalog }, node) => {
          const changes = [{ kind: 'api', name: `p${round}`, value: { path: `/p${round}`, upstream: `http://n${node}.example`, public: true } }]
          return catalog.publish({ author: ADA, message: 'a race', base, changes }, { mayApprove: () => true })
        }),
      )
      assert.deepEqual(publishes.map((each) => ('refused' in each ? each.refused : 'done')).sort(), ['conflict', 'done'])
    }
  })

  it('acts of both nodes at the same time make one trail that verifies, and one history', async () => {
    await using nodes = await twoNodes()
    const lanes = [nodes.a, nodes.b].map(async (house, node) => {
      const acts = new Acts(house, `N${node}`)
      const dids: Did[] = []
      // A rollback of the other's last revision may find nothing left to do, and to prune is to discard the other's drafts under its hands: for one node alone.
      for (const kind of KINDS.filter((each) => each !== 'rollback' && each !== 'prune')) for (let i = 0; i < 3; i++) dids.push(await acts.do(kind))
      return { acts, dids }
    })
    const both = await Promise.all(lanes)
    const acknowledged = both.flatMap(({ dids }) => dids)
    for (const { acts } of both) acknowledged.push(await acts.do('prune'))
    const { store, services } = nodes.a.plane
    const entries = await store.read((reading) => checkWhole(reading, services.trail, acknowledged))
    assert.ok(entries > acknowledged.length)
    assert.deepEqual([...nodes.a.reports, ...nodes.b.reports], [])
  })
})
