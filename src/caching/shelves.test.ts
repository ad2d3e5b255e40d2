// The store's memory: what it counts is what it holds, its bounds hold at every moment, and reading everything once pushes nothing out that is in use.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { KeyedHash } from '../base/keyed-hash.ts'
import { Shelves } from './shelves.ts'

const hash = (): KeyedHash => new KeyedHash(new Uint8Array(16).fill(7))
const shelves = (octets: number, keys: number) => new Shelves<number>({ octets, keys }, hash(), (item) => item)
/** What a shelf of one item counts. */
const counted = (key: string, ...items: number[]): number => 256 + key.length + items.reduce((sum, item) => sum + item, 0)

describe('shelves', () => {
  it('count exactly what they hold, and hold no more than they may, whatever is put and found', () => {
    const key = fc.constantFrom(...Array.from({ length: 12 }, (_, i) => 'k'.repeat(i + 1)))
    const step = fc.oneof(
      fc.record({ put: fc.tuple(key, fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 3 })) }),
      fc.record({ find: key }),
      fc.record({ bound: fc.record({ octets: fc.integer({ min: 0, max: 6000 }), keys: fc.integer({ min: 0, max: 8 }) }) }),
    )
    let pushedOut = 0
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = shelves(4000, 6)
        let bounds = { octets: 4000, keys: 6 }
        for (const each of steps) {
          if ('put' in each) {
            const wasPut = store.put(...each.put)
            assert.deepEqual(wasPut ? store.peek(each.put[0]) : [], store.peek(each.put[0]), 'put or not there')
          } else if ('find' in each) store.find(each.find)
          else store.bound((bounds = each.bound))
          const held = [...store.all()]
          assert.equal(
            store.octets,
            held.reduce((sum, { key: name, items }) => sum + counted(name, ...items), 0),
          )
          assert.equal(store.keys, held.length)
          assert.ok(store.octets <= bounds.octets && store.keys <= bounds.keys, `${store.octets} ${store.keys}`)
        }
        pushedOut += store.evictions
        store.clear()
        assert.deepEqual([store.octets, store.keys], [0, 0])
      }),
      { numRuns: 1000 },
    )
    assert.ok(pushedOut > 100, `${pushedOut}`)
  })

  it('a scan of ten times what fits pushes out nothing that is asked for now and then', () => {
    const store = shelves(100 * 400, 1000)
    const hot = Array.from({ length: 20 }, (_, i) => `hot ${i}`)
    for (const key of hot) store.put(key, [100])
    for (let round = 0; round < 2; round++) for (const key of hot) store.find(key)
    for (let i = 0; i < 1000; i++) {
      store.put(`scan ${i}`, [100])
      if (i % 25 === 0) for (const key of hot) store.find(key)
    }
    assert.equal(hot.filter((key) => store.find(key) !== undefined).length, 20)
  })

  it('what was pushed out and comes back is taken for what is in use', () => {
    const store = shelves(20 * 400, 1000)
    store.put('a', [100])
    for (let i = 0; i < 40; i++) store.put(`x ${i}`, [100])
    assert.equal(store.find('a'), undefined)
    store.put('a', [100])
    for (let i = 0; i < 15; i++) store.put(`y ${i}`, [100])
    assert.notEqual(store.find('a'), undefined)
  })

  it('what is larger than half of the room is not put, and what stood there is gone', () => {
    const store = shelves(4000, 10)
    assert.equal(store.put('a', [100]), true)
    assert.equal(store.put('a', [3000]), false)
    assert.deepEqual([store.peek('a'), store.octets], [[], 0])
  })
})
