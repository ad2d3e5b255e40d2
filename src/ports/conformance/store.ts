// What every store owes: the suite that the tests of each adapter run.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as aMoment } from 'node:timers/promises'
import {
  CHANGES_KEPT,
  CHANGES_LIMIT,
  collection,
  everyEntry,
  KEY_OCTETS_MAX,
  SCAN_LIMIT_MAX,
  type Store,
  StoreUnavailable,
  TRANSACTION_OCTETS_MAX,
  TRANSACTION_WRITES_MAX,
  UncertainCommit,
  VALUE_OCTETS_MAX,
  type Writing,
} from '../store.ts'
import { nodeTests } from './store-nodes.ts'
import { agreesWithModel } from './store-property.ts'

export interface StoreUnderTest {
  /** An empty database with one handle on it; the suite closes it. */
  open(options?: { readonly transactionMsMax?: number }): Promise<Store>
  /** A further handle on the database of `store`, as another node has it; absent where one process is all that there can be. */
  another?(store: Store): Promise<Store>
  /** How many random sequences are compared with the model. */
  readonly sequences: number
}

export const notes = collection<{ readonly n: number; readonly text?: string }>('note')
const others = collection<unknown>('other')
export const keysOf = (entries: readonly { readonly key: string }[]): string[] => entries.map(({ key }) => key)
class Thrown extends Error {}

/** Registers the tests and answers how many there are. */
export function storeConformance(subject: StoreUnderTest): number {
  const tests: [string, (store: Store) => Promise<void>][] = [
    ['gives back what was written, and nothing for what was not', givesBack],
    ['keeps a value as JSON keeps it', keepsJson],
    ['a transaction that throws leaves nothing, and its error comes out as it is', rollsBack],
    ['a write reads what it has written, in look-ups and in scans', readsOwnWrites],
    ['a read sees one moment, whatever is committed meanwhile, and never waits for a write', isolates],
    ['writes run one after the other: none is lost', serialises],
    ['ranges: prefix, bounds, direction and limit, in the order of octets', ranges],
    ['a thousand and more are read page by page, each once', pages],
    ['collections are named while they hold a record', namesCollections],
    ['keys, ranges and values beyond their bounds throw, and nothing is written', bounds],
    ['a transaction of too much throws, and nothing is written', tooMuch],
    ['nothing can be asked of a transaction that is over', over],
    ['changes come in the order of commits, a removal only of what was there', changeOrder],
    ['more changes than one answer holds come in several', manyChanges],
    ['who comes too late, or from another history, has to read everything', historyLost],
    ['a commit is heard; who stopped listening hears nothing', hears],
    ['closing waits for what is open and refuses what comes after', closes],
    [`agrees with a plain model over ${subject.sequences} random sequences of transactions`, (store) => agreesWithModel(store, subject)],
  ]
  for (const [name, test] of tests) {
    it(name, async () => {
      const store = await subject.open()
      try {
        await test(store)
      } finally {
        await store.close()
      }
    })
  }
  it('a write that takes too long is rolled back, and the next one runs', () => takesTooLong(subject))
  it('a read that asks nothing for too long ends; one that goes on asking does not', () => readsIdle(subject))
  return tests.length + 2 + nodeTests(subject)
}

async function givesBack(store: Store): Promise<void> {
  await store.write(async (w) => {
    w.put(notes, 'a', { n: 1 })
    w.put(notes, 'b', { n: 2 })
    w.put(others, 'a', 'text')
  })
  assert.deepEqual(await store.read(async (r) => [await r.get(notes, 'a'), await r.get(others, 'a'), await r.get(notes, 'c')]), [{ n: 1 }, 'text', undefined])
  await store.write(async (w) => {
    w.put(notes, 'a', { n: 3 })
    w.remove(notes, 'b')
    w.remove(notes, 'never-there')
  })
  assert.deepEqual(await store.read((r) => r.scan(notes, { limit: 10 })), [{ key: 'a', value: { n: 3 } }])
  assert.equal(await store.write(async () => 'the result'), 'the result')
}

async function keepsJson(store: Store): Promise<void> {
  const values = [null, true, 0, -1.5e-7, '', 'NUL \0, é, 𐍈, \u2028, \ud800 alone', [], [1, [2]], { b: 1, a: { __proto__x: 2 } }, JSON.parse('{"__proto__":1}')]
  await store.write(async (w) => values.forEach((value, i) => w.put(others, `v${i}`, value)))
  const found = await store.read((r) => r.scan(others, { limit: 100 }))
  assert.equal(found.length, values.length)
  for (const [i, value] of values.entries()) assert.equal(JSON.stringify(found[i]!.value), JSON.stringify(value))
  await store.write(async (w) => w.put(others, 'dropped', { kept: 1, dropped: undefined }))
  assert.deepEqual(await store.read((r) => r.get(others, 'dropped')), { kept: 1 })
}

async function rollsBack(store: Store): Promise<void> {
  await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
  const before = await store.changes(0)
  const failing = store.write(async (w) => {
    w.put(notes, 'a', { n: 2 })
    w.put(notes, 'b', { n: 2 })
    assert.equal((await w.scan(notes, { limit: 10 })).length, 2)
    w.remove(notes, 'a')
    throw new Thrown('of the caller')
  })
  await assert.rejects(failing, Thrown)
  await assert.rejects(
    store.read(async () => Promise.reject(new Thrown('too'))),
    Thrown,
  )
  assert.deepEqual(await store.read((r) => r.scan(notes, { limit: 10 })), [{ key: 'a', value: { n: 1 } }])
  assert.deepEqual(await store.changes(0), before)
}

async function readsOwnWrites(store: Store): Promise<void> {
  await store.write(async (w) => {
    w.put(notes, 'a', { n: 1 })
    w.put(notes, 'c', { n: 1 })
  })
  await store.write(async (w) => {
    w.put(notes, 'b', { n: 2 })
    w.remove(notes, 'c')
    assert.deepEqual([await w.get(notes, 'a'), await w.get(notes, 'b'), await w.get(notes, 'c')], [{ n: 1 }, { n: 2 }, undefined])
    assert.deepEqual(keysOf(await w.scan(notes, { limit: 10 })), ['a', 'b'])
    w.put(notes, 'b', { n: 3 })
    w.put(notes, 'd', { n: 4 })
    assert.deepEqual(await w.scan(notes, { limit: 2, reverse: true }), [
      { key: 'd', value: { n: 4 } },
      { key: 'b', value: { n: 3 } },
    ])
    w.put(others, 'x', 1)
    assert.deepEqual(await w.collections(), ['note', 'other'])
    w.remove(others, 'x')
    assert.deepEqual(await w.collections(), ['note'])
    w.remove(notes, 'd')
  })
  assert.deepEqual(keysOf(await store.read((r) => r.scan(notes, { limit: 10 }))), ['a', 'b'])
}

async function isolates(store: Store): Promise<void> {
  await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
  await store.read(async (r) => {
    assert.deepEqual(await r.get(notes, 'a'), { n: 1 })
    await store.write(async (w) => {
      w.put(notes, 'a', { n: 2 })
      w.put(notes, 'b', { n: 2 })
      // Beside a write that has not committed: what it wrote is not there for others.
      await w.scan(notes, { limit: 1 })
      assert.deepEqual(await store.read((other) => other.get(notes, 'a')), { n: 1 })
    })
    assert.deepEqual(await r.get(notes, 'a'), { n: 1 })
    assert.deepEqual(await r.scan(notes, { limit: 10 }), [{ key: 'a', value: { n: 1 } }])
    assert.deepEqual(await store.read((other) => other.get(notes, 'a')), { n: 2 })
  })
  assert.deepEqual(keysOf(await store.read((r) => r.scan(notes, { limit: 10 }))), ['a', 'b'])
}

async function serialises(store: Store): Promise<void> {
  const add = async (w: Writing): Promise<void> => w.put(notes, 'sum', { n: ((await w.get(notes, 'sum'))?.n ?? 0) + 1 })
  await Promise.all(Array.from({ length: 50 }, () => store.write(add)))
  assert.deepEqual(await store.read((r) => r.get(notes, 'sum')), { n: 50 })
}

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

async function namesCollections(store: Store): Promise<void> {
  assert.deepEqual(await store.read((r) => r.collections()), [])
  await store.write(async (w) => {
    for (const name of ['zebra', 'a', 'a-b', 'a1', 'note']) w.put(collection(name), 'k', 1)
  })
  await store.write(async (w) => w.remove(collection('a1'), 'k'))
  assert.deepEqual(await store.read((r) => r.collections()), ['a', 'a-b', 'note', 'zebra'])
  for (const name of ['', 'A', '1a', 'a b', 'a_b', 'a'.repeat(65)]) assert.throws(() => collection(name))
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

async function over(store: Store): Promise<void> {
  let kept: Writing | undefined
  await store.write(async (w) => {
    kept = w
    w.put(notes, 'a', { n: 1 })
  })
  assert.throws(() => kept!.put(notes, 'b', { n: 2 }), /over/)
  assert.throws(() => kept!.remove(notes, 'a'), /over/)
  await assert.rejects(kept!.get(notes, 'a'), /over/)
  await assert.rejects(kept!.get(notes, 'b'), /over/)
  await assert.rejects(kept!.scan(notes, { limit: 1 }), /over/)
  await assert.rejects(kept!.collections(), /over/)
  assert.deepEqual(keysOf(await store.read((r) => r.scan(notes, { limit: 9 }))), ['a'])
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

async function hears(store: Store): Promise<void> {
  let stopped = 0
  const stop = store.onChange(() => stopped++)
  stop()
  const heard = new Promise<void>((resolve) => {
    const end = store.onChange(() => {
      end()
      resolve()
    })
  })
  await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
  await heard
  assert.equal(stopped, 0)
}

async function closes(store: Store): Promise<void> {
  let goOn: () => void
  const gate = new Promise<void>((resolve) => (goOn = resolve))
  const open = store.write(async (w) => {
    await gate
    w.put(notes, 'a', { n: 1 })
    return (await w.scan(notes, { limit: 1 })).length
  })
  const closing = store.close()
  await assert.rejects(
    store.read(async () => {}),
    StoreUnavailable,
  )
  await assert.rejects(
    store.write(async () => {}),
    (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit),
  )
  goOn!()
  assert.equal(await open, 1)
  await closing
  await assert.rejects(store.changes(0), StoreUnavailable)
}

async function takesTooLong({ open }: StoreUnderTest): Promise<void> {
  const store = await open({ transactionMsMax: 500 })
  try {
    await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
    let goOn: () => void
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    let late: Promise<unknown> | undefined
    const slow = store.write(async (w) => {
      w.put(notes, 'a', { n: 2 })
      await w.scan(notes, { limit: 1 })
      await (late = gate.then(() => w.get(notes, 'a')))
    })
    await assert.rejects(slow, (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit))
    await store.write(async (w) => w.put(notes, 'b', { n: 1 }))
    goOn!()
    await assert.rejects(late!)
    const found = await store.read((r) => r.scan(notes, { limit: 9 }))
    assert.deepEqual(
      found.map(({ key, value }) => [key, value.n]),
      [
        ['a', 1],
        ['b', 1],
      ],
    )
  } finally {
    await store.close()
  }
}

async function readsIdle({ open }: StoreUnderTest): Promise<void> {
  const store = await open({ transactionMsMax: 500 })
  try {
    let idleEnded = false
    // The busy one begins first: when the idle one ends, it has gone on for longer than that.
    const busy = store.read(async (r) => {
      while (!idleEnded) {
        await r.get(notes, 'a')
        // A store that answers at once must not keep the timers from running.
        await aMoment()
      }
      return r.get(notes, 'a')
    })
    await assert.rejects(
      store.read(() => new Promise(() => {})),
      StoreUnavailable,
    )
    idleEnded = true
    assert.equal(await busy, undefined)
  } finally {
    await store.close()
  }
}
