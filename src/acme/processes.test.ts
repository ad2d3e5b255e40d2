// Of several processes one orders; one that dies leaves an order that the next one goes on with.
import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { type AcmeHouse, acmeHouse, NAME } from '../../test/support/acme-house.ts'
import { problem } from '../../test/support/acme-server.ts'
import { challenges, nameStates } from './records.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
let house: AcmeHouse
afterEach(() => house.close())

describe('a process that dies', () => {
  it('in the middle of any request leaves an order that the next one goes on with', async () => {
    const left: number[] = []
    for (let at = 1; at <= 9; at++) {
      let asked = 0
      const dies = { isOn: true }
      house = await acmeHouse({
        egress: (own) => ({
          async fetch(request) {
            const response = await own.fetch(request)
            // The request arrived, and nobody hears of the answer.
            if (dies.isOn && ++asked === at) throw Object.assign(new Error('gone'), { name: 'AbortError' })
            return response
          },
        }),
      })
      await house.node.keeper.round()
      assert.equal(await house.certificate(), undefined)
      dies.isOn = false
      await house.settle(house.join('node_next'))
      assert.ok(await house.certificate(), `died at ${at}: ${house.warned.join()}`)
      left.push(house.acme.orders.length)
      if (at < 9) await house.close()
    }
    // Dead between the answer to the order and its being written down: that one order is lost.
    assert.deepEqual(left, [1, 1, 2, 1, 1, 1, 1, 1, 1])
  })

  it('leaves no proof that is answered for more than a quarter of an hour', async () => {
    house = await acmeHouse()
    const { board } = house.node
    await board.put({ type: 'http-01', host: NAME, token: 'a'.repeat(22), authorization: 'b' })
    house.clock.advanceMs(15 * MINUTE - 1)
    assert.deepEqual([board.isOverdue, house.node.handed], [false, 1])
    house.clock.advanceMs(1)
    assert.equal(board.isOverdue, true)
    await board.takeUp()
    assert.deepEqual([board.isOverdue, house.node.handed, await house.store.read((reading) => reading.scan(challenges, { limit: 1 }))], [false, 2, []])
  })

  it('without a word holds its name for six minutes where others share the store, and not at all where none does', async () => {
    house = await acmeHouse()
    await house.node.keeper.round()
    const lease = { node: 'node_dead', untilMs: house.nowMs() + 6 * MINUTE }
    await house.store.write(async (writing) =>
      writing.put(nameStates, NAME, { name: NAME, wantedMs: house.nowMs(), nextMs: 0, failures: 0, isWanted: true, lease }),
    )
    const shared = house.join('node_b', { isShared: true })
    const round = await house.settle(shared)
    assert.deepEqual([house.acme.orders.length, round.nextDueMs], [1, lease.untilMs])
    await house.settle()
    assert.equal(house.acme.orders.length, 2)
  })
})

describe('several processes on one store', () => {
  it('order once, and the server looks only when all of them answer', async () => {
    house = await acmeHouse()
    const parts = { isShared: true }
    const [a, b] = [house.join('node_b', parts), house.join('node_c', parts)]
    // Both follow the store, as the running program does.
    for (const node of [a, b, house.node]) house.store.onChange(() => void node.board.takeUp().catch(() => {}))
    const before = house.acme.asked.length
    await Promise.all([house.settle(a), house.settle(b)])
    assert.equal(house.acme.orders.length, 1)
    assert.ok(house.acme.asked.length - before > 5)
    assert.ok(a.handed >= 2 && b.handed >= 2, `${a.handed} ${b.handed}`)
    assert.ok(await house.certificate())
  })

  it('wait for each other, and not for ever for one that is silent', async () => {
    house = await acmeHouse()
    const seen: boolean[] = []
    let pauses = 0
    const pause = async (ms: number): Promise<void> => {
      house.clock.advanceMs(ms)
      pauses++
      if (house.acme.asked.includes('challenge')) return
      // The other one is late: until it answers, nobody tells the server to look.
      if (pauses === 3) await late.board.takeUp()
      seen.push(late.handed > 0)
    }
    const early = house.join('node_early', { isShared: true, pause })
    const late = house.join('node_late', { isShared: true })
    await house.node.board.takeUp()
    await house.settle(early)
    assert.ok(await house.certificate())
    // `node_a` never answers: it was waited for, ten seconds in all.
    assert.deepEqual([seen.slice(0, 3), seen.length], [[false, false, true], 40])
  })

  it('whose files differ do not order in turns, and do not forget what keeps the other from trying again', async () => {
    house = await acmeHouse()
    const other = { ...house.settings!, directory: house.acme.directory.replace('/directory', '/directory/'), names: [NAME, 'api.example'] }
    const [a, b] = [house.join('node_one', { isShared: true }), house.join('node_two', { isShared: true, settings: () => other })]
    for (const node of [a, b, house.node]) house.store.onChange(() => void node.board.takeUp().catch(() => {}))
    house.acme.trouble('newOrder', problem('serverInternal', 500), problem('rejectedIdentifier'))
    const startMs = house.nowMs()
    while (house.nowMs() < startMs + 2 * HOUR) {
      await house.settle(a)
      await house.settle(b)
      house.clock.advanceMs(MINUTE)
    }
    assert.deepEqual(house.acme.orders.map(({ name }) => name).sort(), ['api.example', NAME])
    assert.equal(house.acme.asked.filter((step) => step === 'newOrder').length, 4)
    // What only one of them wanted is forgotten when it has not said so for long.
    other.names = [NAME]
    while (await house.state('api.example')) {
      house.clock.advanceMs(MINUTE)
      await house.settle(a)
      await house.settle(b)
    }
    assert.ok(await house.state())
  })
})
