// What every store owes in ranges, bounds and history: a part of the suite in store.ts.
import assert from 'node:assert/strict'
import {
  CHANGES_KEPT,
  CHANGES_LIMIT,
  collection,
  type Entry,
  everyEntry,
  KEY_OCTETS_MAX,
  SCAN_LIMIT_MAX,
  type Store,
  StoreUnavailable,
  TRANSACTION_OCTETS_MAX,
  TRANSACTION_WRITES_MAX,
  VALUE_OCTETS_MAX,
  type Writing,
} from '../store.ts'

const notes = collection<{ readonly n: number }>('note')
const others = collection<unknown>('other')
const keysOf = (entries: readonly Entry<unknown>[]): string[] => entries.map(({ key }) => key)

/** The guarantees with the tests that hold a store to them. */
export const rangeTests: readonly [name: string, test: (store: Store) => Promise<void>][] = [
  ['ranges: prefix, bounds, direction and limit, in the order of octets', ranges],
  ['a thousand and more are read page by page, each once', pages],
  ['keys, ranges and values beyond their bounds throw, and nothing is written', bounds],
  ['a transaction of too much throws, and nothing is written', tooMuch],
  ['changes come in the order of commits, a removal only of what was there', changeOrder],
  ['more changes than one answer holds come in several', manyChanges],
  ['who comes too late, or from another history, has to read everything', historyLost],
]

const KEYS = ['!', 'A', 'B', 'a', 'a!', 'a/1', 'a/10', 'a/2', 'a0', 'aa', 'b', 'z', '~', '~~']
async function ranges(store: Store): Promise<void> {
  await store.write(async (w) => {
    for (const key of KEYS.toReversed()) w.put(notes, key, { n: 0 })
    w.put(others, 'a/1', 0)
  })
  const table: [range: Parameters<Writing['scan']>[1], keys: readonly string[]][] = [
    [{ limit: 100 }, KEYS],
    [{ limit: 3 }, ['!', 'A', 'B']],
    [{ limit: 2, reverse: true }, ['~~', '~']],
    [{ limit: 100, prefix: 'a/' }, ['a/1', 'a/10', 'a/2']],
    [{ limit: 100, prefix: 'a/', reverse: true }, ['a/2', 'a/10', 'a/1']],
    [{ limit: 100, prefix: '~' }, ['~', '~~']],
    [{ limit: 100, prefix: '' }, KEYS],
    [{ limit: 100, prefix: 'none' }, []],
    [{ limit: 100, after: 'a' }, ['a!', 'a/1', 'a/10', 'a/2', 'a0', 'aa', 'b', 'z', '~', '~~']],
    [{ limit: 100, after: 'a/11', before: 'b' }, ['a/2', 'a0', 'aa']],
    [{ limit: 100, before: 'A' }, ['!']],
    [{ limit: 1, before: 'b', reverse: true }, ['aa']],
    [{ limit: 100, prefix: 'a/', after: 'a/1' }, ['a/10', 'a/2']],
    [{ limit: 100, prefix: 'a/', after: '!', before: 'a/2' }, ['a/1', 'a/10']],
    [{ limit: 100, prefix: 'a/', after: 'z' }, []],
    [{ limit: 100, after: 'z', before: 'a' }, []],
    [{ limit: 100, after: '~~' }, []],
    [{ limit: 100, after: '', before: '!' }, []],
  ]
  for (const [range, keys] of table) assert.deepEqual(keysOf(await store.read((r) => r.scan(notes, range))), keys, JSON.stringify(range))
  assert.equal(table.length, 18)
}

async function pages(store: Store): Promise<void> {
  const count = SCAN_LIMIT_MAX * 2 + 5
  const name = (i: number): string => `k/${String(i).padStart(5, '0')}`
  await store.write(async (w) => {
    for (let i = 0; i < count; i++) w.put(notes, name(i), { n: i })
    w.put(notes, 'l', { n: -1 })
  })
  const found: number[] = []
  await store.read(async (r) => {
    for await (const { key, value } of everyEntry(r, notes, 'k/')) {
      assert.equal(key, name(value.n))
      found.push(value.n)
    }
  })
  assert.deepEqual(
    found,
    Array.from({ length: count }, (_, i) => i),
  )
}

async function bounds(store: Store): Promise<void> {
  const longest = '~'.repeat(KEY_OCTETS_MAX)
  await store.write(async (w) => {
    w.put(others, longest, 'x'.repeat(VALUE_OCTETS_MAX - 2))
    w.put(others, '!', 1)
  })
  const found = await store.read((r) => r.scan(others, { limit: 1, after: '!' }))
  assert.equal((found[0]!.value as string).length, VALUE_OCTETS_MAX - 2)
  assert.deepEqual(keysOf(await store.read((r) => r.scan(others, { limit: 5, prefix: longest, before: longest }))), [])
  await store.write(async (w) => w.remove(others, longest))
  const wrong: ((w: Writing) => unknown)[] = [
    (w) => w.put(others, '', 1),
    (w) => w.put(others, 'a b', 1),
    (w) => w.put(others, 'é', 1),
    (w) => w.put(others, 'a\0', 1),
    (w) => w.put(others, 'a\n', 1),
    (w) => w.put(others, `${longest}~`, 1),
    (w) => w.put(others, 'k', undefined),
    (w) => w.put(others, 'k', 'x'.repeat(VALUE_OCTETS_MAX - 1)),
    (w) => w.put(others, 'k', 'é'.repeat(VALUE_OCTETS_MAX / 2)),
    (w) => w.remove(others, ' '),
    (w) => w.get(others, ''),
    (w) => w.scan(others, { limit: 0 }),
    (w) => w.scan(others, { limit: SCAN_LIMIT_MAX + 1 }),
    (w) => w.scan(others, { limit: 1.5 }),
    (w) => w.scan(others, { limit: 1, prefix: 'é' }),
    (w) => w.scan(others, { limit: 1, after: ' ' }),
    (w) => w.scan(others, { limit: 1, before: `${longest}~` }),
  ]
  for (const [i, ask] of wrong.entries()) {
    const failing = store.write(async (w) => {
      w.put(others, 'half', i)
      await ask(w)
    })
    await assert.rejects(failing, (cause) => cause instanceof Error && !(cause instanceof StoreUnavailable), `number ${i}`)
  }
  assert.equal(wrong.length, 17)
  assert.deepEqual(keysOf(await store.read((r) => r.scan(others, { limit: 10 }))), ['!'])
}

async function tooMuch(store: Store): Promise<void> {
  const many = store.write(async (w) => {
    for (let i = 0; i <= TRANSACTION_WRITES_MAX; i++) w.remove(notes, 'k')
  })
  await assert.rejects(many, /at most/)
  const text = 'x'.repeat(VALUE_OCTETS_MAX - 2)
  const large = store.write(async (w) => {
    // Caught or not: a transaction that was refused a write is not kept without it.
    for (let i = 0; i <= TRANSACTION_OCTETS_MAX / VALUE_OCTETS_MAX; i++) {
      try {
        w.put(others, `k${i}`, text)
      } catch {}
    }
  })
  await assert.rejects(large, /at most/)
  assert.deepEqual(await store.read((r) => r.collections()), [])
}

async function changeOrder(store: Store): Promise<void> {
  assert.deepEqual(await store.changes(0), { sequence: 0, changes: [] })
  await store.write(async (w) => {
    w.put(notes, 'b', { n: 1 })
    w.put(notes, 'a', { n: 1 })
    w.remove(notes, 'c')
    w.put(notes, 'b', { n: 2 })
  })
  const first = await store.changes(0)
  assert.deepEqual(
    first.changes?.map(({ collection, key }) => `${collection}/${key}`),
    ['note/b', 'note/a', 'note/b'],
  )
  assert.deepEqual(await store.changes(first.sequence), { sequence: first.sequence, changes: [] })
  await store.write(async (w) => {
    w.remove(notes, 'a')
    w.remove(notes, 'a')
    w.put(others, 'a', 1)
  })
  const second = await store.changes(first.sequence)
  assert.deepEqual(second.changes, [
    { collection: 'note', key: 'a' },
    { collection: 'other', key: 'a' },
  ])
  assert.ok(second.sequence > first.sequence)
  assert.equal((await store.changes(0)).changes?.length, 5)
  assert.equal((await store.changes(1)).changes?.length, 4)
}

/** So many changes of one key, in transactions that are not too large. */
async function change(store: Store, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 20_000) {
    await store.write(async (w) => {
      for (let i = 0; i < Math.min(left, 20_000); i++) w.put(notes, `k${i % 50}`, { n: i })
    })
  }
}

async function manyChanges(store: Store): Promise<void> {
  await change(store, CHANGES_LIMIT + 1)
  const first = await store.changes(0)
  assert.equal(first.changes?.length, CHANGES_LIMIT)
  const second = await store.changes(first.sequence)
  assert.equal(second.changes?.length, 1)
  assert.equal(second.sequence, CHANGES_LIMIT + 1)
}

async function historyLost(store: Store): Promise<void> {
  await change(store, CHANGES_KEPT + 2000)
  const { sequence, changes } = await store.changes(0)
  assert.equal(changes, undefined)
  assert.equal(sequence, CHANGES_KEPT + 2000)
  assert.deepEqual(await store.changes(sequence), { sequence, changes: [] })
  assert.equal((await store.changes(sequence - CHANGES_KEPT)).changes?.length, CHANGES_LIMIT)
  assert.deepEqual(await store.changes(sequence + 1), { sequence, changes: undefined })
}
