// Paths are read as RFC 9535 writes them, and what cannot be followed while a document comes in is refused with what to write in its place.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { leadsTo } from '../../test/support/shape-model.ts'
import { type JsonPath, readPath } from './json-path.ts'
import { compilePaths } from './path-automaton.ts'

const near = (to: JsonPath[number]['to']) => ({ deep: false, to })
const deep = (to: JsonPath[number]['to']) => ({ deep: true, to })

const READ: readonly (readonly [text: string, path: JsonPath])[] = [
  ['$', []],
  ['$.a', [near({ name: 'a' })]],
  ['$.a.b_1', [near({ name: 'a' }), near({ name: 'b_1' })]],
  ['$.größe', [near({ name: 'größe' })]],
  ['$.*', [near('any')]],
  ['$[*]', [near('any')]],
  ['$[0][12]', [near({ index: 0 }), near({ index: 12 })]],
  ["$['a-b']", [near({ name: 'a-b' })]],
  ['$["a b"]', [near({ name: 'a b' })]],
  ["$['it\\'s \"so\"']", [near({ name: 'it\'s "so"' })]],
  ["$['\\u0063ard']", [near({ name: 'card' })]],
  ["$['']", [near({ name: '' })]],
  ['$..a', [deep({ name: 'a' })]],
  ['$..*', [deep('any')]],
  ['$..[0]', [deep({ index: 0 })]],
  ["$..['a-b'].c", [deep({ name: 'a-b' }), near({ name: 'c' })]],
  ['$.items[*].card.number', [near({ name: 'items' }), near('any'), near({ name: 'card' }), near({ name: 'number' })]],
]
const REFUSED: readonly (readonly [text: string, why: RegExp])[] = [
  ['', /begins with '\$'/],
  ['a.b', /begins with '\$'/],
  ['$a', /is none of/],
  ['$.', /stands a name/],
  ['$..', /stands a name/],
  ['$...a', /stands a name/],
  ['$.a-b', /\['like-this'\]/],
  ['$.1', /stands a name/],
  ['$[-1]', /from the end/],
  ['$[01]', /is none of/],
  ['$[1:3]', /slices/],
  ['$[?@.a==1]', /filters/],
  ['$[1,2]', /is none of/],
  ["$['a]", /is none of/],
  ["$['\\ud800']", /is none of/],
  ["$['\\q']", /is none of/],
  ['$.a ', /cannot stand/],
  ['$ .a', /is none of/],
  [`$${'.a'.repeat(65)}`, /at most 64 steps/],
]

describe('paths', () => {
  it('are read as RFC 9535 writes them', () => {
    for (const [text, path] of READ) assert.deepEqual(readPath(text), path, text)
    assert.equal(READ.length, 17)
  })
  it('that cannot be followed are refused with the reason', () => {
    for (const [text, why] of REFUSED) assert.match(String(readPath(text)), why, text)
    assert.equal(REFUSED.length, 19)
  })

  it('that multiply each other beyond the bound are refused, and not by running out of memory', () => {
    const paths = Array.from({ length: 16 }, (_, i) => readPath(`$..a${'[*]'.repeat(8)}.b${i}`) as JsonPath)
    assert.equal(compilePaths(paths), undefined)
    // Many that do not are as many as they are.
    const many = Array.from({ length: 400 }, (_, i) => readPath(`$..a${i}`) as JsonPath)
    assert.ok(compilePaths(many))
    assert.ok(compilePaths(many.map((_, i) => readPath(`$.a${i}.b[*].c${i}`) as JsonPath)))
  })

  it('as one automaton lead where each of them leads by itself', () => {
    const step = fc.record({
      deep: fc.boolean(),
      to: fc.oneof(fc.constant('any' as const), fc.record({ name: fc.constantFrom('a', 'b') }), fc.record({ index: fc.nat(1) })),
    })
    fc.assert(
      fc.property(
        fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 4 }),
        fc.array(fc.constantFrom('a', 'b', 'c', 0, 1, 2), { maxLength: 6 }),
        (paths, places) => {
          let state = compilePaths(paths)!
          for (const place of places)
            state =
              typeof place === 'string' ? (state.below.names.get(place) ?? state.below.otherName) : (state.below.indexes.get(place) ?? state.below.otherIndex)
          assert.deepEqual(
            state.ended,
            paths.flatMap((path, i) => (leadsTo(path, places) ? [i] : [])),
          )
        },
      ),
      { numRuns: 3000 },
    )
  })
})
