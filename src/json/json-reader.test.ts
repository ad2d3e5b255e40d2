// The reader takes what RFC 8259 calls JSON and nothing else, wherever it is cut; JSON.parse is the second reading.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type JsonBounds, type JsonFault, JsonReader } from './json-reader.ts'

const BOUNDS: JsonBounds = { depth: 32, nameBytes: 64, stringBytes: 4096, numberBytes: 64 }
const IDLE = { begin() {}, close() {}, end() {}, name() {}, named() {}, comma() {} }

/** The fault, read in pieces that end at `cuts`; undefined when it is taken. */
function read(octets: Uint8Array, cuts: readonly number[] = [], bounds = BOUNDS): JsonFault | undefined {
  const reader = new JsonReader(IDLE, bounds)
  let from = 0
  for (const cut of [...cuts.filter((each) => each < octets.length).sort((a, b) => a - b), octets.length]) {
    if (!reader.put(octets, from, cut)) return reader.fault
    from = cut
  }
  reader.finish()
  return reader.fault
}
const everywhere = (octets: Uint8Array): number[] => [...octets.keys()]

/** What JSON.parse says of it, with what is stricter here: UTF-8 alone, no byte order mark, no half surrogate pairs. */
function isJson(octets: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(octets)
    JSON.parse(text)
    const pairsOut = text.replaceAll(/\\[^u]/g, '').replaceAll(/\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}/gi, '')
    return !/\\ud[89a-f]/i.test(pairsOut)
  } catch {
    return false
  }
}

const ACCEPTED = [
  ...['{}', '[]', ' {} ', '0', '-0', '1.5e+10', '-1E-7', '123456789012345678901234567890', 'true', 'false', 'null', '""', '"a"', '\t[\r\n]'],
  ...[
    '"\\u0000"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\\ud83d\\ude00"',
    '"😀é"',
    '"\x7f"',
    '{"":1}',
    '{"a":1,"a":2}',
    '[[],{},[{}]]',
    '{"a":{"b":[1,2,{"c":null}]}}',
  ],
  ...['"\\uD834\\udd1e"', '"\ufffe\uffff"', '1e400', '"\\uFEFF"'],
]
const REFUSED: readonly (readonly [text: string | Uint8Array, fault: JsonFault])[] = [
  ...['', ' ', '{', '[', '[1', '{"a"', '{"a":', '{"a":1', '"a', '"a\\', '-', '1.', '1e', '1e+', 'tru', 'nul'].map((text) => [text, 'not-json'] as const),
  ...['01', '-01', '+1', '.5', '1.e5', '0x10', 'NaN', 'Infinity', '1_000', '- 1', '1 2', '1e5.5'].map((text) => [text, 'not-json'] as const),
  ...['[1,]', '[,1]', '{"a":1,}', '{,}', '{a:1}', "{'a':1}", '{"a" 1}', '{"a":1 "b":2}', '[1 2]', ']', '}', '[}', '{]', '{"a"}'].map(
    (text) => [text, 'not-json'] as const,
  ),
  ...['truE', 'True', 'nulL', 'truex', 'true false', '{}{}', '{}\n{}', '[]x', '//x\n1', '/**/1', '"\t"', '"\n"', '"\\x41"', '"\\u12g4"', '"\\u{41}"'].map(
    (text) => [text, 'not-json'] as const,
  ),
  ...['\ufeff{}', '\u00a01', '\v1', '\f1', '\u20281', '"\u0000"', '\x1e{}'].map((text) => [text, 'not-json'] as const),
  ...['"\\ud800"', '"\\udc00"', '"\\ud800\\ud800"', '"\\ud800x"', '"\\ud800\\n"', '"\\ud83dé"', '{"\\ud800":1}', '"\\ude00\\ud83d"'].map(
    (text) => [text, 'lone-surrogate'] as const,
  ),
  ...['22ff22', '22c0af22', '22c3', '22c328', '22e28222', '22eda08022', '22f4908080', '22f0808080', '2280', '22fe22', '22e0808022'].map(
    (hex) => [Buffer.from(hex, 'hex'), hex === '22c3' ? 'not-json' : 'not-utf8'] as const,
  ),
  [Buffer.from('{}', 'utf16le'), 'not-json'],
  ['['.repeat(33), 'too-deep'],
  ['{"a":'.repeat(33), 'too-deep'],
  [`{"${'n'.repeat(65)}":1}`, 'name-too-long'],
  [`{"${'\\u0061'.repeat(65)}":1}`, 'name-too-long'],
  [`{"${'é'.repeat(33)}":1}`, 'name-too-long'],
  [`"${'s'.repeat(4097)}"`, 'string-too-long'],
  [`"${'\\n'.repeat(2049)}"`, 'string-too-long'],
  ['1'.repeat(65), 'number-too-long'],
  [`1e${'0'.repeat(64)}`, 'number-too-long'],
]

describe('the reader of JSON', () => {
  it('takes what RFC 8259 calls JSON, in one piece and octet by octet', () => {
    let ran = 0
    for (const text of ACCEPTED) {
      const octets = Buffer.from(text)
      assert.ok(isJson(octets), text)
      assert.deepEqual([read(octets), read(octets, everywhere(octets))], [undefined, undefined], text)
      ran++
    }
    assert.equal(ran, 27)
  })

  it('refuses everything else with its reason, in one piece and octet by octet', () => {
    let ran = 0
    for (const [text, fault] of REFUSED) {
      const octets = Buffer.from(text as string)
      assert.deepEqual([read(octets), read(octets, everywhere(octets))], [fault, fault], JSON.stringify(String(text).slice(0, 40)))
      ran++
    }
    assert.equal(ran, 93)
  })

  it('at its bounds it still takes', () => {
    for (const text of [`${'['.repeat(32)}${']'.repeat(32)}`, `{"${'n'.repeat(64)}":1}`, `"${'s'.repeat(4096)}"`, '1'.repeat(64)])
      assert.equal(read(Buffer.from(text)), undefined)
  })

  it('takes the same language as JSON.parse: random documents, cut anywhere', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.array(fc.nat(400), { maxLength: 8 }), (text, cuts) => {
        const octets = Buffer.from(text)
        assert.equal(read(octets, cuts) === undefined, isJson(octets), text)
      }),
      { numRuns: 2000 },
    )
  })

  it('takes the same language as JSON.parse: octets that are nearly JSON', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\u',
        'd83d',
        '\\ude00',
        '0',
        '1',
        '-',
        '.',
        'e',
        '+',
        'true',
        'null',
        ' ',
        '\n',
        'a',
        'é',
        '😀',
        '"a"',
        '"a":',
      ],
      ...['00', '1.5', '\ufeff', '\u0001', '\x7f', '/', "'", 'ud800', '\\n', '\\"', '"":', '[]', '{}'],
    )
    let taken = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 9 }), fc.array(fc.nat(40), { maxLength: 4 }), (pieces, cuts) => {
        const octets = Buffer.from(pieces.join(''))
        const expected = isJson(octets)
        if (expected) taken++
        assert.equal(read(octets, cuts) === undefined, expected, JSON.stringify(octets.toString()))
      }),
      { numRuns: 20_000 },
    )
    assert.ok(taken > 100, `${taken} of them were JSON: the generator says too little`)
  })

  it('takes the same language as JSON.parse: documents with octets changed, taken out and put in', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 4 }),
        fc.array(fc.tuple(fc.nat(200), fc.constantFrom('change', 'take', 'put'), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]:,"\\u0de')))), {
          minLength: 1,
          maxLength: 3,
        }),
        fc.array(fc.nat(200), { maxLength: 4 }),
        (text, changes, cuts) => {
          const octets = [...Buffer.from(text)]
          for (const [place, how, octet] of changes) octets.splice(place % (octets.length + 1), how === 'put' ? 0 : 1, ...(how === 'take' ? [] : [octet]))
          const changed = Uint8Array.from(octets)
          assert.equal(read(changed, cuts) === undefined, isJson(changed), Buffer.from(changed).toString('hex'))
        },
      ),
      { numRuns: 10_000 },
    )
  })

  it('says the same fault however the text is cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), fc.array(fc.nat(30), { maxLength: 6 }), (noise, cuts) => {
        const octets = Buffer.concat([Buffer.from('{"a":["'), noise])
        assert.equal(read(octets, cuts), read(octets))
      }),
      { numRuns: 3000 },
    )
  })
})
