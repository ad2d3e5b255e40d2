// What comes out of the shaper is what the change means over values in memory, wherever the document is cut; what is not changed comes out octet by octet.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Json, RepeatedName, shaped } from '../../test/support/shape-model.ts'
import { GatheredOutput } from './gathered-output.ts'
import type { JsonPath } from './json-path.ts'
import { readPath } from './json-path.ts'
import type { JsonBounds } from './json-reader.ts'
import { compileShape, type ShapeOperations, type ShapePlan } from './json-shape.ts'
import { JsonShaper } from './json-shaper.ts'

const BOUNDS: JsonBounds = { depth: 64, nameBytes: 1024, stringBytes: 1 << 20, numberBytes: 128 }
const path = (text: string): JsonPath => readPath(text) as JsonPath
const stars = Buffer.from('****')

/** What comes out, or the fault. */
function through(operations: ShapeOperations, octets: Uint8Array, cuts: readonly number[] = [], held = 0): string {
  const plan = compileShape(operations) as ShapePlan
  assert.equal(typeof plan, 'object', String(plan))
  const pieces: Buffer[] = []
  const out = new GatheredOutput({ put: (from, start, end) => pieces.push(Buffer.from(from.subarray(start, end))) }, held)
  const shaper = new JsonShaper(plan, BOUNDS, out)
  let from = 0
  for (const cut of [...cuts.filter((each) => each < octets.length).sort((a, b) => a - b), octets.length]) {
    // As the gateway hands it over: memory that is another's once `put` has returned.
    const piece = Buffer.from(octets.subarray(from, cut))
    const fault = shaper.put(piece, 0, piece.length)
    out.flush()
    piece.fill(0x21)
    if (fault !== undefined) return fault
    from = cut
  }
  const fault = shaper.finish()
  out.release()
  return fault ?? Buffer.concat(pieces).toString()
}
const everywhere = (octets: Uint8Array): number[] => [...octets.keys()]

const name = fc.constantFrom('a', 'b', 'c', 'card', 'é😀')
const step = fc.record({
  // Seldom: each of them multiplies the states of all paths.
  deep: fc.nat(4).map((n) => n === 0),
  to: fc.oneof(
    { arbitrary: fc.record({ name }), weight: 5 },
    { arbitrary: fc.constant('any' as const), weight: 1 },
    { arbitrary: fc.record({ index: fc.nat(2) }), weight: 1 },
  ),
})
const steps = fc.array(step, { minLength: 1, maxLength: 4 })
const namedPath = fc
  .tuple(fc.array(step, { maxLength: 3 }), fc.record({ deep: fc.boolean(), to: fc.record({ name }) }))
  .map(([before, last]) => [...before, last])
const operations: fc.Arbitrary<ShapeOperations> = fc.record(
  {
    pick: fc.array(steps, { minLength: 1, maxLength: 3 }),
    drop: fc.array(steps, { maxLength: 2 }),
    rename: fc.array(fc.record({ path: namedPath, to: fc.constantFrom('a', 'b', 'x') }), { maxLength: 2 }),
    mask: fc.array(fc.record({ path: steps, mask: fc.record({ first: fc.nat(2), last: fc.nat(4), stars: fc.constant(stars) }) }), { maxLength: 2 }),
    set: fc.array(fc.record({ path: steps, value: fc.jsonValue({ maxDepth: 1 }) }), { maxLength: 2 }),
  },
  { requiredKeys: [] },
)
const { document } = fc.letrec<{ document: Json; object: Json; list: Json; leaf: Json }>((tie) => ({
  document: fc.oneof({ maxDepth: 5 }, tie('leaf'), tie('object'), tie('list'), tie('object')),
  object: fc.dictionary(name, tie('document'), { maxKeys: 4, noNullPrototype: true }) as fc.Arbitrary<Json>,
  list: fc.array(tie('document'), { maxLength: 4 }) as fc.Arbitrary<Json>,
  leaf: fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ unit: 'grapheme' }),
  ) as fc.Arbitrary<Json>,
}))
/** JSON with white space and escapes that nobody needs, each as `choices` say. */
function spelled(value: Json, choice: () => number): string {
  const gap = () => ['', '', ' ', '\n\t', '  \r\n'][choice() % 5]!
  const text = (content: string) =>
    `"${[...JSON.stringify(content).slice(1, -1)].map((each) => (choice() % 7 === 0 && /[a-z0-9]/i.test(each) && !content.includes('\\') && !/["\u0000-\u001f]/.test(content) ? `\\u00${each.charCodeAt(0).toString(16).padStart(2, '0')}` : each)).join('')}"`
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return `[${gap()}${(value as Json[]).map((item) => spelled(item, choice)).join(`${gap()},${gap()}`)}${gap()}]`
  if (typeof value === 'object' && value !== null)
    return `{${gap()}${Object.entries(value)
      .map(([key, member]) => `${text(key)}${gap()}:${gap()}${spelled(member, choice)}`)
      .join(`${gap()},${gap()}`)}${gap()}}`
  return JSON.stringify(value)
}

describe('the shaper of JSON', () => {
  it('does what the change means over values in memory: random documents, random changes, random cuts', () => {
    let faults = 0
    let changed = 0
    fc.assert(
      fc.property(
        document,
        operations,
        fc.array(fc.nat(300), { maxLength: 10 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 50 }),
        (value, change, cuts, choices) => {
          fc.pre(typeof compileShape(change) !== 'string')
          let turn = 0
          const written = spelled(value, () => choices[turn++ % choices.length]!)
          const plain = JSON.parse(written) as Json
          const result = through(change, Buffer.from(written), cuts)
          let expected: Json
          try {
            expected = shaped(plain, change)
          } catch (cause) {
            if (!(cause instanceof RepeatedName)) throw cause
            assert.equal(result, 'repeated-name')
            faults++
            return
          }
          if (JSON.stringify(expected) !== JSON.stringify(plain)) changed++
          assert.equal(JSON.stringify(JSON.parse(result)), JSON.stringify(expected), `${written} -> ${result}`)
        },
      ),
      { numRuns: 3000 },
    )
    assert.ok(faults > 5 && changed > 300, `${faults} faults, ${changed} changes: the generator says too little`)
  })

  it('what is not changed comes out octet by octet', () => {
    fc.assert(
      fc.property(document, fc.array(fc.nat(300), { maxLength: 10 }), fc.array(fc.nat(), { minLength: 1, maxLength: 50 }), (value, cuts, choices) => {
        let turn = 0
        const written = spelled(value, () => choices[turn++ % choices.length]!)
        assert.equal(
          through({ drop: [path('$..nobody')], mask: [{ path: path('$.no.one'), mask: { first: 0, last: 0, stars } }] }, Buffer.from(written), cuts),
          written,
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('says the same however the document is cut, faults too', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), operations, fc.nat(200), fc.nat(255), (text, change, place, octet) => {
        fc.pre(typeof compileShape(change) !== 'string')
        const octets = Buffer.from(text)
        octets[place % octets.length] = octet
        assert.equal(through(change, octets, everywhere(octets)), through(change, octets))
      }),
      { numRuns: 600 },
    )
  })

  it('a mask lets nothing out of what it masks but the ends that it keeps', () => {
    // The secret is of characters that stand nowhere else.
    const secret = fc.array(fc.constantFrom('§', '7', '\\u00a7', '\\n', '😀', '\\ud83d\\ude00', 'z', '\\"'), { maxLength: 40 })
    const ends = fc.record({ first: fc.nat(6), last: fc.nat(6) })
    fc.assert(
      fc.property(secret, ends, fc.array(fc.nat(200), { maxLength: 10 }), fc.boolean(), (characters, kept, cuts, inList) => {
        const written = inList ? `[{"x":["${characters.join('')}"]}]` : `{"a":{"b":"${characters.join('')}"},"c":1}`
        const mask = { ...kept, stars }
        const out = through({ mask: [{ path: path(inList ? '$[*].x[0]' : '$.a.b'), mask }] }, Buffer.from(written), cuts)
        const { first, last } = kept
        const isLong = first + last > 0 && characters.length >= 2 * (first + last)
        const shown = isLong ? `${characters.slice(0, first).join('')}****${last > 0 ? characters.slice(-last).join('') : ''}` : '****'
        assert.equal(out, inList ? `[{"x":["${shown}"]}]` : `{"a":{"b":"${shown}"},"c":1}`)
      }),
      { numRuns: 3000 },
    )
  })

  it('white space that never ends fills no memory', () => {
    const gap = ' '.repeat(100_000)
    const out = through(
      { drop: [path('$.b')] },
      Buffer.from(`{${gap}"a"${gap}:${gap}1${gap},${gap}"b":2${gap},${gap}"c":3}`),
      [50_000, 150_000, 250_001, 350_003],
    )
    assert.deepEqual(JSON.parse(out), { a: 1, c: 3 })
  })

  it('a short document does not become one that fills memory', () => {
    const change = { set: [{ path: path('$[*]'), value: 'x'.repeat(60_000) }] }
    assert.equal(through(change, Buffer.from(`[${'1,'.repeat(20_000)}1]`)), 'too-large')
    assert.equal(through(change, Buffer.from('[1,1,1]')).length, 3 * 60_002 + 4)
    // Many short additions are what somebody may want.
    const stamped = { set: [{ path: path('$[*].tenant'), value: 'acme' }] }
    assert.equal(through(stamped, Buffer.from(`[${'{},'.repeat(100_000)}{}]`)).length, 100_001 * '{"tenant":"acme"},'.length + 1)
  })

  it('contradictions are told when it is compiled', () => {
    const mask = { first: 0, last: 0, stars }
    const wrong: readonly (readonly [ShapeOperations, RegExp])[] = [
      [{ drop: [path('$')] }, /nothing would be left/],
      [{ set: [{ path: path('$'), value: 1 }] }, /only what is in it/],
      [{ rename: [{ path: path('$.a[*]'), to: 'b' }] }, /only a member/],
      [{ rename: [{ path: path('$[0]'), to: 'b' }] }, /only a member/],
      [{ rename: [{ path: path('$'), to: 'b' }] }, /only a member/],
      [
        {
          rename: [
            { path: path('$.a'), to: 'b' },
            { path: path('$..a'), to: 'c' },
          ],
        },
        /cannot be called b and c/,
      ],
      [
        {
          set: [
            { path: path('$.a'), value: 1 },
            { path: path('$.*'), value: 2 },
          ],
        },
        /cannot be set to 1 and to 2/,
      ],
      [{ mask: Array.from({ length: 16 }, (_, i) => ({ path: path(`$..a${'[*]'.repeat(8)}.b${i}`), mask })) }, /fewer with '\.\.'/],
    ]
    for (const [change, why] of wrong) assert.match(String(compileShape(change)), why)
    assert.equal(wrong.length, 8)
  })

  it('two members of one name are refused where the change speaks of the name', () => {
    const twice = Buffer.from('{"a":1,"\\u0061":2}')
    for (const change of [
      { mask: [{ path: path('$.a'), mask: { first: 0, last: 0, stars } }] },
      { set: [{ path: path('$.a'), value: 1 }] },
      { pick: [path('$.a')] },
      { rename: [{ path: path('$.a'), to: 'b' }] },
      { rename: [{ path: path('$.b'), to: 'a' }] },
    ])
      assert.equal(through(change, twice), 'repeated-name', JSON.stringify(change))
    // Nothing of it is left to be misread.
    assert.equal(through({ drop: [path('$.a')] }, twice), '{}')
    assert.equal(through({ drop: [path('$.x')] }, twice), String(twice))
  })

  it('names match whatever their case where that is asked for, as decoders do that do not look at it', () => {
    const change = { drop: [path('$.isAdmin')], set: [{ path: path('$.Kind'), value: 'guest' }], ignoreCase: true }
    assert.equal(through(change, Buffer.from('{"ISADMIN":1,"isadmin":2,"i\\u017fAdmin":3,"\\u212aind":"root","a":1}')), '{"\\u212aind":"guest","a":1}')
    assert.equal(through(change, Buffer.from('{"kind":1,"KIND":2}')), 'repeated-name')
    assert.equal(through(change, Buffer.from('{}')), '{"Kind":"guest"}')
  })

  it('holds back as much as it may, and not more', () => {
    const document = Buffer.from(`{"a":"${'x'.repeat(5000)}"}`)
    const given: number[] = []
    const out = new GatheredOutput({ put: (_octets, start, end) => given.push(end - start) }, 4096)
    const shaper = new JsonShaper(compileShape({ drop: [path('$.b')] }) as ShapePlan, BOUNDS, out)
    shaper.put(document, 0, 4000)
    out.flush()
    assert.deepEqual(given, [])
    shaper.put(document, 4000, 5000)
    out.flush()
    assert.equal(
      given.reduce((sum, each) => sum + each, 0),
      5000,
    )
  })
})
