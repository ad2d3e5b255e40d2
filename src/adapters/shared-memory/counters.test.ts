// The shared-memory counters pass what every adapter owes, and stay exact, bounded and alive under threads, floods and deaths.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import { countersConformance } from '../../ports/conformance/counters.ts'
import { counterMemory, counterTableUse, recoverCounters, sharedCounters } from './counters.ts'
import type { Answer, Order } from './hammer.ts'

const SECRET = new Uint8Array(16).fill(3)
const START_US = 1_700_000_000_000_000

describe('counters in shared memory', () => {
  const tests = countersConformance(() => sharedCounters(counterMemory(4096), SECRET))
  it('ran the whole suite of the port', () => assert.equal(tests, 16))

  it('the memory is bounded: 24 octets a place', () => {
    assert.ok(counterMemory(65_536).byteLength <= 65_536 * 24 + 4096 * 4 + 64)
    assert.equal(counterTableUse(counterMemory(1000)).places, 1024)
  })

  it('a full table refuses newcomers and counts it; those who are in it keep their counts', () => {
    const memory = counterMemory(64)
    const limiter = sharedCounters(memory, SECRET).limiter('full', { algorithm: 'fixed-window', limit: 2, windowMs: 3_600_000 })
    const inside: string[] = []
    for (let i = 0; i < 1000; i++) {
      const { admitted, full } = limiter.take(`key ${i}`, START_US) as { admitted: boolean; full: boolean }
      assert.equal(admitted, !full)
      if (admitted) inside.push(`key ${i}`)
    }
    const use = counterTableUse(memory)
    assert.equal(inside.length, 64)
    assert.deepEqual({ used: use.used, refusedFull: use.refusedFull, evicted: use.evicted }, { used: 64, refusedFull: 1000 - 64, evicted: 0 })
    for (const key of inside) assert.equal((limiter.take(key, START_US) as { admitted: boolean }).admitted, true)
    for (const key of inside) assert.equal((limiter.take(key, START_US) as { admitted: boolean }).admitted, false)
  })

  it('only counters at rest give way, and then a newcomer gets in', () => {
    const memory = counterMemory(32)
    const limiter = sharedCounters(memory, SECRET).limiter('rest', { algorithm: 'gcra', limit: 1, windowMs: 60_000 })
    for (let i = 0; i < 32; i++) limiter.take(`old ${i}`, START_US)
    assert.equal(
      (limiter.take('new', START_US + 60_000_000) as { full: boolean }).full,
      true,
      'at rest only now: requests that decide by the past may still come',
    )
    assert.equal((limiter.take('new', START_US + 80_000_000) as { admitted: boolean }).admitted, true)
    assert.equal(counterTableUse(memory).evicted, 1)
  })

  it('a key whose counter gave way starts afresh, and is never counted for the one that came', () => {
    const memory = counterMemory(32)
    const limiter = sharedCounters(memory, SECRET).limiter('swap', { algorithm: 'fixed-window', limit: 1, windowMs: 1000 })
    for (let round = 0; round < 50; round++) {
      for (let i = 0; i < 32; i++) assert.equal((limiter.take(`${round} ${i}`, START_US + round * 20_000_000) as { admitted: boolean }).admitted, true)
      for (let i = 0; i < 32; i++) assert.equal((limiter.take(`${round} ${i}`, START_US + round * 20_000_000) as { admitted: boolean }).admitted, false)
    }
  })

  it('what a dead thread held is freed: its half-filled place and its lock', () => {
    const memory = counterMemory(32)
    const locks = new Int32Array(memory, 64, 32)
    const states = new BigUint64Array(memory, 64 + 32 * 4, 32)
    const limiter = sharedCounters(memory, SECRET).limiter('dead', { algorithm: 'gcra', limit: 1, windowMs: 1000 })
    const dead = 4711
    states.fill(BigInt(dead + 1))
    assert.equal((limiter.take('early', START_US) as { full: boolean }).full, true, 'a place that is being filled is nobody else’s')
    locks.fill(dead + 1)
    recoverCounters(memory, -1)
    assert.equal(locks[0], dead + 1)
    recoverCounters(memory, dead)
    assert.equal(
      locks.every((lock) => lock === 0),
      true,
    )
    for (let i = 0; i < 32; i++) assert.equal((limiter.take(`key ${i}`, START_US) as { admitted: boolean }).admitted, true)
  })

  it('a counter is known by all 128 bits of its fingerprint', () => {
    for (let word = 0; word < 4; word++) {
      const memory = counterMemory(32)
      const limiter = sharedCounters(memory, SECRET).limiter('print', { algorithm: 'gcra', limit: 1, windowMs: 1000 })
      assert.equal((limiter.take('key', START_US) as { admitted: boolean }).admitted, true)
      assert.equal((limiter.peek('key', START_US) as { admitted: boolean }).admitted, false)
      const prints = new Int32Array(memory, 64 + 32 * 4 + 32 * 8, 32 * 4)
      const place = prints.findIndex((each) => each !== 0) & ~3
      prints[place + word]! ^= 1 << 30
      assert.equal((limiter.peek('key', START_US) as { admitted: boolean }).admitted, true, `word ${word}`)
    }
  })

  it('four threads on one key of limit 1,000 admit exactly 1,000, in every algorithm, while the table is flooded with ten times its size', async () => {
    for (const algorithm of ['fixed-window', 'gcra', 'sliding-window', 'token-bucket'] as const) {
      const memory = counterMemory(1024)
      const orders: Order[] = Array.from({ length: 4 }, (_, thread) => ({
        memory,
        thread,
        rule: { algorithm, limit: 1000, windowMs: 3_600_000 },
        hammerings: 1500,
        flood: thread < 2 ? 0 : 5120,
        startUs: START_US,
      }))
      const answers = await Promise.all(orders.map(hammer))
      assert.equal(sum(answers.map(({ admitted }) => admitted)), 1000, algorithm)
      assert.deepEqual(
        answers.map(({ asked }) => asked),
        [1500, 1500, 1500, 1500],
      )
      const use = counterTableUse(memory)
      assert.ok(use.used <= 1024)
      assert.ok(use.refusedFull > 5000, 'the flood found the table full')
    }
  })

  it('threads that bring the same keys in at the same moment never count one in two places', async () => {
    const memory = counterMemory(4096)
    const order = {
      memory,
      rule: { algorithm: 'fixed-window', limit: 3, windowMs: 3_600_000 },
      keys: 2000,
      hammerings: 0,
      flood: 0,
      startUs: START_US,
    } as const
    const answers = await Promise.all([0, 1, 2, 3].map((thread) => hammer({ ...order, thread })))
    // Each of four threads asks twice for each key, in the same order: eight askings, three admitted.
    assert.equal(sum(answers.map(({ admittedKeys }) => admittedKeys)), 2000 * 3)
    assert.equal(counterTableUse(memory).used, 2000)
  })

  it('the same while counters at rest give way all the time', async () => {
    const memory = counterMemory(256)
    const order = {
      memory,
      rule: { algorithm: 'fixed-window', limit: 3, windowMs: 1000 },
      keys: 100,
      rounds: 60,
      roundUs: 30_000_000,
      hammerings: 0,
      flood: 0,
      startUs: START_US,
    } as const
    const answers = await Promise.all([0, 1].map((thread) => hammer({ ...order, thread })))
    assert.equal(sum(answers.map(({ admittedKeys }) => admittedKeys)), 60 * 100 * 3)
    assert.ok(counterTableUse(memory).evicted > 1000)
  })
})

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

function hammer(order: Order): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./hammer.ts', import.meta.url), { workerData: order })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
