// The permission matrix: every operation, really called by everyone, against what is written by hand. A new operation fails until it is listed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../src/management/operations/index.ts'
import { PERMISSIONS } from '../../src/model/permissions.ts'
import type { Asked, Told } from './scenario.ts'
import { scenarios } from './scenarios/index.ts'
import { type Asker, PEOPLE, type World, world } from './world.ts'

const ASKERS: readonly Asker[] = [...(Object.keys(PEOPLE) as (keyof typeof PEOPLE)[]), 'admin', 'token', 'stranger']

const send = (made: World, asker: Asker, method: string, { path, ...sent }: Asked): Promise<Told> => made.as(asker, method, path, sent)

test('every operation has its scenario, and every scenario its operation', () => {
  assert.deepEqual(Object.keys(scenarios).sort(), operations.map(({ name }) => name).sort())
})

test('every permission is asked for by some operation', () => {
  const used = new Set(operations.map(({ permission }) => permission))
  assert.deepEqual(
    PERMISSIONS.filter((permission) => !used.has(permission)),
    [],
  )
})

let cells = 0
for (const operation of operations) {
  const scenario = scenarios[operation.name]
  if (!scenario) continue
  test(`${operation.name}: ${scenario.may || 'nobody'} may, and nobody else`, async () => {
    const may = new Set(scenario.may.split(' '))
    for (const asker of may) assert.ok(asker === '' || ASKERS.includes(asker as Asker), `nobody is called ${asker}`)
    for (const asker of ASKERS) {
      const made = await world()
      try {
        const answer = await send(made, asker, operation.method, await scenario.good(made, asker))
        if (may.has(asker)) assert.ok(answer.status < 300, `${asker} may, and got ${answer.short}: ${answer.body}`)
        else assert.ok([401, 403, 404].includes(answer.status), `${asker} may not, and got ${answer.short}`)
        assert.deepEqual(made.reports, [], `${asker}: a mistake of ours`)
        cells++
      } finally {
        await made.close()
      }
    }
  })
  const foreign = scenario.foreign
  if (operation.reach !== 'all' && operation.permission !== 'anyone' && operation.permission !== 'signed-in') {
    test(`${operation.name}: an API of others is neither read nor touched`, async () => {
      assert.ok(foreign, 'an operation that reaches only one’s own says how another’s is asked for')
      const made = await world()
      try {
        const { hides, ...asked } = await foreign(made)
        const answer = await send(made, 'ada', operation.method, asked)
        if (hides === undefined) assert.equal(answer.short, '404 management.unknown')
        else {
          assert.ok(answer.status < 300, answer.short)
          assert.ok(!answer.body.includes(hides), `the answer tells of ${hides}`)
        }
        const owner = await send(made, 'owner', operation.method, asked)
        assert.ok(owner.status < 300, `the same is there for who may: ${owner.short} ${owner.body}`)
        if (hides !== undefined) assert.ok(owner.body.includes(hides), 'what is hidden was there to be hidden')
      } finally {
        await made.close()
      }
    })
  }
}

test('every cell was really called', () => assert.equal(cells, operations.length * ASKERS.length))
