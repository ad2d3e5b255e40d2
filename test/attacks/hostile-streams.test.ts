// Every hostile connection of HTTP/2 is answered as RFC 9113 has it, and nothing of it goes on; honest requests beside and behind it are served.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Gate, gatehouseStreamGate, gatehouseTlsGate, nodeStreamGate } from './gate.ts'
import { judgeStream } from './judge-stream.ts'
import { hostileStreams } from './streams/all.ts'

for (const [how, open] of [
  ['in clear', gatehouseStreamGate],
  ['over TLS', gatehouseTlsGate],
] as const)
  describe(`a hostile connection of HTTP/2 ${how}`, () => {
    let gate: Gate
    let ran = 0
    before(async () => {
      gate = await open()
    })
    after(() => gate.stop())

    for (const each of hostileStreams) {
      it(`${each.name} (${each.rule})`, async () => {
        ran += 1
        assert.deepEqual(await judgeStream(gate, each), [])
      })
    }

    it('was tried in every case of the tables, and the upstream got nothing late or malformed', () => {
      assert.equal(ran, 523)
      assert.equal(new Set(hostileStreams.map(({ name }) => name)).size, 523)
      assert.deepEqual(
        gate.take().filter(({ target }) => target !== '/honest'),
        [],
      )
      assert.deepEqual(gate.faults(), [])
    })
  })

describe('the runner of the hostile connections', () => {
  it('finds fault with a server that is less strict', async () => {
    const gate = await nodeStreamGate()
    try {
      let wrong = 0
      for (const each of hostileStreams) if ((await judgeStream(gate, each, { strict: false, patienceMs: 300 })).length > 0) wrong += 1
      // The library finds most of what is malformed by itself; hosts, targets, reserved fields and limits it leaves to its user.
      assert.ok(wrong > 40 && wrong < hostileStreams.length - 200, `${wrong} of ${hostileStreams.length}`)
    } finally {
      await gate.stop()
    }
  })
})
