// Changes are handed on in order, none is lost, and who waits has waited long enough.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../adapters/memory/store.ts'
import { collection } from '../ports/store.ts'
import { ChangeReader } from './change-reader.ts'

const things = collection<number>('thing')
const put = (store: MemoryStore, key: string) => store.write(async (writing) => writing.put(things, key, 1))

test('what was committed before the wait has been handled after it, also while another pass runs', async () => {
  const store = new MemoryStore()
  const seen: string[] = []
  const reader = new ChangeReader(store, 0, {
    report: assert.ifError,
    handle: async (changes) => {
      await new Promise(setImmediate)
      for (const { key } of changes!) seen.push(key)
    },
  })
  for (let i = 0; i < 50; i++) {
    await put(store, `k${i}`)
    if (i % 3 === 0) await reader.catchUp().then(() => assert.equal(seen.at(-1), `k${i}`))
  }
  await reader.catchUp()
  assert.deepEqual(
    seen,
    Array.from({ length: 50 }, (_, i) => `k${i}`),
  )
  await reader.close()
})

test('what could not be handled is handled again, and who waits is told of the failure', async () => {
  const store = new MemoryStore()
  const seen: string[] = []
  const reports: unknown[] = []
  let failures = 2
  const reader = new ChangeReader(store, 0, {
    retryMs: 1,
    report: (cause) => reports.push(cause),
    handle: async (changes) => {
      if (failures-- > 0) throw new Error('not now')
      for (const { key } of changes!) seen.push(key)
    },
  })
  await put(store, 'a')
  await assert.rejects(reader.catchUp(), /not now/)
  while (seen.length === 0) await new Promise(setImmediate)
  assert.deepEqual(seen, ['a'])
  assert.equal(reports.length, 2)
  await reader.close()
})

test('more changes than one answer holds all come', async () => {
  const store = new MemoryStore()
  await store.write(async (writing) => {
    for (let i = 0; i < 25_000; i++) writing.put(things, `k${i}`, i)
  })
  let count = 0
  const reader = new ChangeReader(store, 0, { report: assert.ifError, handle: async (changes) => void (count += changes!.length) })
  await reader.catchUp()
  assert.equal(count, 25_000)
  await reader.close()
})

test('a reader that comes too late is told to read everything anew', async () => {
  const store = new MemoryStore()
  for (let round = 0; round < 3; round++)
    await store.write(async (writing) => {
      for (let i = 0; i < 50_000; i++) writing.put(things, `k${i}`, round)
    })
  const told: unknown[] = []
  const reader = new ChangeReader(store, 5, { report: assert.ifError, handle: async (changes) => void told.push(changes) })
  await reader.catchUp()
  assert.deepEqual(told, [undefined])
  await reader.close()
})
