// What every store owes: the suite that the tests of each adapter run.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setImmediate as aMoment } from 'node:timers/promises'
import { collection, type Entry, type Store, StoreUnavailable, UncertainCommit, type Writing } from '../store.ts'
import { nodeTests } from './store-nodes.ts'
import { agreesWithModel } from './store-property.ts'
import { rangeTests } from './store-ranges.ts'

export interface StoreUnderTest {
  /** An empty database with one handle on it; the suite closes it. */
  open(options?: { readonly transactionMsMax?: number }): Promise<Store>
  /** A further handle on the database of `store`, as another node has it; absent where one process is all that there can be. */
  another?(store: Store): Promise<Store>
  /** How many random sequences are compared with the model. */
  readonly sequences: number
}

const notes = collection<{ readonly n: number; readonly text?: string }>('note')
const others = collection<unknown>('other')
const keysOf = (entries: readonly Entry<unknown>[]): string[] => entries.map(({ key }) => key)
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
    ...rangeTests,
    ['collections are named while they hold a record', namesCollections],
    ['nothing can be asked of a transaction that is over', over],
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
  await store.write(async (w) => {
    for (const [i, value] of values.entries()) w.put(others, `v${i}`, value)
  })
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

async function namesCollections(store: Store): Promise<void> {
  assert.deepEqual(await store.read((r) => r.collections()), [])
  await store.write(async (w) => {
    for (const name of ['zebra', 'a', 'a-b', 'a1', 'note']) w.put(collection(name), 'k', 1)
  })
  await store.write(async (w) => w.remove(collection('a1'), 'k'))
  assert.deepEqual(await store.read((r) => r.collections()), ['a', 'a-b', 'note', 'zebra'])
  for (const name of ['', 'A', '1a', 'a b', 'a_b', 'a'.repeat(65)]) assert.throws(() => collection(name))
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
  const store = await open({ transactionMsMax: 1500 })
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
  const store = await open({ transactionMsMax: 1500 })
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
