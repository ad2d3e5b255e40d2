// How much it takes to say whether an operator reaches something: whoever reads can ask for it all the time.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../../adapters/memory/store.ts'
import { commit, type ProposedChange } from '../../catalog/revisions/commit.ts'
import { OBJECTS } from '../../catalog/revisions/records.ts'
import { readHead, readState } from '../../catalog/revisions/state.ts'
import type { Operator } from '../../model/operator.ts'
import type { Reading } from '../../ports/store.ts'
import { CatalogReach } from './reach.ts'

const ada: Operator = {
  actor: { kind: 'person', id: 'person_ada' },
  permissions: new Map([
    ['apis:read', 'own'],
    ['apis:write', 'own'],
  ]),
  ownTeams: ['reds'],
  recentAuth: false,
}
const api = (name: string, owner = 'reds'): ProposedChange => ({ kind: 'api', name, value: { owner } })
const publish = (store: MemoryStore, ...changes: ProposedChange[]) =>
  store.write(async (writing) =>
    commit(writing, await readHead(writing), await readState(writing, 'console'), {
      ...{ owner: 'console', author: { kind: 'system', id: 'system' }, message: 'as the test says', nowMs: 1, changes },
    }),
  )

test('a draft of many changes is looked at once for each', async () => {
  const reach = await new MemoryStore().read((reading) => CatalogReach.of(ada, reading))
  let looks = 0
  const changes = Array.from({ length: 2000 }, (_, i): ProposedChange => {
    const { name, value } = api(`api${i}`)
    return {
      name,
      value,
      get kind() {
        looks++
        return 'api'
      },
    }
  })
  assert.equal(reach.includesAll('write', changes, true), true)
  assert.ok(looks <= 20 * changes.length, `${looks} looks`)
  assert.equal(reach.includesAll('write', [...changes, api('theirs', 'blues')], true), false)
})

test('what there is is read again only when it is another, and never passed on to another store', async () => {
  const store = new MemoryStore()
  let scans = 0
  const counted = (reading: Reading): Reading => ({
    get: (of, key) => reading.get(of, key),
    scan: (of, range) => {
      if (of.name === OBJECTS.name) scans++
      return reading.scan(of, range)
    },
    collections: () => reading.collections(),
  })
  const reaches = (of: MemoryStore, name: string) => of.read(async (reading) => (await CatalogReach.of(ada, counted(reading))).includes('read', api(name)))
  await publish(store, api('mine'), api('theirs', 'blues'))
  assert.deepEqual([await reaches(store, 'mine'), await reaches(store, 'theirs'), await reaches(store, 'mine')], [true, false, true])
  assert.equal(scans, 1)
  await publish(store, api('mine', 'blues'))
  assert.equal(await reaches(store, 'mine'), false)
  assert.equal(scans, 2)
  const other = new MemoryStore()
  await publish(other, api('theirs', 'reds'))
  assert.deepEqual([await reaches(other, 'theirs'), await reaches(store, 'theirs')], [true, false])
})
