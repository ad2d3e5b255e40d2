// What every adapter of credentials owes: the suite that its tests run, and a model that random sequences are held against.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Consumer, LiveKey } from '../../model/directory.ts'
import type { Credentials, CredentialWriter, FoundKey } from '../credentials.ts'

/** A fresh, empty directory and what reads it. */
export type Make = () => { readonly credentials: Credentials; readonly writer: CredentialWriter }

/** A digest that a test can name: its first eight digits and its last ones differ from others', as with real ones. */
export const digestOf = (number: number): string => ((number * 0x9e3779b1) >>> 0).toString(16).padStart(8, '0') + number.toString(16).padStart(56, '0')
export const keyOf = (number: number, consumer = 'acme', expiresMs?: number): LiveKey => ({
  id: `key_${number.toString(16).padStart(24, '0')}`,
  digest: digestOf(number),
  consumer,
  ...(expiresMs !== undefined && { expiresMs }),
})
const acme: Consumer = { name: 'acme', apis: ['shop', 'bank'] }

/** Registers the suite, and answers how many tests it has: the caller asserts the number. */
export function credentialsConformance(make: Make): number {
  const tests: [name: string, body: (of: ReturnType<Make>) => void | Promise<void>][] = [
    [
      'a key is found with its consumer, and nothing else is',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        writer.putKey(keyOf(1))
        const found = credentials.findKey(digestOf(1), 0)!
        assert.deepEqual([found.key.id, found.consumer.name, [...found.consumer.apis]], [keyOf(1).id, 'acme', ['shop', 'bank']])
        for (const other of [2, 3, 1000]) assert.equal(credentials.findKey(digestOf(other), 0), undefined)
        // Each digit of the digest counts.
        for (let i = 0; i < 64; i++) {
          const near = digestOf(1).slice(0, i) + (digestOf(1)[i] === '0' ? '1' : '0') + digestOf(1).slice(i + 1)
          assert.equal(credentials.findKey(near, 0), undefined, `digit ${i}`)
        }
      },
    ],
    [
      'keys whose digests begin alike are told apart, in whatever order they are shown',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        const alike = Array.from({ length: 64 }, (_, i) => ({
          ...keyOf(i),
          digest: digestOf(1).slice(0, i) + (digestOf(1)[i] === '0' ? '1' : '0') + digestOf(1).slice(i + 1),
        }))
        for (const key of alike) writer.putKey(key)
        // Each twice in a row, so that it comes to hand, then the next, which may live at the same place; and then once in turn.
        for (const key of [...alike.flatMap((one) => [one, one, one]), ...alike]) assert.equal(credentials.findKey(key.digest, 0)?.key.id, key.id)
        assert.equal(credentials.findKey(digestOf(1), 0), undefined)
      },
    ],
    [
      'a handle of either length is given back as it was',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        for (const [i, id] of ['key_0123456789ab', 'key_000000000000', 'key_fedcba9876543210fedcba98'].entries()) {
          writer.putKey({ ...keyOf(i), id })
          assert.equal(credentials.findKey(digestOf(i), 0)?.key.id, id)
        }
      },
    ],
    [
      'a key is valid up to the millisecond before its expiry, and for ever without one',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        for (const [i, expiresMs] of [1, 999, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1_900_000_000_123, 8_640_000_000_000_000].entries()) {
          writer.putKey(keyOf(i, 'acme', expiresMs))
          assert.ok(credentials.findKey(digestOf(i), expiresMs - 1), String(expiresMs))
          assert.equal(credentials.findKey(digestOf(i), expiresMs), undefined, String(expiresMs))
        }
        writer.putKey(keyOf(100))
        assert.ok(credentials.findKey(digestOf(100), Number.MAX_SAFE_INTEGER))
        writer.putKey(keyOf(101, 'acme', 0))
        assert.equal(credentials.findKey(digestOf(101), 1), undefined)
      },
    ],
    [
      'a key without a consumer is not found until there is one',
      ({ credentials, writer }) => {
        writer.putKey(keyOf(1, 'later'))
        assert.equal(credentials.findKey(digestOf(1), 0), undefined)
        writer.putConsumer({ name: 'later', apis: [] })
        assert.equal(credentials.findKey(digestOf(1), 0)?.consumer.name, 'later')
      },
    ],
    [
      'a removed key is not found from that moment on, however often it was shown before',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        writer.putKey(keyOf(1))
        writer.putKey(keyOf(2))
        for (let i = 0; i < 3; i++) assert.ok(credentials.findKey(digestOf(1), 0))
        writer.removeKey(digestOf(1))
        assert.equal(credentials.findKey(digestOf(1), 0), undefined)
        writer.removeKeyById(keyOf(2).id)
        assert.equal(credentials.findKey(digestOf(2), 0), undefined)
        writer.removeKey(digestOf(3))
        writer.removeKeyById(keyOf(3).id)
      },
    ],
    [
      'a key that is put again takes the place of what was known of it',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        writer.putConsumer({ name: 'other', apis: ['news'] })
        writer.putKey(keyOf(1, 'acme', 5000))
        assert.ok(credentials.findKey(digestOf(1), 4000))
        writer.putKey(keyOf(1, 'acme', 1000))
        assert.equal(credentials.findKey(digestOf(1), 4000), undefined)
        writer.putKey(keyOf(1, 'other'))
        assert.equal(credentials.findKey(digestOf(1), 4000)?.consumer.name, 'other')
        writer.removeKey(digestOf(1))
        assert.equal(credentials.findKey(digestOf(1), 0), undefined)
      },
    ],
    [
      'a consumer’s new list of APIs holds at once, and a removed consumer’s keys are not found',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        writer.putKey(keyOf(1))
        assert.equal(credentials.findKey(digestOf(1), 0)?.consumer.apis.has('bank'), true)
        writer.putConsumer({ name: 'acme', apis: ['shop'] })
        assert.deepEqual([...credentials.findKey(digestOf(1), 0)!.consumer.apis], ['shop'])
        writer.removeConsumer('acme')
        assert.equal(credentials.findKey(digestOf(1), 0), undefined)
        writer.removeConsumer('nobody')
        writer.putConsumer(acme)
        assert.equal(credentials.findKey(digestOf(1), 0)?.consumer.apis.has('bank'), true)
      },
    ],
    [
      'the plans of a consumer come with it, and change with it',
      ({ credentials, writer }) => {
        writer.putConsumer({ ...acme, plans: { shop: 'gold' } })
        writer.putKey(keyOf(1))
        assert.deepEqual(credentials.findKey(digestOf(1), 0)!.consumer.plans, { shop: 'gold' })
        writer.putConsumer({ ...acme, plans: { shop: 'free', bank: 'gold' } })
        assert.deepEqual(credentials.findKey(digestOf(1), 0)!.consumer.plans, { shop: 'free', bank: 'gold' })
        writer.putConsumer(acme)
        assert.deepEqual(credentials.findKey(digestOf(1), 0)!.consumer.plans, {})
      },
    ],
    [
      'a key that is shown again is the same object while nothing about it changes: what policies keep for it is kept once',
      ({ credentials, writer }) => {
        writer.putConsumer(acme)
        writer.putKey(keyOf(1))
        assert.ok(credentials.findKey(digestOf(1), 0))
        const again = credentials.findKey(digestOf(1), 1)!.key
        for (let i = 2; i < 10; i++) assert.equal(credentials.findKey(digestOf(1), i)!.key, again)
      },
    ],
    ['random sequences find what a plain model finds', ({ credentials, writer }) => agreesWithModel(credentials, writer)],
  ]
  for (const [name, body] of tests) it(name, () => body(make()))
  return tests.length
}

type Step =
  | { readonly kind: 'put'; readonly key: number; readonly consumer: number; readonly expiresMs: number | undefined }
  | { readonly kind: 'remove' | 'removeById'; readonly key: number }
  | { readonly kind: 'consumer'; readonly consumer: number; readonly apis: readonly string[] }
  | { readonly kind: 'dropConsumer'; readonly consumer: number }

const KEYS = 40
const key = fc.nat(KEYS - 1)
const consumer = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put' as const), key, consumer, expiresMs: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'removeById' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('consumer' as const), consumer, apis: fc.uniqueArray(fc.constantFrom('shop', 'bank', 'news')) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dropConsumer' as const), consumer }) },
)

/** One directory through all sequences: what earlier ones left behind is part of the test. */
async function agreesWithModel(credentials: Credentials, writer: CredentialWriter): Promise<void> {
  const keys = new Map<number, LiveKey>()
  const consumers = new Map<string, readonly string[]>()
  let steps = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), fc.nat(110), async (sequence, nowMs) => {
      for (const each of sequence) {
        apply(each)
        await writer.settled()
        steps++
        for (let i = 0; i < KEYS; i += 7) check(i, nowMs)
      }
      for (let i = 0; i < KEYS; i++) check(i, nowMs)
    }),
    // What earlier sequences left behind cannot be shrunk away.
    { numRuns: 200, endOnFailure: true },
  )
  assert.ok(steps > 1000, `only ${steps} steps`)

  function apply(each: Step): void {
    if (each.kind === 'put') {
      const made = keyOf(each.key, `c${each.consumer}`, each.expiresMs)
      keys.set(each.key, made)
      writer.putKey(made)
    } else if ('key' in each) {
      keys.delete(each.key)
      if (each.kind === 'remove') writer.removeKey(digestOf(each.key))
      else writer.removeKeyById(keyOf(each.key).id)
    } else if (each.kind === 'consumer') {
      consumers.set(`c${each.consumer}`, each.apis)
      writer.putConsumer({ name: `c${each.consumer}`, apis: each.apis })
    } else {
      consumers.delete(`c${each.consumer}`)
      writer.removeConsumer(`c${each.consumer}`)
    }
  }
  function check(number: number, nowMs: number): void {
    assert.deepEqual(plain(credentials.findKey(digestOf(number), nowMs)), wanted(number, nowMs))
  }
  function wanted(number: number, nowMs: number): unknown {
    const known = keys.get(number)
    const apis = known && consumers.get(known.consumer)
    if (known === undefined || apis === undefined || (known.expiresMs ?? Number.POSITIVE_INFINITY) <= nowMs) return undefined
    return { id: known.id, consumer: known.consumer, apis }
  }
}
const plain = (found: FoundKey | undefined): unknown => found && { id: found.key.id, consumer: found.consumer.name, apis: [...found.consumer.apis] }
