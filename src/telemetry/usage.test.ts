// Use is counted per credential and API, told once, added up over threads, and bounded on both sides.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageLedger, UsageMeter, type Use, usesByCredential } from './usage.ts'

const principal = (credential: string) => ({ consumer: 'acme', credential, by: 'api-key' })

test('what was counted is told once, with the latest time, whatever the order in which requests end', () => {
  const told: Use[][] = []
  const meter = new UsageMeter((uses) => told.push([...uses]))
  const one = principal('key_1')
  for (const nowMs of [5, 9, 7]) meter.record(one, 'shop', nowMs)
  meter.record(principal('key_2'), 'shop', 3)
  meter.flush()
  meter.flush()
  meter.record(one, 'shop', 11)
  meter.flush()
  assert.deepEqual(told, [
    [
      { api: 'shop', consumer: 'acme', credential: 'key_1', count: 3, lastMs: 9 },
      { api: 'shop', consumer: 'acme', credential: 'key_2', count: 1, lastMs: 3 },
    ],
    [{ api: 'shop', consumer: 'acme', credential: 'key_1', count: 1, lastMs: 11 }],
  ])
})

test('a principal that is seen at two APIs is counted for each', () => {
  const ledger = new UsageLedger()
  const meter = new UsageMeter((uses) => ledger.add(uses))
  const one = principal('key_1')
  for (let i = 0; i < 10; i++) meter.record(one, i % 2 === 0 ? 'shop' : 'bank', i)
  meter.flush()
  const taken = ledger.take().map(({ api, count, lastMs }) => [api, count, lastMs])
  assert.deepEqual(taken, [
    ['shop', 5, 8],
    ['bank', 5, 9],
  ])
})

test('a thread that sees ever new credentials tells early and holds no more', () => {
  let told = 0
  let counted = 0
  const meter = new UsageMeter((uses) => {
    told++
    counted += uses.reduce((sum, { count }) => sum + count, 0)
    assert.ok(uses.length <= 8192)
  })
  for (let i = 0; i < 100_000; i++) meter.record(principal(`key_${i}`), 'shop', i)
  assert.equal(told, 12)
  meter.flush()
  assert.equal(counted, 100_000)
})

test('the ledger adds threads up, is emptied in portions, and counts what it has no room for', () => {
  const ledger = new UsageLedger(3)
  const use = (credential: string, count: number): Use => ({ api: 'shop', consumer: 'acme', credential, count, lastMs: count })
  ledger.add([use('a', 1), use('b', 2)])
  ledger.add([use('a', 5), use('c', 1), use('d', 7)])
  assert.equal(ledger.lost, 7)
  assert.deepEqual(
    ledger.take(2).map(({ credential, count, lastMs }) => [credential, count, lastMs]),
    [
      ['a', 6, 5],
      ['b', 2, 2],
    ],
  )
  assert.deepEqual(ledger.take(), [use('c', 1)])
  assert.deepEqual(ledger.take(), [])
})

test('a credential’s use over several APIs is one', () => {
  const uses = [
    { api: 'shop', consumer: 'acme', credential: 'a', count: 2, lastMs: 9 },
    { api: 'bank', consumer: 'acme', credential: 'a', count: 3, lastMs: 4 },
  ]
  assert.deepEqual(usesByCredential(uses), [{ credential: 'a', count: 5, lastMs: 9 }])
})
