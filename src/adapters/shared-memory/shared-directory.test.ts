// The directory in shared memory passes what every adapter owes, whole while it grows, and safe under collisions and beside readers on other threads.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import type { LiveKey } from '../../model/directory.ts'
import { credentialsConformance, digestOf, keyOf } from '../../ports/conformance/credentials.ts'
import { type HammerOrder, REPLACED, type Seen } from './directory-hammer.ts'
import { KeyTable, keyTableMemory } from './key-table.ts'
import { SharedCredentials } from './shared-credentials.ts'
import { fileDirectory, SharedDirectory } from './shared-directory.ts'

const NOTHING = fileDirectory({ consumers: [], keys: [] })

/** A writer whose one reader is handed every new memory. */
function pair(): { credentials: SharedCredentials; writer: SharedDirectory } {
  const writer = new SharedDirectory({ handOver: async (memory) => credentials.replaceStore(memory) })
  const credentials = new SharedCredentials(NOTHING.memory, writer.memory)
  return { credentials, writer }
}

describe('credentials in shared memory', () => {
  const tests = credentialsConformance(pair)
  it('ran the whole suite of the port', () => assert.equal(tests, 11))

  it('grows with everything in it, and the reader goes on without a gap', async () => {
    const { credentials, writer } = pair()
    const consumers = 500
    for (let i = 0; i < 5000; i++) {
      const name = `consumer-${i % consumers}`
      if (i < consumers) writer.putConsumer({ name, apis: [`api-${i}`, 'shop'] })
      writer.putKey(keyOf(i, name))
      if (i % 3 === 0) writer.removeKey(digestOf(i))
      if (i % 500 === 499) await writer.settled()
    }
    await writer.settled()
    assert.equal(writer.keyCount, 5000 - 1667)
    for (let i = 0; i < 5000; i++) {
      const found = credentials.findKey(digestOf(i), 0)
      assert.equal(found?.consumer.name, i % 3 === 0 ? undefined : `consumer-${i % consumers}`, String(i))
      if (found) assert.ok(found.consumer.apis.has(`api-${i % consumers}`))
    }
  })

  it('keys that come and go for ever take no more memory than those that live', async () => {
    const { writer } = pair()
    writer.putConsumer({ name: 'acme', apis: [] })
    for (let i = 0; i < 50_000; i++) {
      writer.putKey(keyOf(i))
      writer.removeKey(digestOf(i))
      writer.putConsumer({ name: 'acme', apis: [`api-${i}`] })
      if (i % 1000 === 0) await writer.settled()
    }
    assert.equal(writer.keyCount, 0)
    assert.ok(writer.octets < 1_000_000, `${writer.octets} octets`)
  })

  it('keys that have expired are left behind when the table is built anew', async () => {
    let nowMs = 0
    const writer = new SharedDirectory({ nowMs: () => nowMs })
    for (let i = 0; i < 1024; i++) writer.putKey(keyOf(i, 'acme', i < 1000 ? 5000 : 6000))
    nowMs = 5000
    writer.putKey(keyOf(1024))
    assert.equal(writer.keyCount, 25)
  })

  it('while new memory is being handed over, a reader of the old one never finds what was revoked or narrowed meanwhile', async () => {
    let hand!: () => void
    const writer = new SharedDirectory({
      handOver: (memory) => new Promise((resolve) => (hand = () => resolve(credentials.replaceStore(memory)))),
    })
    const credentials = new SharedCredentials(NOTHING.memory, writer.memory)
    writer.putConsumer({ name: 'acme', apis: ['shop', 'bank'] })
    writer.putConsumer({ name: 'gone', apis: ['shop'] })
    for (let i = 0; i < 1024; i++) writer.putKey(keyOf(i, i === 7 ? 'gone' : 'acme'))
    for (const i of [1, 2, 3, 4, 7]) assert.ok(credentials.findKey(digestOf(i), 0))
    writer.putKey(keyOf(1024))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(credentials.findKey(digestOf(1024), 0), undefined, 'not yet handed over')
    writer.removeKey(digestOf(1))
    writer.removeKeyById(keyOf(2).id)
    writer.putKey(keyOf(3, 'acme', 1000))
    writer.removeConsumer('gone')
    for (const i of [1, 2, 3, 7]) assert.equal(credentials.findKey(digestOf(i), 5000), undefined, String(i))
    assert.ok(credentials.findKey(digestOf(4), 0))
    writer.putConsumer({ name: 'acme', apis: ['shop'] })
    assert.equal(credentials.findKey(digestOf(4), 0)?.consumer.apis.has('bank') ?? false, false)
    hand()
    await writer.settled()
    assert.deepEqual([...credentials.findKey(digestOf(4), 0)!.consumer.apis], ['shop'])
    assert.ok(credentials.findKey(digestOf(1024), 0))
    assert.ok(credentials.findKey(digestOf(3), 999))
    for (const i of [1, 2, 7]) assert.equal(credentials.findKey(digestOf(i), 0), undefined, String(i))
  })

  it('while a larger table of consumers is being handed over, a list that was narrowed is not read from the old one', async () => {
    let hand!: () => void
    const writer = new SharedDirectory({
      handOver: (memory) => new Promise((resolve) => (hand = () => resolve(credentials.replaceStore(memory)))),
    })
    const credentials = new SharedCredentials(NOTHING.memory, writer.memory)
    writer.putConsumer({ name: 'acme', apis: ['shop', 'bank'] })
    writer.putKey(keyOf(1))
    assert.ok(credentials.findKey(digestOf(1), 0))
    for (let i = 0; i < 256; i++) writer.putConsumer({ name: `consumer-${i}`, apis: ['shop'] })
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(credentials.findKey(digestOf(1), 0))
    writer.putConsumer({ name: 'acme', apis: ['shop'] })
    assert.equal(credentials.findKey(digestOf(1), 0), undefined)
    hand()
    await writer.settled()
    assert.deepEqual([...credentials.findKey(digestOf(1), 0)!.consumer.apis], ['shop'])
  })

  it('while a whole new directory is being handed over, rights that are taken away are not read from the old one, where consumers have other numbers', async () => {
    let hand!: () => void
    const writer = new SharedDirectory({
      handOver: (memory) => new Promise((resolve) => (hand = () => resolve(credentials.replaceStore(memory)))),
    })
    const credentials = new SharedCredentials(NOTHING.memory, writer.memory)
    const names = ['acme', 'globex', 'initech']
    for (const [i, name] of names.entries()) {
      writer.putConsumer({ name, apis: ['shop', 'bank'] })
      writer.putKey(keyOf(i, name))
    }
    const replaced = writer.replace({ keys: 10, consumers: 3 }, async (fresh) => {
      for (const [i, name] of [...names.entries()].reverse()) {
        fresh.putConsumer({ name, apis: ['shop', 'bank'] })
        fresh.putKey(keyOf(i, name))
      }
    })
    await new Promise((resolve) => setImmediate(resolve))
    writer.removeConsumer('acme')
    writer.putConsumer({ name: 'globex', apis: ['shop'] })
    const mayBank = () => names.map((_, i) => credentials.findKey(digestOf(i), 0)?.consumer.apis.has('bank') ?? false)
    assert.deepEqual(mayBank(), [false, false, true])
    hand()
    await replaced
    assert.deepEqual(mayBank(), [false, false, true])
  })

  it('keys with the same place at hand are told apart, and each is one object while it is shown alone', () => {
    const writer = new SharedDirectory({ room: { keys: 20_000, consumers: 1 } })
    const credentials = new SharedCredentials(NOTHING.memory, writer.memory)
    writer.putConsumer({ name: 'acme', apis: ['shop'] })
    const keys = 20_000
    for (let i = 0; i < keys; i++) writer.putKey(keyOf(i))
    // Some 30,000 places share what is kept for 16,384: each three times in a row, then all in turn.
    for (let i = 0; i < keys * 4; i++) {
      const number = i < keys * 3 ? Math.floor(i / 3) : i % keys
      assert.equal(credentials.findKey(digestOf(number), 0)!.key.id, keyOf(number).id)
      if (i < keys * 3 && i % 3 === 1) assert.equal(credentials.findKey(digestOf(number), 0)!.key, credentials.findKey(digestOf(number), 0)!.key)
    }
  })

  it('what is at hand of a key is not taken for the key that has its number in another table', async () => {
    const { credentials, writer } = pair()
    writer.putConsumer({ name: 'acme', apis: ['shop'] })
    writer.putKey(keyOf(1))
    for (let i = 0; i < 3; i++) assert.equal(credentials.findKey(digestOf(1), 0)!.key.id, keyOf(1).id)
    const other = { ...keyOf(2), digest: digestOf(1) }
    for (let i = 0; i < 8; i++)
      await writer
        .replace({ keys: 10, consumers: 1 }, async (fresh) => {
          fresh.putConsumer({ name: 'acme', apis: ['news'] })
          fresh.putKey(i % 2 === 0 ? other : keyOf(1))
        })
        .then(() => {
          for (let look = 0; look < 3; look++) assert.equal(credentials.findKey(digestOf(1), 0)!.key.id, keyOf(i % 2 === 0 ? 2 : 1).id)
        })
  })

  it('a whole new directory takes the place of the old one', async () => {
    const { credentials, writer } = pair()
    writer.putConsumer({ name: 'acme', apis: ['shop'] })
    writer.putKey(keyOf(1))
    writer.putKey(keyOf(2))
    await writer.replace({ keys: 10, consumers: 1 }, async (fresh) => {
      fresh.putConsumer({ name: 'acme', apis: ['news'] })
      fresh.putKey(keyOf(2))
      assert.ok(credentials.findKey(digestOf(1), 0), 'not before it is whole')
    })
    assert.equal(credentials.findKey(digestOf(1), 0), undefined)
    assert.deepEqual([...credentials.findKey(digestOf(2), 0)!.consumer.apis], ['news'])
  })
})

describe('a file’s directory beside the store’s', () => {
  const content = { consumers: [{ name: 'acme', apis: ['shop'] }], keys: [{ digest: digestOf(1), consumer: 'acme' }] }

  it('a key of the store may belong to a consumer of the file, and follows what the file says of it', () => {
    const writer = new SharedDirectory()
    const credentials = new SharedCredentials(fileDirectory(content).memory, writer.memory)
    writer.putKey(keyOf(2, 'acme'))
    assert.deepEqual([...credentials.findKey(digestOf(2), 0)!.consumer.apis], ['shop'])
    credentials.replaceFile(fileDirectory({ consumers: [{ name: 'acme', apis: ['bank'] }], keys: [] }).memory)
    assert.deepEqual([...credentials.findKey(digestOf(2), 0)!.consumer.apis], ['bank'])
    assert.equal(credentials.findKey(digestOf(1), 0), undefined, 'a new file forgets what the old one said')
    credentials.replaceFile(NOTHING.memory)
    assert.equal(credentials.findKey(digestOf(2), 0), undefined)
  })

  it('a key whose consumer nobody defines is not found, wherever it stands', () => {
    const writer = new SharedDirectory()
    const file = fileDirectory({ consumers: [], keys: [{ digest: digestOf(1), consumer: 'nobody' }] })
    const credentials = new SharedCredentials(file.memory, writer.memory)
    writer.putKey(keyOf(2, 'nobody'))
    for (const number of [1, 2]) assert.equal(credentials.findKey(digestOf(number), 0), undefined)
  })

  it('a key that has expired by the file is not valid by the store', () => {
    const writer = new SharedDirectory()
    const credentials = new SharedCredentials(fileDirectory({ ...content, keys: [{ ...content.keys[0]!, expiresMs: 1000 }] }).memory, writer.memory)
    writer.putConsumer({ name: 'acme', apis: [] })
    writer.putKey(keyOf(1))
    assert.ok(credentials.findKey(digestOf(1), 999))
    assert.equal(credentials.findKey(digestOf(1), 1000), undefined)
  })

  it('a key of the file is known by the beginning of its digest, and can be made dead while the file stands', () => {
    const file = fileDirectory(content)
    const credentials = new SharedCredentials(file.memory, new SharedDirectory().memory)
    assert.equal(credentials.findKey(digestOf(1), 0)?.key.id, `key_${digestOf(1).slice(0, 12)}`)
    file.removeKey(digestOf(1))
    assert.equal(credentials.findKey(digestOf(1), 0), undefined)
  })
})

describe('the table of keys', () => {
  const hex = (number: number, digits: number): string => number.toString(16).padStart(digits, '0')
  /** Digests by what they have in common: nothing but zeros; the last place as home, with `mix` 1; that and the mark. */
  const kinds: readonly ((number: number) => string)[] = [
    digestOf,
    (number) => `ffffffff${hex(number, 8)}${hex(0, 48)}`,
    (number) => `ffffffff${hex(0x77777777, 8)}${hex(number, 48)}`,
  ]
  const keyWith = (digest: string, number: number): LiveKey => ({ ...keyOf(number), digest })

  it('is a header, an octet of mark for each place, and a line for each', () => {
    assert.equal(keyTableMemory(300, 0).byteLength, 64 + 512 + 451 * 64)
    assert.equal(keyTableMemory(1_000_000).byteLength, 64 + 1_500_032 + 1_500_001 * 64)
  })

  it('agrees with a plain map whatever places its keys want, through removals, replacements and growth, up to its last place', () => {
    let full = 0
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 0x5bd1e995),
        fc.array(fc.tuple(fc.nat(2), fc.nat(30), fc.constantFrom('put', 'put', 'remove', 'removeById')), { minLength: 60, maxLength: 120, size: 'max' }),
        (mix, steps) => {
          const table = new KeyTable(keyTableMemory(40, mix))
          const model = new Map<string, number>()
          const all = kinds.flatMap((digestFor, kind) => Array.from({ length: 31 }, (_, i) => keyWith(digestFor(i), kind * 100 + i)))
          let puts = 0
          for (const [kind, i, act] of steps) {
            const key = all[kind * 31 + i]!
            if (act === 'put' && table.isFull) assert.throws(() => table.put(key, 0), /full/)
            else if (act === 'put') {
              table.put(key, ++puts)
              model.set(key.digest, puts)
            } else {
              if (act === 'remove') table.remove(key.digest)
              else table.removeById(key.id)
              model.delete(key.digest)
            }
          }
          if (table.isFull) full++
          for (const each of [table, table.grown(100, 0), table.grown(Math.max(1, table.live), 0)]) {
            assert.equal(each.live, model.size)
            for (const { digest, id } of all) {
              const found = each.find(digest)
              assert.equal(found < 0 ? undefined : each.consumer(found), model.get(digest))
              if (found >= 0) assert.equal(each.id(found), id)
            }
          }
        },
      ),
      { numRuns: 300 },
    )
    assert.ok(full > 50, `full only ${full} times`)
  })

  it('goes on at the first place behind the last one', () => {
    const table = new KeyTable(keyTableMemory(4, 1))
    for (let i = 0; i < 4; i++) table.put(keyWith(kinds[2]!(i), i), i)
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((i) => table.find(kinds[2]!(i))),
      [table.places - 1, 0, 1, 2, -1],
    )
    table.remove(kinds[2]!(0))
    assert.deepEqual([table.find(kinds[2]!(0)), table.find(kinds[2]!(3))], [-1, 2], 'what is gone hides nothing behind it')
    table.remove(kinds[2]!(1))
    assert.throws(() => table.put(keyWith(kinds[2]!(5), 5), 5), /full/, 'no place is used twice')
  })

  it('says when it is full, and is whole to its last record', () => {
    for (const mix of [0, 1, undefined]) {
      const table = new KeyTable(keyTableMemory(64, mix))
      assert.equal(table.isEmpty, true)
      for (let i = 0; i < 64; i++) table.put(keyOf(i), i)
      assert.deepEqual([table.isEmpty, table.isFull], [false, true])
      assert.throws(() => table.put(keyOf(64), 0), /full/)
      for (let i = 0; i < 64; i++) assert.equal(table.consumer(table.find(digestOf(i))), i)
      assert.equal(table.find(digestOf(64)), -1)
    }
  })

  it('tells digests apart by each of their digits, at the same place and with the same mark too', () => {
    const table = new KeyTable(keyTableMemory(4, 0))
    const digest = '0123456789abcdef'.repeat(4)
    table.put(keyWith(digest, 1), 1)
    let others = 0
    for (let i = 0; i < 64; i++)
      for (const digit of '0123456789abcdef') {
        if (digit === digest[i]) continue
        assert.equal(table.find(digest.slice(0, i) + digit + digest.slice(i + 1)), -1)
        others++
      }
    assert.equal(others, 64 * 15)
    assert.ok(table.find(digest) >= 0)
  })

  it('takes no digest that is none', () => {
    const table = new KeyTable(keyTableMemory(64))
    for (const digest of ['', 'ab', 'a'.repeat(63), 'a'.repeat(65)]) assert.throws(() => table.find(digest), RangeError)
  })
})

describe('readers on other threads', () => {
  it('see whole keys only, never a revoked one again, and every key that was there before they looked', async () => {
    const directory = new SharedDirectory({ room: { keys: 60_000, consumers: 300 } })
    for (let i = 0; i < 256; i++) directory.putConsumer({ name: `consumer-${i}`, apis: [`api-${i}`] })
    directory.putKey(keyOf(REPLACED, `consumer-${REPLACED & 255}`))
    const control = new Int32Array(new SharedArrayBuffer(16))
    const order: HammerOrder = { memory: directory.memory, file: NOTHING.memory, control: control.buffer as SharedArrayBuffer, keys: 20_000 }
    const readers = [0, 1].map(() => hammer(order))
    // Both must be reading before there is anything to read.
    while (Atomics.load(control, 1) < 2) await new Promise((resolve) => setImmediate(resolve))
    for (let i = 0; i < order.keys; i++) {
      directory.putKey(keyOf(i, `consumer-${i & 255}`))
      // One key is put again and again: there is no moment at which it is not there.
      if (i % 100 === 0) directory.putKey(keyOf(REPLACED, `consumer-${REPLACED & 255}`))
      // What is revoked is told after it was done, what is there before it is done: readers judge by these two words.
      Atomics.store(control, 2, i + 1)
      if (i >= 1000) {
        directory.removeKey(digestOf(i - 1000))
        Atomics.store(control, 3, i - 999)
      }
    }
    Atomics.store(control, 0, 1)
    for (const { looks, found, faults } of await Promise.all(readers)) {
      assert.deepEqual(faults, [])
      assert.ok(looks > 1000 && found > 100, `${looks} looks, ${found} found`)
    }
  })
})

function hammer(order: HammerOrder): Promise<Seen> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./directory-hammer.ts', import.meta.url), { workerData: order })
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
