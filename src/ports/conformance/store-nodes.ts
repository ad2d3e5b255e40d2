// What a store owes that several nodes, or several handles, share.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { collection, type Store, type Writing } from '../store.ts'
import type { StoreUnderTest } from './store.ts'

const notes = collection<{ readonly n: number }>('note')

/** Registers the tests and answers how many there are: none for a store that only one process can have. */
export function nodeTests(subject: StoreUnderTest): number {
  const { another } = subject
  if (!another) return 0
  const tests: [string, (one: Store, two: Store) => Promise<void>][] = [
    ['what one node commits, the other reads at once and hears of within a second', hearsOther],
    ['writes of two nodes run one after the other: none is lost', serialises],
    ['the changes of two nodes are one sequence without gaps, whoever looks and whenever', oneSequence],
  ]
  for (const [name, test] of tests) {
    it(name, async () => {
      const one = await subject.open()
      const two = await another(one)
      try {
        await test(one, two)
      } finally {
        await Promise.all([one.close(), two.close()])
      }
    })
  }
  return tests.length
}

async function hearsOther(one: Store, two: Store): Promise<void> {
  for (let n = 1; n <= 5; n++) {
    const heard = new Promise<void>((resolve, reject) => {
      // Generous: what is asserted is that it comes; how fast it is, the figures tell.
      const late = setTimeout(() => reject(new Error('nothing was heard')), 10_000)
      const stop = two.onChange(() => {
        clearTimeout(late)
        stop()
        resolve()
      })
    })
    await one.write(async (w) => w.put(notes, 'a', { n }))
    assert.deepEqual(await two.read((r) => r.get(notes, 'a')), { n })
    await heard
    assert.equal((await two.changes(n - 1)).sequence, n)
  }
}

async function serialises(one: Store, two: Store): Promise<void> {
  const add = async (w: Writing): Promise<void> => {
    const { n } = (await w.get(notes, 'sum')) ?? { n: 0 }
    w.put(notes, 'sum', { n: n + 1 })
  }
  await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : two).write(add)))
  assert.deepEqual(await one.read((r) => r.get(notes, 'sum')), { n: 60 })
}

async function oneSequence(one: Store, two: Store): Promise<void> {
  const commits = 40
  let writing = true
  const writes = [one, two].map(async (store, node) => {
    for (let i = 0; i < commits; i++) {
      await store.write(async (w) => {
        await w.get(notes, 'a')
        for (let part = 0; part < 3; part++) w.put(notes, `${node}/${i}/${part}`, { n: part })
      })
    }
  })
  const follow = async (store: Store): Promise<string[]> => {
    const seen: string[] = []
    let since = 0
    for (let last = false; ; ) {
      const { sequence, changes } = await store.changes(since)
      assert.ok(changes, 'history is whole')
      assert.equal(sequence - since, changes.length, 'no number is left out')
      seen.push(...changes.map(({ key }) => key))
      since = sequence
      if (last && changes.length === 0) return seen
      last = !writing
    }
  }
  const followers = [follow(one), follow(two)]
  await Promise.all(writes)
  writing = false
  const [first, second] = await Promise.all(followers)
  assert.deepEqual(first, second)
  assert.equal(first!.length, 2 * commits * 3)
  for (let at = 0; at < first!.length; at += 3) {
    const name = first![at]!.slice(0, -2)
    assert.deepEqual(first!.slice(at, at + 3), [`${name}/0`, `${name}/1`, `${name}/2`], 'a commit stands together')
  }
}
