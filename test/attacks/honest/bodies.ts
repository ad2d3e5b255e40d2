// Bodies by length and by chunks, in every legal writing and however the network cuts them (RFC 9112 6, 7.1; RFC 9110 10.1.1).
import { cutAt, cutEvery } from '../../support/raw-client.ts'
import { expect, type HonestRequest, honest, type Shape, write } from '../honest-request.ts'

const every = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('')
const chunkedShape = (payload: string): Shape => ({ method: 'POST', lines: ['Transfer-Encoding: chunked'], payload })
const chunkedBody = (name: string, payload: string, body: string): HonestRequest => honest(name, chunkedShape(payload), { body })
const hello = (line: string): string => `${line}\r\nhello\r\n0\r\n\r\n`
const lengthShape = (body: string): Shape => ({ method: 'POST', lines: [`Content-Length: ${body.length}`], payload: body })

const bodies: readonly (readonly [string, string])[] = [
  ['one octet', 'x'],
  ['every octet', every],
  ['CRLF', '\r\n'],
  ['CRLF twice', '\r\n\r\n'],
  ['a NUL', '\x00'],
  ['a last chunk', '0\r\n\r\n'],
  ['a request', 'GET /smuggled HTTP/1.1\r\nHost: api.example\r\n\r\n'],
  ['a response', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ['1,023 octets', 'b'.repeat(1023)],
  ['4,096 octets', 'b'.repeat(4096)],
  ['16,385 octets', 'b'.repeat(16_385)],
  ['65,536 octets', 'b'.repeat(65_536)],
  ['300,000 octets', every.repeat(1172)],
]
const inChunksOf = (body: string, size: number): string =>
  `${cutEvery(body, size)
    .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk.toString('latin1')}\r\n`)
    .join('')}0\r\n\r\n`

const extensions = [
  ';a',
  ';a=b',
  ';a=b;c=d',
  ';a="b"',
  ';a="b c;d,e"',
  ';a="\\""',
  ';a="\\\\"',
  ';a=""',
  ';a="\t"',
  ';a;b;c',
  ";!#$%&'*+-.^_`|~=1",
  ';a="\xe9"',
  ';ieof',
  ';chunk-signature=0123456789abcdef',
]
const sizes = ['5', '05', '005', '00000005', '5'.padStart(12, '0')]
const trailers = ['Digest: sha-256=x', 'X-T: a\r\nX-U: b', 'X-T:', 'X-T: \t v \t', 'Expires: 0', 'X-T: \xe9', 'Server-Timing: a;dur=1', 'X-T: "a\\"b"']

const splits = (name: string, shape: Shape, body: string): HonestRequest[] => {
  const bytes = write(shape)
  return [
    ...[1, 2, 3, 7].map((size) => ({ name: `${name} in segments of ${size}`, steps: cutEvery(bytes, size), messages: [expect(shape, { body })], keeps: true })),
    ...Array.from({ length: bytes.length - 1 }, (_, at) => ({
      name: `${name} cut at ${at + 1}`,
      steps: cutAt(bytes, at + 1),
      messages: [expect(shape, { body })],
      keeps: true,
    })),
  ]
}

export const bodyForms: readonly HonestRequest[] = [
  ...bodies.map(([name, body]) => honest(`a body of ${name} by length`, lengthShape(body), { body })),
  ...bodies.map(([name, body]) => chunkedBody(`a body of ${name} in one chunk`, inChunksOf(body, body.length), body)),
  ...bodies.slice(1, 9).map(([name, body]) => chunkedBody(`a body of ${name} in chunks of one`, inChunksOf(body, 1), body)),
  ...bodies.slice(8).map(([name, body]) => chunkedBody(`a body of ${name} in chunks of 1,000`, inChunksOf(body, 1000), body)),
  chunkedBody('an empty chunked body', '0\r\n\r\n', ''),
  ...sizes.map((size) => chunkedBody(`the chunk size ${size}`, hello(size), 'hello')),
  ...['A', 'a', '0A', '0a'].map((size) => chunkedBody(`the chunk size ${size}`, `${size}\r\n0123456789\r\n0\r\n\r\n`, '0123456789')),
  ...['1F', '1f', 'fF'].map((size) =>
    chunkedBody(`the chunk size ${size}`, `${size}\r\n${'z'.repeat(Number.parseInt(size, 16))}\r\n0\r\n\r\n`, 'z'.repeat(Number.parseInt(size, 16))),
  ),
  ...['00', '0000', '000000000000'].map((size) => chunkedBody(`the last chunk ${size}`, `5\r\nhello\r\n${size}\r\n\r\n`, 'hello')),
  ...extensions.map((extension) => chunkedBody(`the chunk extension ${JSON.stringify(extension)}`, hello(`5${extension}`), 'hello')),
  ...extensions.slice(0, 4).map((extension) => chunkedBody(`the extension ${extension} on the last chunk`, `5\r\nhello\r\n0${extension}\r\n\r\n`, 'hello')),
  ...trailers.map((lines) => chunkedBody(`the trailers ${JSON.stringify(lines)} are read and dropped`, `5\r\nhello\r\n0\r\n${lines}\r\n\r\n`, 'hello')),
  ...[
    'Transfer-Encoding: Chunked',
    'Transfer-Encoding: CHUNKED',
    'transfer-encoding:chunked',
    'Transfer-Encoding:\tchunked\t',
    'TRANSFER-ENCODING: chunked ',
  ].map((line) => honest(`the framing line ${JSON.stringify(line)}`, { method: 'POST', lines: [line], payload: '5\r\nhello\r\n0\r\n\r\n' }, { body: 'hello' })),
  ...['content-length:5', 'CONTENT-LENGTH: 5', 'Content-Length:\t5\t', 'Content-Length:   5  '].map((line) =>
    honest(`the framing line ${JSON.stringify(line)}`, { method: 'POST', lines: [line], payload: 'hello' }, { body: 'hello' }),
  ),
  ...['100-continue', '100-Continue', '100-CONTINUE'].map((value) =>
    honest(
      `Expect: ${value} with the body sent at once`,
      { method: 'POST', lines: [`Expect: ${value}`, 'Content-Length: 5'], payload: 'hello' },
      { body: 'hello' },
    ),
  ),
  honest('Expect: 100-continue without a body', { lines: ['Expect: 100-continue'] }),
  ...[
    { ...lengthShape('hello'), lines: ['Expect: 100-continue', 'Content-Length: 5'] },
    { ...chunkedShape('5\r\nhello\r\n0\r\n\r\n'), lines: ['Transfer-Encoding: chunked', 'Expect: 100-continue'] },
  ].map((shape, index) => ({
    name: `Expect: 100-continue, the ${index === 0 ? 'plain' : 'chunked'} body sent only after 100 came back`,
    steps: [write({ ...shape, payload: '' }), { awaits: 'HTTP/1.1 100 Continue\r\n\r\n' }, shape.payload ?? ''],
    messages: [expect(shape, { body: 'hello' })],
    keeps: true,
  })),
  ...splits('a short GET', { lines: ['X-A: b'] }, ''),
  ...splits('a POST with a length', lengthShape('hello'), 'hello'),
  ...splits('a chunked POST', chunkedShape('3;a="b"\r\nhel\r\n02\r\nlo\r\n0\r\nX-T: v\r\n\r\n'), 'hello'),
]
