// Every legal shape of a request comes through with its meaning unchanged, however its bytes arrive.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Gate, gatehouseGate, gatehouseTlsGate, gatehouseToTlsGate } from './gate.ts'
import { honestRequests } from './honest/all.ts'
import { judgeHonest } from './judge-honest.ts'

for (const [how, open] of [
  ['in clear', gatehouseGate],
  ['over TLS', gatehouseTlsGate],
  ['to an upstream under TLS', gatehouseToTlsGate],
] as const)
  describe(`an honest request comes through ${how}`, () => {
    let gate: Gate
    let ran = 0
    before(async () => {
      gate = await open()
    })
    after(() => gate.stop())

    for (const each of honestRequests) {
      it(each.name, async () => {
        ran += 1
        assert.deepEqual(await judgeHonest(gate, each), [])
      })
    }

    it('in every case of the tables, and the upstream got nothing late or malformed', () => {
      assert.equal(ran, 1039)
      assert.equal(new Set(honestRequests.map(({ name }) => name)).size, 1039)
      assert.deepEqual(gate.take(), [])
      assert.deepEqual(gate.faults(), [])
    })
  })
