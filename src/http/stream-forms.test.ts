// Responses between HTTP/1.1 and HTTP/2, both ways, and what may be told behind a body.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { OctetWriter } from '../base/octet-writer.ts'
import * as F from './faults.ts'
import { HpackDecoder } from './hpack/decoder.ts'
import { FieldSection } from './hpack/field-section.ts'
import { ResponseHead, readResponseHead } from './response-head.ts'
import { requestForStream, responseOfStream, trailersOfStream } from './stream-forms.ts'
import { putResponseBlock, putTrailerBlock, statusAt } from './stream-response.ts'

const LIMITS = { headBytes: 64 * 1024, fields: 256 }
type Pairs = readonly (readonly [name: string, value: string])[]
const OK: Pairs = [[':status', '200']]
const ok = (...more: Pairs): Pairs => [...OK, ...more]
const controls = Array.from({ length: 33 }, (_, i) => (i === 32 ? 0x7f : i))
const shown = (code: number): string => `%x${code.toString(16).padStart(2, '0')}`

function judged(pairs: Pairs): number {
  const octets = responseOfStream(pairs.flat())
  if (typeof octets === 'number') return octets
  const end = readResponseHead(new ResponseHead(), octets, 0, octets.length, LIMITS, false)
  assert.ok(end < 0 || end === octets.length, 'more than one message')
  return end < 0 ? -end : 0
}

type Row = readonly [name: string, pairs: Pairs, fault: number]
const rows: readonly Row[] = [
  // RFC 9113 8.3 and 8.3.2
  ['no field at all', [], F.BAD_STATUS_LINE],
  ['no :status', [['a', 'b']], F.BAD_STATUS_LINE],
  [':status twice', [...OK, ...OK], F.BAD_STATUS_LINE],
  [':status behind a field', [['a', 'b'], ...OK], F.BAD_STATUS_LINE],
  ['a pseudo-field of requests', ok([':path', '/a']), F.BAD_STATUS_LINE],
  ['an unknown pseudo-field', [[':x', 'y'], ...OK], F.BAD_STATUS_LINE],
  ['a pseudo-field behind a field', ok(['a', 'b'], [':status', '200']), F.BAD_STATUS_LINE],
  ...['', '20', '2000', '099', '600', '999', '000', '+200', '200 ', ' 200', '2x0', '200 OK', '200\r\na: b', '٢٠٠'].map(
    (value): Row => [`:status ${JSON.stringify(value)}`, [[':status', value]], F.BAD_STATUS_LINE],
  ),
  // RFC 9113 8.6
  ['101', [[':status', '101']], F.BAD_STATUS_LINE],
  // RFC 9113 8.2.1
  ...['A', 'X-Upper', '', 'a b', 'a:b', 'a\r\nb', 'a\0', '\xe4', 'a,b'].map(
    (name): Row => [`the name ${JSON.stringify(name)}`, ok([name, 'x']), name.startsWith(':') ? F.BAD_STATUS_LINE : F.BAD_FIELD_NAME],
  ),
  ...controls.filter((code) => code !== 9).map((code): Row => [`${shown(code)} in a value`, ok(['a', `x${String.fromCharCode(code)}y`]), F.BAD_FIELD_VALUE]),
  ...[' x', 'x ', '\tx', 'x\t'].map((value): Row => [`white space at an end of ${JSON.stringify(value)}`, ok(['a', value]), F.BAD_FIELD_VALUE]),
  ['a response of HTTP/1.1 in a value', ok(['a', 'b\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n']), F.BAD_FIELD_VALUE],
  // RFC 9113 8.2.2
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'http2-settings'].map(
    (name): Row => [name, ok([name, 'x']), F.CONNECTION_FIELD_IN_STREAM],
  ),
  // RFC 9110 8.6
  ...['+5', '-5', '5,5', '', 'five', '9'.repeat(20)].map((value): Row => [`content-length "${value}"`, ok(['content-length', value]), F.BAD_CONTENT_LENGTH]),
  ['two lengths', ok(['content-length', '5'], ['content-length', '5']), F.BAD_CONTENT_LENGTH],
  ['a disguised length', ok(['content_length', '5']), F.DISGUISED_FRAMING],
]

describe('a malformed response of a stream', () => {
  let ran = 0
  for (const [name, pairs, fault] of rows)
    test(`is refused: ${name}`, () => {
      ran++
      assert.equal(F.messageFault(judged(pairs)).reason, F.messageFault(fault).reason)
    })
  test('was tried in every case', () => {
    assert.equal(ran, 83)
    assert.equal(new Set(rows.map(([name]) => name)).size, ran)
  })
})

describe('behind a body', () => {
  const kept = ['grpc-status', 'grpc-message', 'server-timing', 'x-checksum', 'digest']
  const dropped = [
    ':status',
    ':path',
    'content-length',
    'content_length',
    'transfer-encoding',
    'transfer_encoding',
    'connection',
    'keep-alive',
    'upgrade',
    'te',
    'http2-settings',
    'proxy-connection',
    'trailer',
    'host',
    'set-cookie',
    'cookie',
    'authorization',
    'www-authenticate',
    'proxy-authenticate',
    'location',
    'content-type',
    'content-encoding',
    'content-range',
    'cache-control',
    'expires',
    'age',
    'date',
    'vary',
    'retry-after',
    'strict-transport-security',
    'alt-svc',
    'x-request-id',
    'gatehouse-consumer',
    'gatehouse_code',
    'Upper-Case',
    'a b',
    '',
  ]
  for (const name of kept) test(`${name} is told`, () => assert.deepEqual(trailersOfStream([name, 'x', name, 'y']), [name, 'x', name, 'y']))
  for (const name of dropped)
    test(`${JSON.stringify(name)} is not told: it would frame, route, vouch or say how the message is to be handled`, () =>
      assert.deepEqual(trailersOfStream([name, 'x', 'kept', 'y']), ['kept', 'y']))
  test('a value that would be another line is not told', () => assert.deepEqual(trailersOfStream(['a', 'b\r\nset-cookie: c', 'd', 'e']), ['d', 'e']))
})

/** What a client reads out of the block that a head of ours becomes. */
function responseForStream(octets: Buffer, from: number): { status: number; fields: string[]; end: number } {
  const out = new OctetWriter(64)
  const end = putResponseBlock(out, octets, from)
  return { status: statusAt(octets, from), fields: fieldsIn(out.take()), end }
}
function fieldsIn(block: Buffer): string[] {
  const section = new FieldSection()
  section.begin(64 * 1024, 64 * 1024)
  assert.ok(new HpackDecoder(4096).decode(block, 0, block.length, section))
  return Array.from({ length: section.count }, (_, i) => [section.name(i), section.value(i)]).flat()
}

const octet = fc.oneof(
  fc.constantFrom(...'\r\n\0 \t:;,=aA0\x7f\x80\xff'),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
)
const anything = fc.array(octet, { maxLength: 10 }).map((parts) => parts.join(''))
const right = fc.array(fc.constantFrom(...'ab019-._~'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const mostly = (arbitrary: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof({ weight: 8, arbitrary }, { weight: 1, arbitrary: anything })
const field = fc.tuple(mostly(fc.oneof(right, fc.constantFrom('content-length', 'set-cookie', 'connection', 'etag'))), mostly(right))
const responses = fc
  .tuple(mostly(fc.constantFrom('200', '204', '304', '404', '103', '599')), fc.array(field, { maxLength: 6 }))
  .map(([status, fields]): Pairs => [[':status', status], ...fields])

test('whatever the fields of a response are, they are refused or read as exactly one head that says the same, and back again', () => {
  let taken = 0
  fc.assert(
    fc.property(responses, (pairs) => {
      const octets = responseOfStream(pairs.flat())
      if (typeof octets === 'number') return
      const head = new ResponseHead()
      const end = readResponseHead(head, octets, 0, octets.length, LIMITS, false)
      if (end < 0) return
      taken++
      assert.equal(end, octets.length)
      assert.equal(head.status, Number(pairs[0]![1]))
      const read = Array.from({ length: head.fieldCount }, (_, i) => [head.name(i), head.value(i)] as const)
      assert.deepEqual(read, pairs.slice(1))
      const back = responseForStream(Buffer.concat([Buffer.from('before'), octets, Buffer.from('body')]), 6)
      assert.deepEqual([back.status, back.fields, back.end], [head.status, pairs.flat(), 6 + octets.length])
    }),
    { numRuns: 3000 },
  )
  assert.ok(taken > 300, `only ${taken} were taken`)
})

describe('heads of our own as fields', () => {
  test('a request: pseudo-fields first, what is of the connection stays behind, te: trailers is said', () => {
    const text = 'POST /a?b=c HTTP/1.1\r\nX-A: 1\r\nHost: up.example:81\r\nContent-Length: 5\r\nConnection: close\r\nHTTP2-Settings: x\r\n\r\nhello'
    assert.deepEqual(requestForStream(Buffer.from(text), 'http'), {
      fields: [':method', 'POST', ':scheme', 'http', ':path', '/a?b=c', ':authority', 'up.example:81', 'x-a', '1', 'content-length', '5', 'te', 'trailers'],
      end: text.length - 5,
      chunked: false,
      length: 5,
    })
  })
  test('a request in chunks has no length', () => {
    const { chunked, length, fields } = requestForStream(Buffer.from('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'), 'https')
    assert.deepEqual([chunked, length, fields.includes('transfer-encoding')], [true, 0, false])
  })
  test('an accepted WebSocket is a 200 without the proof of HTTP/1.1 (RFC 8441 5)', () => {
    const text =
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n'
    assert.deepEqual(responseForStream(Buffer.from(text), 0).fields, [':status', '200', 'sec-websocket-protocol', 'chat'])
  })
  test('what speaks of the connection stays behind, and names become lower case (RFC 9113 8.2)', () => {
    const text =
      'HTTP/1.1 404 Not Found\r\nServer: a\r\nTransfer-Encoding: chunked\r\nKEEP-ALIVE: 1\r\nProxy-Connection: x\r\nX-Empty: \r\nTe: x\r\nSet-Cookie: a=b\r\n\r\n'
    assert.deepEqual(responseForStream(Buffer.from(text), 0).fields, [':status', '404', 'server', 'a', 'x-empty', '', 'set-cookie', 'a=b'])
  })
  test('trailers are told as they are', () => {
    const out = new OctetWriter(64)
    putTrailerBlock(out, ['grpc-status', '0', 'x-a', 'caf\u00e9', 'x-empty', ''])
    assert.deepEqual(fieldsIn(out.take()), ['grpc-status', '0', 'x-a', 'caf\u00e9', 'x-empty', ''])
  })
  test('half a head is a fault of our own', () => assert.throws(() => responseForStream(Buffer.from('HTTP/1.1 200 OK\r\na: b\r\n'), 0), RangeError))
})
