// HPACK: the examples of its RFC, whatever blocks say, another implementation's blocks both ways, and that no block costs more than its bounds.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OctetWriter } from '../../base/octet-writer.ts'
import { HpackDecoder } from './decoder.ts'
import { DynamicTable } from './dynamic-table.ts'
import { putField, putNoTable, putStatus } from './encoder.ts'
import { hpackExamples } from './examples.ts'
import { FieldSection } from './field-section.ts'
import { CODE_BITS, decodeHuffman } from './huffman.ts'
import { STATIC_COUNT, STATIC_FIELDS } from './static-table.ts'

type Pair = readonly [name: string, value: string]
const BLOCK_BYTES = 64 * 1024
const section = new FieldSection()
/** What the block says, or undefined when it is none. */
function read(decoder: HpackDecoder, block: Buffer, bytesMax = 64 * 1024): Pair[] | undefined {
  section.begin(bytesMax, BLOCK_BYTES)
  if (!decoder.decode(block, 0, block.length, section)) return undefined
  return Array.from({ length: section.count }, (_, i): Pair => [section.name(i), section.value(i)])
}
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** The code of each octet and of the end of strings as text, in order of length and then of symbol (RFC 7541 appendix B). */
const codes: string[] = []
let next = 0
for (let bits = 1; bits <= 30; bits++, next *= 2)
  for (const [symbol, length] of CODE_BITS.entries()) if (length === bits) codes[symbol] = (next++).toString(2).padStart(bits, '0')
const huffman = (octets: Buffer): Buffer => {
  const bits = [...octets].map((octet) => codes[octet]).join('')
  return Buffer.from((bits.padEnd(Math.ceil(bits.length / 8) * 8, '1').match(/.{8}/g) ?? []).map((each) => Number.parseInt(each, 2)))
}

describe('the examples of RFC 7541 appendix C', () => {
  let blocks = 0
  for (const { section: name, tableBytes, blocks: said } of hpackExamples)
    test(`${name} says what it says there`, () => {
      const decoder = new HpackDecoder(tableBytes)
      for (const { hex: octets, fields, tableSize } of said) {
        assert.deepEqual(read(decoder, hex(octets)), fields)
        assert.equal(decoder.tableSize, tableSize)
        blocks++
      }
    })
  test('are all there', () => assert.equal(blocks, 16))
})

describe("Huffman's code", () => {
  test('is whole: no bits stand for nothing, and the end of strings is all ones', () => {
    assert.equal(CODE_BITS.length, 257)
    assert.equal(
      CODE_BITS.reduce((sum, bits) => sum + 2 ** -bits, 0),
      1,
    )
    assert.equal(codes[256], '1'.repeat(30))
  })
  test('gives back whatever was written in it, in no more than 8/5 of its octets', () => {
    const out = Buffer.alloc(400)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
        const written = huffman(Buffer.from(octets))
        const end = decodeHuffman(written, 0, written.length, out, 3)
        assert.deepEqual(out.subarray(3, end), Buffer.from(octets))
        assert.ok(end - 3 <= (written.length * 8) / 5)
      }),
      { numRuns: 3000 },
    )
  })
  test('every octet alone, with each padding that is right and each that is not', () => {
    const out = Buffer.alloc(8)
    let ran = 0
    for (let octet = 0; octet < 256; octet++) {
      const bits = codes[octet]!
      const padding = (8 - (bits.length % 8)) % 8
      const made = (tail: string): Buffer => Buffer.from((bits + tail).match(/.{8}/g)!.map((each) => Number.parseInt(each, 2)))
      const judged = (tail: string): number => {
        const written = made(tail)
        return decodeHuffman(written, 0, written.length, out, 0)
      }
      assert.equal(judged('1'.repeat(padding)), 1)
      assert.equal(out[0], octet)
      assert.equal(judged('1'.repeat(padding + 8)), -1)
      // Seven ones and less are padding, and no other bits are.
      for (let wrong = 0; wrong < padding; wrong++) {
        const found = judged(`${'1'.repeat(wrong)}0${'1'.repeat(padding - wrong - 1)}`)
        // Five bits and more may be a code of their own.
        if (found !== -1) assert.equal(found, 2)
        ran++
      }
    }
    assert.ok(ran > 500)
  })
})

test('the static table is that of RFC 7541 appendix A: every index says itself', () => {
  assert.equal(STATIC_COUNT, 61)
  for (const [i, pair] of STATIC_FIELDS.entries()) assert.deepEqual(read(new HpackDecoder(4096), Buffer.from([0x80 | (i + 1)])), [pair])
})

const number = (flags: number, bits: number, value: number): Buffer => {
  const most = 2 ** bits - 1
  if (value < most) return Buffer.from([flags | value])
  const parts = [flags | most]
  let rest = value - most
  for (; rest >= 128; rest >>>= 7) parts.push((rest & 127) | 128)
  return Buffer.from([...parts, rest])
}
const text = (octets: Buffer, coded: boolean): Buffer => {
  const written = coded ? huffman(octets) : octets
  return Buffer.concat([number(coded ? 0x80 : 0, 7, written.length), written])
}

/** What an encoder of another mind may do: any of the forms, any names and values, sizes of the table in between. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(0x40, 0x00, 0x10),
      named: fc.nat(120),
      name: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      value: fc.uint8Array({ maxLength: 300 }),
      coded: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ index: fc.nat(120) }) },
)
const blocks = fc.array(fc.record({ sizes: fc.array(fc.nat(512), { maxLength: 2 }), steps: fc.array(step, { maxLength: 12 }) }), { maxLength: 12 })

test('whatever an encoder does with a table, a decoder reads what a list of pairs would hold', () => {
  let readPairs = 0
  fc.assert(
    fc.property(blocks, (said) => {
      const decoder = new HpackDecoder(512)
      let table: Pair[] = []
      let most = 512
      const size = (pairs: readonly Pair[]): number => pairs.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0)
      for (const { sizes, steps } of said) {
        const parts = sizes.map((bytes) => number(0x20, 5, bytes))
        for (const bytes of sizes) {
          most = bytes
          while (size(table) > most) table = table.slice(0, -1)
        }
        const wanted: Pair[] = []
        const known = (index: number): Pair => (index <= 61 ? STATIC_FIELDS[index - 1]! : table[index - 62]!)
        for (const each of steps) {
          const there = 61 + table.length
          if ('index' in each) {
            const index = 1 + (each.index % there)
            parts.push(number(0x80, 7, index))
            wanted.push(known(index))
            continue
          }
          const index = each.named > there ? 0 : each.named
          const name = index === 0 ? Buffer.from(each.name) : Buffer.from(known(index)[0], 'latin1')
          parts.push(number(each.kind, each.kind === 0x40 ? 6 : 4, index))
          if (index === 0) parts.push(text(name, each.coded))
          parts.push(text(Buffer.from(each.value), !each.coded))
          const pair: Pair = [name.toString('latin1'), Buffer.from(each.value).toString('latin1')]
          wanted.push(pair)
          if (each.kind === 0x40) {
            table = [pair, ...table]
            while (size(table) > most) table = table.slice(0, -1)
          }
        }
        assert.deepEqual(read(decoder, Buffer.concat(parts)), wanted)
        assert.equal(decoder.tableSize, size(table))
        readPairs += wanted.length
      }
    }),
    { numRuns: 1500 },
  )
  assert.ok(readPairs > 1000)
})

test('what we write is read as what it says, in lower case, and leaves the table of the other side empty', () => {
  const field = fc.tuple(
    fc.oneof(fc.constantFrom('Set-Cookie', 'Server', 'content-type', 'X-A', 'DATE'), fc.string({ minLength: 1, maxLength: 200 })),
    fc.string({ maxLength: 400 }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), fc.array(field, { maxLength: 20 }), (status, fields) => {
      const out = new OctetWriter(64)
      putNoTable(out)
      putStatus(out, status)
      for (const [name, value] of fields) {
        const octets = Buffer.from(name + value, 'latin1')
        putField(out, octets, 0, name.length, name.length, octets.length)
      }
      const decoder = new HpackDecoder(4096)
      const lower = (name: string): string =>
        Buffer.from(name, 'latin1')
          .toString('latin1')
          .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
      const latin1 = (value: string): string => Buffer.from(value, 'latin1').toString('latin1')
      assert.deepEqual(read(decoder, out.take()), [[':status', String(status)], ...fields.map(([name, value]) => [lower(name), latin1(value)])])
      assert.equal(decoder.tableSize, 0)
    }),
    { numRuns: 1000 },
  )
})
test('nobody on the way may index what is secret (RFC 7541 7.1.3)', () => {
  for (const [name, first] of [
    ['set-cookie', 0x1f],
    ['Location', 0x1f],
    ['www-authenticate', 0x1f],
    ['server', 0x0f],
    ['x-a', 0x00],
  ] as const) {
    const out = new OctetWriter(64)
    const octets = Buffer.from(`${name}value`)
    putField(out, octets, 0, name.length, name.length, octets.length)
    assert.equal(out.at(0), first, name)
  }
})

describe('a block that is none, or larger than it may be', () => {
  test('is refused or read, and never takes more memory or time than its bounds, whatever its octets are', () => {
    let taken = 0
    let refused = 0
    const nearly = fc.array(
      fc.oneof(
        fc.constantFrom(
          ...['82', '87', 'be', 'bf', '3f', '20', '3fe11f', '400161', '40', '00', '10', '0f', '7f', 'ff', '0161', '8161', '81ff', '0a', 'ffffffff0f'].map(
            (each) => Buffer.from(each, 'hex'),
          ),
        ),
        fc.uint8Array({ maxLength: 20 }).map((octets) => Buffer.from(octets)),
      ),
      { maxLength: 30 },
    )
    fc.assert(
      fc.property(fc.array(nearly, { maxLength: 6 }), (all) => {
        const decoder = new HpackDecoder(4096)
        for (const parts of all) {
          const found = read(decoder, Buffer.concat(parts), 2048)
          if (found === undefined) {
            refused++
            return
          }
          taken++
          assert.ok(decoder.tableSize <= 4096)
          assert.ok(found.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0) <= 2048)
          assert.ok(section.bytes.length <= 64 * 1024 + BLOCK_BYTES * 2)
        }
      }),
      { numRuns: 5000 },
    )
    assert.ok(taken > 200 && refused > 200, `${taken} and ${refused}`)
  })
  test('grows to nothing when one field is told ten thousand times', () => {
    const decoder = new HpackDecoder(4096)
    const bomb = Buffer.concat([Buffer.from([0x40]), text(Buffer.from('a'), false), text(Buffer.alloc(4000, 'x'), false), Buffer.alloc(10_000, 0xbe)])
    section.begin(16_384, BLOCK_BYTES)
    assert.ok(decoder.decode(bomb, 0, bomb.length, section))
    assert.ok(section.isTooLarge)
    assert.equal(section.count, 4)
    // The table is as it would be, so that the next block is read right.
    assert.deepEqual(read(decoder, Buffer.from([0xbe])), [['a', 'x'.repeat(4000)]])
  })
  test('counts each field with its 32 octets (RFC 9113 10.5.1), to the octet', () => {
    const two = Buffer.concat([Buffer.from([0x82, 0x10]), text(Buffer.from('ab'), false), text(Buffer.from('cd'), false)])
    const bytes = ':methodGET'.length + 32 + 'abcd'.length + 32
    for (const [most, isTooLarge] of [
      [bytes, false],
      [bytes - 1, true],
    ] as const) {
      section.begin(most, BLOCK_BYTES)
      assert.ok(new HpackDecoder(4096).decode(two, 0, two.length, section))
      assert.equal(section.isTooLarge, isTooLarge)
    }
  })
  test('a number that wraps, or that does not end, is none', () => {
    for (const octets of ['ff', 'ff80', 'ffffffffff7f', 'ff8080808000', '3fffffffff7f', '7fffffffff7f', '1001617fffffffff0f'])
      assert.equal(read(new HpackDecoder(4096), hex(octets)), undefined, octets)
    // Five octets of prefix and number are all that a number of ours can take; leading nothings may be among them.
    assert.equal(read(new HpackDecoder(4096), hex('1f8080808000 0161')), undefined)
    assert.equal(read(new HpackDecoder(4096), hex('1f80808000 0161'))?.[0]?.[0], 'accept-charset')
  })
})

test('a table holds its latest entries, however long it goes on, in twice its memory', () => {
  const table = new DynamicTable(256)
  for (let i = 0; i < 5000; i++) {
    const octets = Buffer.from(`name-${i}value-${i}`)
    const middle = `name-${i}`.length
    table.add(octets, 0, middle, octets.length)
    assert.ok(table.size <= 256 && table.bytes.length <= 512)
    const latest = table.bytes.toString('latin1', table.start(0), table.valueEnd(0))
    assert.equal(latest, octets.toString())
    assert.equal(table.bytes.toString('latin1', table.valueStart(table.count - 1), table.valueEnd(table.count - 1)), `value-${i - table.count + 1}`)
  }
  table.add(Buffer.alloc(300), 0, 1, 300)
  assert.equal(table.count, 0)
  assert.equal(table.resize(257), false)
})
