// Blocks of fields that RFC 7541 forbids, or that grow when they are read; heads past the limits.
import { block, CODE, continuation, FLAG, headers, hpackNumber, indexed, indexing, literal, tableSize } from '../../support/stream-frames.ts'
import { GET, get, type HostileStream, streams } from '../hostile-stream.ts'

const broken = { goaway: [CODE.compression] }
const raw = (...parts: readonly Buffer[]): Buffer => headers(1, Buffer.concat(parts))
const octets = (...values: readonly number[]): Buffer => Buffer.from(values)
/** A block over as many frames as it takes. */
const long = (...parts: readonly Buffer[]): Buffer[] => {
  const whole = Buffer.concat(parts)
  const pieces = Array.from({ length: Math.ceil(whole.length / 16_384) }, (_, i) => whole.subarray(i * 16_384, (i + 1) * 16_384))
  return pieces.map((piece, i) => {
    const flags = i === pieces.length - 1 ? FLAG.endHeaders : 0
    return i === 0 ? headers(1, piece, FLAG.endStream | flags) : continuation(1, piece, flags)
  })
}
const BOMB = Buffer.concat([block(GET), indexing('bomb', 'x'.repeat(4000))])

export const streamCompression: readonly HostileStream[] = [
  ...streams('RFC 7541 2.3.3', broken, [
    ['index 0 is an error', raw(block(GET), octets(0x80))],
    ['an index past both tables is an error', raw(block(GET), indexed(62))],
    ['an index far past both tables is an error', raw(block(GET), indexed(100_000))],
    ['a name at an index past both tables is an error', raw(block(GET), octets(0x7f, 0x40), octets(1, 0x61))],
  ]),
  ...streams('RFC 7541 5.1', broken, [
    ['a number that wraps 32 bits is an error', raw(block(GET), octets(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))],
    ['a number that never ends is an error', raw(block(GET), octets(0xff, ...Array.from({ length: 100 }, () => 0x80)))],
    ['a block that ends inside of a number is an error', raw(block(GET), octets(0xff))],
    ['a block that ends inside of a name is an error', raw(block(GET), octets(0x10, 10), Buffer.from('short'))],
    ['a block that ends inside of a value is an error', raw(block(GET), octets(0x10, 1, 0x61, 10), Buffer.from('short'))],
    ['a block that ends before a value is an error', raw(block(GET), octets(0x10, 1, 0x61))],
    ['a length of a value past its block is an error', raw(block(GET), octets(0x10, 1, 0x61), hpackNumber(0, 7, 2 ** 30))],
  ]),
  ...streams('RFC 7541 5.2', broken, [
    ['padding of Huffman\u2019s code that is not of ones is an error', raw(block(GET), octets(0x10, 1, 0x61, 0x81, 0x00))],
    ['padding of Huffman\u2019s code of a whole octet is an error', raw(block(GET), octets(0x10, 1, 0x61, 0x82, 0x1f, 0xff))],
    ['the end of strings in Huffman\u2019s code is an error', raw(block(GET), octets(0x10, 1, 0x61, 0x84, 0xff, 0xff, 0xff, 0xff))],
  ]),
  ...streams('RFC 7541 6.3', broken, [
    ['a table past the size that we take is an error', raw(tableSize(4097), block(GET))],
    ['a table of 2^31 octets is an error', raw(tableSize(2 ** 31 - 1), block(GET))],
    ['a size of the table behind a field is an error', raw(block(GET), tableSize(0))],
  ]),
  ...streams('RFC 9113 10.5.1', { status: [431] }, [
    ['a head past the limit is refused', long(block(GET), ...Array.from({ length: 12 }, (_, i) => literal(`a${i}`, 'x'.repeat(3500))))],
    ['more fields than the limit are refused', raw(block(GET), ...Array.from({ length: 101 }, (_, i) => literal(`a${i}`, 'x')))],
    ['many more fields than the limit are refused', raw(block(GET), ...Array.from({ length: 1500 }, () => literal('a', 'x')))],
    ['a field that is told a thousand times over grows to nothing', raw(BOMB, ...Array.from({ length: 1000 }, () => indexed(62)))],
    ['a field that is told ten thousand times over grows to nothing', raw(BOMB, ...Array.from({ length: 10_000 }, () => indexed(62)))],
    ['a thousand empty fields are refused', raw(block(GET), ...Array.from({ length: 1000 }, () => literal('a', '')))],
    ['a thousand crumbs of a cookie are refused', raw(block(GET), ...Array.from({ length: 1000 }, () => literal('cookie', 'a=b')))],
    ['a target past the limit is refused', headers(1, block([...GET.slice(0, 3), [':path', `/${'a'.repeat(9000)}`]])), { status: [414] }],
    ['an authority past 255 octets is refused', headers(1, block([...GET.slice(0, 2), [':authority', 'a'.repeat(256)], GET[3]!])), { status: [400] }],
  ]),
  ...streams('RFC 7541 6.2.3 and 6.3', { passes: 200 }, [
    ['a size of the table of 0 is taken', raw(tableSize(0), block(GET))],
    ['two sizes of the table are taken', raw(tableSize(0), tableSize(4096), block(GET))],
    ['a field at an index is the field that was told', [raw(block(GET), indexing('x-request-id', 'mallory'), indexed(62))], undefined, { hides: 'mallory' }],
    [
      'fields of the static table are told by their index',
      headers(1, Buffer.concat([indexed(2), indexed(7), literal(':path', '/hostile'), literal(':authority', 'api.example')]), FLAG.endStream | FLAG.endHeaders),
    ],
    ['a field that nobody may index is one', get(['authorization', 'x'])],
  ]),
]
