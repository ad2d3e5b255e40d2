// Responses in memory: two threads store apart and forget together, and what was made void on its way is never stored.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyedHash } from '../../base/keyed-hash.ts'
import { epochMemory, markPurge } from '../../caching/epochs.ts'
import type { StoredResponse } from '../../caching/stored-response.ts'
import { targetOf } from '../../ports/responses.ts'
import { MemoryResponses } from './responses.ts'

const TARGET = targetOf('shop', 'shop.example', '/books', 'page=1')
const response = (more: Partial<StoredResponse> = {}): StoredResponse => ({
  status: 200,
  lines: 'Date: x\r\n',
  notModifiedLines: '',
  body: Buffer.from('books'),
  selecting: [],
  etag: undefined,
  lastModified: undefined,
  dateMs: 0,
  bornUs: 0,
  freshUntilUs: 1,
  behindUs: 0,
  onErrorUs: 0,
  mayBeStale: true,
  mustValidate: false,
  tags: [],
  target: TARGET,
  ...more,
})
function threads(octets = 1_000_000) {
  const memory = epochMemory()
  const thread = () => new MemoryResponses({ octets, keys: 100 }, memory, new KeyedHash(new Uint8Array(16).fill(3)))
  return { memory, one: thread(), other: thread() }
}

describe('responses in memory', () => {
  it('a write on one thread makes void what each of them stored, and nothing of another target', () => {
    const { one, other } = threads()
    const elsewhere = targetOf('shop', 'shop.example', '/authors', undefined)
    for (const thread of [one, other]) {
      thread.put('key', response(), thread.begin(TARGET))
      thread.put('elsewhere', response({ target: elsewhere }), thread.begin(elsewhere))
    }
    one.invalidate(TARGET)
    for (const thread of [one, other]) {
      assert.deepEqual(thread.find('key'), [])
      assert.equal(thread.find('elsewhere').length, 1)
      assert.equal(thread.keys, 1)
    }
  })

  it('what was asked for before a write is not stored after it, on any thread', () => {
    const { one, other } = threads()
    const filling = one.begin(TARGET)
    other.invalidate(TARGET)
    assert.equal(one.put('key', response(), filling), false)
    assert.deepEqual([one.find('key'), one.octets], [[], 0])
    assert.equal(one.put('key', response(), one.begin(TARGET)), true)
  })

  it('what was asked for before a purge is not stored after it, whatever was purged', async () => {
    const { memory, one } = threads()
    const filling = one.begin(TARGET)
    markPurge(memory)
    await one.purge({ api: 'shop', tag: 'books' })
    assert.equal(one.put('key', response({ tags: ['books'] }), filling), false)
    assert.equal(one.put('key', response(), one.begin(TARGET)), true)
  })

  it('a response takes the place of the one for the same selection, and stands beside others', () => {
    const { one } = threads()
    const french = response({ selecting: [['accept-language', 'fr']] })
    const german = response({ selecting: [['accept-language', 'de']] })
    const newer = response({ selecting: [['accept-language', 'fr']], dateMs: 1 })
    for (const each of [french, german, newer]) one.put('key', each, one.begin(TARGET))
    assert.deepEqual(one.find('key'), [german, newer])
    one.forget('key', german)
    one.forget('key', french)
    assert.deepEqual(one.find('key'), [newer])
    one.forget('key', newer)
    assert.deepEqual([one.octets, one.keys], [0, 0])
  })

  it('bodies that are collected have a bound of their own, and give back what they took', () => {
    const { one } = threads(1000)
    assert.deepEqual([one.reserve(200), one.reserve(51), one.reserve(50)], [true, false, true])
    one.release(250)
    assert.deepEqual([one.collecting, one.reserve(250)], [0, true])
  })

  it('with less room it pushes out at once, and with none it stores nothing', () => {
    const { one } = threads()
    for (let i = 0; i < 50; i++) one.put(`key ${i}`, response(), one.begin(TARGET))
    one.bound({ octets: 5000, keys: 100 })
    assert.ok(one.octets <= 5000 && one.keys > 0)
    one.bound({ octets: 0, keys: 0 })
    assert.deepEqual([one.octets, one.keys, one.put('key', response(), one.begin(TARGET))], [0, 0, false])
  })

  it('a purge of one API leaves another whose name begins alike', async () => {
    const { one } = threads()
    one.put('a', response({ target: targetOf('shop', 'h', '/x', undefined) }), one.begin('a'))
    one.put('b', response({ target: targetOf('shop2', 'h', '/x', undefined) }), one.begin('b'))
    assert.equal((await one.purge({ api: 'shop' })).responses, 1)
    assert.deepEqual([one.find('a').length, one.find('b').length], [0, 1])
  })

  it('a long purge gives the thread back between slices, and misses nothing that was there', async () => {
    const memory = epochMemory()
    const many = new MemoryResponses({ octets: 10_000_000, keys: 5000 }, memory, new KeyedHash(new Uint8Array(16)))
    for (let i = 0; i < 3000; i++) many.put(`key ${i}`, response(), many.begin(TARGET))
    let turns = 0
    let isOver = false
    const turn = (): void => {
      turns++
      if (!isOver) setImmediate(turn)
    }
    setImmediate(turn)
    const { responses } = await many.purge({ api: 'shop' })
    isOver = true
    assert.deepEqual([responses, many.keys, many.octets], [3000, 0, 0])
    assert.ok(turns >= 5, `${turns}`)
  })
})
