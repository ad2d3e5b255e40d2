// The cache held against a plain model of freshness and selection, which does nothing but look through all that was ever stored.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { MemoryResponses } from '../../src/adapters/memory/responses.ts'
import { KeyedHash } from '../../src/base/keyed-hash.ts'
import { ASKS_NOTHING } from '../../src/caching/cache-control.ts'
import { epochMemory } from '../../src/caching/epochs.ts'
import type { Field } from '../../src/caching/field-list.ts'
import { useOf } from '../../src/caching/reuse.ts'
import { type StoredResponse, selected } from '../../src/caching/stored-response.ts'
import { keep, type StoringRules } from '../../src/caching/storing.ts'

const RULES: StoringRules = {
  statuses: new Set([200]),
  isPublic: false,
  stripsSetCookie: false,
  heuristic: undefined,
  maxSeconds: 1e6,
  staleIfErrorSeconds: 0,
  staleWhileRevalidateSeconds: 0,
  tagFields: [],
}
const START = 1_700_000_000

/** One thing that happens: seconds pass, then an answer is stored, a request is made, or the target is written to. */
interface Step {
  readonly passes: number
  readonly does: 'store' | 'ask' | 'write'
  readonly accept: string | undefined
  readonly maxAge: number
  readonly age: number
  readonly dateBehind: number
  readonly varies: boolean
}
interface Remembered {
  readonly body: string
  readonly accept: string | undefined
  readonly varies: boolean
  readonly dateAt: number
  readonly freshUntil: number
}

it('a request gets the latest fresh response that its fields select, and none that was written over: as the model says', () => {
  const step: fc.Arbitrary<Step> = fc.record({
    passes: fc.integer({ min: 0, max: 6 }),
    does: fc.constantFrom('store', 'store', 'ask', 'ask', 'ask', 'write'),
    accept: fc.constantFrom(undefined, 'a', 'b', ''),
    maxAge: fc.integer({ min: 0, max: 20 }),
    age: fc.integer({ min: 0, max: 10 }),
    dateBehind: fc.integer({ min: -5, max: 10 }),
    varies: fc.boolean(),
  })
  let hits = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 40 }), (steps) => {
      const store = new MemoryResponses({ octets: 10_000_000, keys: 1000 }, epochMemory(), new KeyedHash(new Uint8Array(16)))
      let model: Remembered[] = []
      let now = START
      for (const [i, { passes, does, accept, maxAge, age, dateBehind, varies }] of steps.entries()) {
        now += passes
        const valuesOf = (name: string): string[] => (name === 'accept' && accept !== undefined ? [accept] : [])
        if (does === 'write') {
          store.invalidate('target')
          model = []
        } else if (does === 'store') {
          const fields: Field[] = [
            ['Cache-Control', `max-age=${maxAge}`],
            ['Age', String(age)],
            ['Date', new Date((now - dateBehind) * 1000).toUTCString()],
            ['ETag', '"x"'],
            ...(varies ? ([['Vary', 'Accept']] as const) : []),
          ]
          const filling = store.begin('target')
          const answered = {
            status: 200,
            fields,
            asks: ASKS_NOTHING,
            hasAuthorization: false,
            hasCookie: false,
            path: '/',
            target: 'target',
            requestUs: now * 1e6,
            responseUs: now * 1e6,
            valuesOf,
            isHidden: () => false,
            isToldLater: () => false,
          }
          const kept = keep(answered, RULES)
          assert.notEqual(typeof kept, 'string')
          const body = `body ${i}`
          store.put('key', { ...(kept as Omit<StoredResponse, 'body'>), body: Buffer.from(body) }, filling)
          model = model.filter((other) => other.varies !== varies || (varies && other.accept !== accept))
          model.push({ body, accept, varies, dateAt: now - dateBehind, freshUntil: now - Math.max(age, dateBehind, 0) + maxAge })
        } else {
          let wanted: Remembered | undefined
          for (const each of model) if ((!each.varies || each.accept === accept) && (wanted === undefined || each.dateAt >= wanted.dateAt)) wanted = each
          const found = selected(store.find('key'), valuesOf)
          const isFresh = found !== undefined && useOf(found, now * 1e6, ASKS_NOTHING) === 'fresh'
          assert.equal(isFresh ? Buffer.from(found.body).toString() : undefined, wanted !== undefined && wanted.freshUntil > now ? wanted.body : undefined)
          if (isFresh) hits++
        }
      }
    }),
    { numRuns: 2000 },
  )
  assert.ok(hits > 1000, `${hits}`)
})
