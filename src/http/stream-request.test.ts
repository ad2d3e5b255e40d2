// Requests of HTTP/2 streams as messages: each malformed one has its fault, and what has none is read as exactly one request that says the same.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as F from './faults.ts'
import { FieldSection } from './hpack/field-section.ts'
import { RequestHead, readRequestHead } from './request-head.ts'
import { requestForStream } from './stream-forms.ts'
import { StreamRequest, type StreamRequestTerms } from './stream-request.ts'

const LIMITS = { headBytes: 64 * 1024, targetBytes: 8192, fields: 256 }
const KEY = 'AAAAAAAAAAAAAAAAAAAAAA=='
interface Terms extends StreamRequestTerms {
  readonly ended: boolean
}
const terms = (more: Partial<Terms> = {}): Terms => ({ scheme: 'https', ended: true, websocketKey: () => KEY, ...more })
const section = new FieldSection()
const request = new StreamRequest()
/** The message of these names and values in turn, or the fault that there is none. */
function requestOfStream(fields: readonly string[], { ended, ...rest }: Terms): { head: Buffer; chunked: boolean } | number {
  section.begin(64 * 1024, 64 * 1024)
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [Buffer.from(fields[i]!, 'latin1'), Buffer.from(fields[i + 1]!, 'latin1')]
    section.copy(Buffer.concat([name, value]), 0, name.length, name.length + value.length)
  }
  const fault = request.read(section, ended, rest)
  return fault === 0 ? { head: Buffer.from(request.bytes.subarray(0, request.length)), chunked: request.chunked } : fault
}
type Pairs = readonly (readonly [name: string, value: string])[]
const GET: Pairs = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'api.example'],
  [':path', '/a'],
]
const CONNECT: Pairs = [
  [':method', 'CONNECT'],
  [':protocol', 'websocket'],
  [':scheme', 'https'],
  [':authority', 'api.example'],
  [':path', '/a'],
]
const changed = (pairs: Pairs, name: string, value: string | undefined): Pairs =>
  pairs.flatMap((pair): Pairs => (pair[0] !== name ? [pair] : value === undefined ? [] : [[name, value]]))
const get = (name: string, value?: string): Pairs => changed(GET, name, value)
const also = (...more: Pairs): Pairs => [...GET, ...more]

/** The fault of the translation, or of the reader behind it; 0 when both take it. */
function judged(pairs: Pairs, how: Partial<Terms> = {}): number {
  const message = requestOfStream(pairs.flat(), terms(how))
  if (typeof message === 'number') return message
  const end = readRequestHead(new RequestHead(), message.head, 0, message.head.length, LIMITS)
  assert.ok(end < 0 || end === message.head.length, 'more than one message')
  return end < 0 ? -end : 0
}

type Row = readonly [name: string, pairs: Pairs, fault: number, how?: Partial<Terms>]
const controls = Array.from({ length: 33 }, (_, i) => (i === 32 ? 0x7f : i))
const shown = (code: number): string => `%x${code.toString(16).padStart(2, '0')}`

const rows: readonly Row[] = [
  // RFC 9113 8.3 and 8.3.1
  ['no :method', get(':method'), F.BAD_METHOD],
  ['no :scheme', get(':scheme'), F.BAD_PSEUDO_FIELDS],
  ['no :path', get(':path'), F.BAD_PSEUDO_FIELDS],
  ['no :authority and no host', get(':authority'), F.BAD_HOST],
  ['an empty :authority', get(':authority', ''), F.BAD_HOST],
  ['an empty :path', get(':path', ''), F.BAD_TARGET],
  ['an empty :method', get(':method', ''), F.BAD_METHOD],
  ['an empty :scheme', get(':scheme', ''), F.BAD_PSEUDO_FIELDS],
  ['no field at all', [], F.BAD_METHOD],
  ...[':method', ':scheme', ':authority', ':path'].map((name): Row => [`${name} twice`, [...GET, GET.find(([each]) => each === name)!], F.BAD_PSEUDO_FIELDS]),
  ['an unknown pseudo-field', [[':unknown', 'x'], ...GET], F.BAD_PSEUDO_FIELDS],
  ['a pseudo-field of responses', [[':status', '200'], ...GET], F.BAD_PSEUDO_FIELDS],
  ['a pseudo-field without a name', [[':', 'x'], ...GET], F.BAD_PSEUDO_FIELDS],
  ['a pseudo-field in upper case', [[':Path', '/b'], ...GET], F.BAD_PSEUDO_FIELDS],
  ['a pseudo-field behind a field', [GET[0]!, GET[1]!, GET[2]!, ['a', 'b'], GET[3]!], F.BAD_PSEUDO_FIELDS],
  ['another scheme', get(':scheme', 'ftp'), F.BAD_PSEUDO_FIELDS],
  ['a scheme in upper case', get(':scheme', 'HTTPS'), F.BAD_PSEUDO_FIELDS],
  ['http on a connection under TLS', get(':scheme', 'http'), F.BAD_PSEUDO_FIELDS],
  ['user information in :authority', get(':authority', 'user@api.example'), F.BAD_HOST],
  ['user information and a password in :authority', get(':authority', 'a:b@api.example'), F.BAD_HOST],
  ['a path in :authority', get(':authority', 'api.example/b'), F.BAD_HOST],
  ['a space in :authority', get(':authority', 'api.example evil'), F.BAD_HOST],
  ['a comma in :authority', get(':authority', 'a.example,b.example'), F.BAD_HOST],
  ['a port past 65535 in :authority', get(':authority', 'api.example:65536'), F.BAD_HOST],
  ['a port of letters in :authority', get(':authority', 'api.example:http'), F.BAD_HOST],
  ['a host that differs from :authority', also(['host', 'other.example']), F.HOST_DISAGREES],
  ['a host with another port than :authority', also(['host', 'api.example:8443']), F.HOST_DISAGREES],
  ['an empty host beside :authority', also(['host', '']), F.HOST_DISAGREES],
  ['two hosts that agree', also(['host', 'api.example'], ['host', 'api.example']), F.BAD_HOST],
  ['an absolute-form :path', get(':path', 'https://api.example/a'), F.BAD_TARGET],
  ['a :path without a slash', get(':path', 'a'), F.BAD_TARGET],
  ['an authority-form :path', get(':path', 'api.example:443'), F.BAD_TARGET],
  ['a space in :path', get(':path', '/a b'), F.BAD_TARGET],
  ['a version in :path', get(':path', '/a HTTP/1.1'), F.BAD_TARGET],
  ['a tab in :path', get(':path', '/a\tb'), F.BAD_TARGET],
  ['a fragment in :path', get(':path', '/a#b'), F.BAD_TARGET],
  ['a percent sign alone in :path', get(':path', '/a%'), F.BAD_PERCENT],
  ['an asterisk for GET', get(':path', '*'), F.BAD_TARGET],
  ['an asterisk and more', [[':method', 'OPTIONS'], GET[1]!, GET[2]!, [':path', '*/a']], F.BAD_TARGET],
  ['a space in :method', get(':method', 'GET /b'), F.BAD_METHOD],
  ['a delimiter in :method', get(':method', 'GET,PUT'), F.BAD_METHOD],
  ['a :method past 32 octets', get(':method', 'A'.repeat(33)), F.BAD_METHOD],
  ['an obs-text octet in :method', get(':method', 'GET\xe4'), F.BAD_METHOD],
  ...controls.flatMap((code): Row[] =>
    GET.map(([name, value]): Row => [`${shown(code)} in ${name}`, get(name, value.slice(0, 2) + String.fromCharCode(code) + value.slice(2)), -1]),
  ),
  // RFC 9113 8.2 and 8.2.1
  ...['A', 'X-Upper', 'hoSt'].map((name): Row => [`${name}, a name with upper case`, also([name, 'x']), F.BAD_FIELD_NAME]),
  ['an empty name', also(['', 'x']), F.BAD_FIELD_NAME],
  ...[...'"(),/;<=>?@[\\]{} \xe4\xff'].map((char): Row => [`${JSON.stringify(char)} in a name`, also([`a${char}b`, 'x']), F.BAD_FIELD_NAME]),
  ['a colon in a name', also(['a:b', 'x']), F.BAD_FIELD_NAME],
  ...controls.map((code): Row => [`${shown(code)} in a name`, also([`a${String.fromCharCode(code)}b`, 'x']), F.BAD_FIELD_NAME]),
  ...controls.filter((code) => code !== 9).map((code): Row => [`${shown(code)} in a value`, also(['a', `x${String.fromCharCode(code)}y`]), F.BAD_FIELD_VALUE]),
  ...[' x', 'x ', '\tx', 'x\t', ' ', '\t'].map((value): Row => [`white space at an end of ${JSON.stringify(value)}`, also(['a', value]), F.BAD_FIELD_VALUE]),
  ['a line of HTTP/1.1 in a value', also(['a', 'b\r\nhost: evil.example']), F.BAD_FIELD_VALUE],
  ['a request of HTTP/1.1 in a value', also(['a', 'b\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: evil\r\n\r\n']), F.BAD_FIELD_VALUE],
  ['a line of HTTP/1.1 in a cookie', also(['cookie', 'a=b\r\nx: y']), F.BAD_FIELD_VALUE],
  ['a line of HTTP/1.1 in host', [...get(':authority'), ['host', 'a\r\nx: y']], F.BAD_FIELD_VALUE],
  // RFC 9113 8.2.2
  ...['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade'].flatMap((name): Row[] =>
    ['', 'close', 'chunked', 'x'].map((value): Row => [`${name}: ${value}`, also([name, value]), F.CONNECTION_FIELD_IN_STREAM]),
  ),
  ...['gzip', 'trailers, deflate', '', 'trailers;q=0.5'].map((value): Row => [`te: ${value}`, also(['te', value]), F.CONNECTION_FIELD_IN_STREAM]),
  // RFC 9113 8.1.1
  ...['5', '00', '+0', '-0', '0x0', ' 0', '', '0,0'].map(
    (value): Row => [
      `content-length "${value}" of a stream that ended`,
      also(['content-length', value]),
      value === ' 0' ? F.BAD_FIELD_VALUE : F.BAD_CONTENT_LENGTH,
    ],
  ),
  ...['+5', '-5', '0x5', '5,5', '5 5', '', 'five', '5.0', '9'.repeat(20)].map(
    (value): Row => [`content-length "${value}"`, also(['content-length', value]), F.BAD_CONTENT_LENGTH, { ended: false }],
  ),
  ['two lengths that agree', also(['content-length', '5'], ['content-length', '5']), F.BAD_CONTENT_LENGTH, { ended: false }],
  ['two lengths that differ', also(['content-length', '5'], ['content-length', '6']), F.BAD_CONTENT_LENGTH, { ended: false }],
  ['a length of a stream that says content_length', also(['content_length', '5']), F.DISGUISED_FRAMING, { ended: false }],
  ['a coding that says transfer_encoding', also(['transfer_encoding', 'chunked']), F.DISGUISED_FRAMING, { ended: false }],
  // RFC 9113 8.5 and RFC 8441 4
  ['a CONNECT', get(':method', 'CONNECT'), F.CONNECT_REFUSED],
  [
    'a CONNECT as RFC 9113 has it',
    [
      [':method', 'CONNECT'],
      [':authority', 'a.example:443'],
    ],
    F.CONNECT_REFUSED,
  ],
  ['an extended CONNECT of a stream that ended', CONNECT, F.CONNECT_REFUSED],
  ['an extended CONNECT for another protocol', changed(CONNECT, ':protocol', 'connect-udp'), F.CONNECT_REFUSED, { ended: false }],
  ['an extended CONNECT for no protocol', changed(CONNECT, ':protocol', ''), F.CONNECT_REFUSED, { ended: false }],
  ['an extended CONNECT without :path', changed(CONNECT, ':path', undefined), F.BAD_PSEUDO_FIELDS, { ended: false }],
  ['an extended CONNECT without :scheme', changed(CONNECT, ':scheme', undefined), F.BAD_PSEUDO_FIELDS, { ended: false }],
  ['an extended CONNECT with a length', [...CONNECT, ['content-length', '0']], F.BAD_CONTENT_LENGTH, { ended: false }],
  ['a :protocol on a GET', [...GET, [':protocol', 'websocket']], F.CONNECT_REFUSED, { ended: false }],
  ['a TRACE', get(':method', 'TRACE'), F.TRACE_REFUSED],
  ['another expectation than 100-continue', also(['expect', '200-ok']), F.EXPECTATION_FAILED],
]

describe('a malformed request of a stream', () => {
  let ran = 0
  for (const [name, pairs, fault, how] of rows)
    test(`is refused: ${name}`, () => {
      ran++
      const found = judged(pairs, how)
      // A control character in a pseudo-field may be met as either fault.
      if (fault === -1) assert.ok(found > 0)
      else assert.equal(F.messageFault(found).reason, F.messageFault(fault).reason)
    })
  test('was tried in every case', () => {
    assert.equal(ran, 333)
    assert.equal(new Set(rows.map(([name]) => name)).size, ran)
  })
})

const textOf = (pairs: Pairs, how: Partial<Terms> = {}): string => {
  const message = requestOfStream(pairs.flat(), terms(how))
  assert.ok(typeof message !== 'number', `fault ${message}`)
  return message.head.toString('latin1')
}

test('a request without a body, in clear and under TLS, closes behind itself', () => {
  assert.equal(textOf(GET), 'GET /a HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n')
  assert.equal(textOf(get(':scheme', 'http'), { scheme: 'http' }), textOf(GET))
})
test('a body of unknown length comes in chunks, one of known length as it is', () => {
  assert.match(textOf(GET, { ended: false }), /\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n$/)
  const known = textOf(also(['content-length', '5']), { ended: false })
  assert.match(known, /\r\ncontent-length: 5\r\n/)
  assert.doesNotMatch(known, /chunked/i)
})
test('crumbs of a cookie become one field, in order (RFC 9113 8.2.3)', () => {
  assert.match(textOf(also(['cookie', 'a=b'], ['x', 'y'], ['cookie', 'c=d'])), /\r\nx: y\r\ncookie: a=b; c=d\r\n/)
})
test('te: trailers is taken, and goes no further', () => assert.doesNotMatch(textOf(also(['te', 'Trailers'])), /te:/))
test('a host alone names the authority; one beside it that agrees is one', () => {
  for (const pairs of [[...get(':authority'), ['host', 'api.example'] as const], also(['host', 'API.example'])])
    assert.equal(textOf(pairs).match(/host: /gi)?.length, 1)
})
test('an asterisk asks about the server', () => assert.match(textOf(changed(get(':method', 'OPTIONS'), ':path', '*')), /^OPTIONS \* HTTP\/1\.1\r\n/))
test('an extended CONNECT becomes a handshake with a key of our own, whatever key the client names (RFC 8441 5)', () => {
  const text = textOf([...CONNECT, ['sec-websocket-version', '13'], ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ==']], { ended: false })
  assert.equal(
    text,
    `GET /a HTTP/1.1\r\nHost: api.example\r\nsec-websocket-version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`,
  )
})

/** Octets that mean something to somebody, so that chance finds them. */
const octet = fc.oneof(
  fc.constantFrom(...'\r\n\0 \t:;,=/?#%@_-.*"ABab019\x7f\x80\xff'),
  fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
)
const anything = fc.array(octet, { maxLength: 12 }).map((parts) => parts.join(''))
const visible = fc.array(fc.constantFrom(...'ab019-._~\xe4;=,'), { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
const token = fc.array(fc.constantFrom(..."!#$%&'*+-.^_`|~019abz"), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''))
const known = fc.constantFrom('host', 'cookie', 'content-length', 'te', 'transfer-encoding', 'connection', 'upgrade', 'expect', 'x-a', 'transfer_encoding')
const value = fc.oneof(
  { weight: 1, arbitrary: anything },
  { weight: 8, arbitrary: visible },
  { weight: 1, arbitrary: fc.constantFrom('', '0', '5', 'chunked', 'close', 'trailers', 'a=b', 'api.example', 'x\r\ny: z', '100-continue') },
)
const field = fc.tuple(
  fc.oneof(
    { weight: 8, arbitrary: token },
    { weight: 3, arbitrary: fc.constant('cookie') },
    { weight: 1, arbitrary: known },
    { weight: 1, arbitrary: anything },
  ),
  value,
)
const mostly = (right: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof({ weight: 8, arbitrary: right }, { weight: 1, arbitrary: anything })
const pseudoValues: Readonly<Record<string, fc.Arbitrary<string>>> = {
  ':method': mostly(fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT', 'PURGE')),
  ':scheme': mostly(fc.constantFrom('http', 'https')),
  ':authority': mostly(fc.constantFrom('api.example', 'a.example:80', '[::1]:8')),
  ':path': mostly(
    fc.oneof(
      fc.constant('/a?b=c'),
      visible.map((text) => `/${text}`),
    ),
  ),
  ':protocol': mostly(fc.constant('websocket')),
}
const pseudo = fc
  .tuple(fc.shuffledSubarray([':method', ':scheme', ':authority', ':path'], { minLength: 3 }), fc.boolean())
  .chain(([names, protocol]) => fc.tuple(...[...names, ...(protocol ? [':protocol'] : [])].map((name) => fc.tuple(fc.constant(name), pseudoValues[name]!))))
/** Fields that most often are nearly right. */
const streams = fc
  .tuple(pseudo, fc.array(field, { maxLength: 6 }), fc.array(fc.tuple(fc.constantFrom(':path', ':x'), anything), { maxLength: 1 }))
  .map(([first, fields, late]): Pairs => [...(first as unknown as Pairs), ...fields, ...(late.length > 0 && fields.length > 3 ? late : [])])

describe('whatever the fields of a stream are', () => {
  test('they are refused, or read as exactly one head with the same method, path, authority and fields', () => {
    let taken = 0
    fc.assert(
      fc.property(streams, fc.boolean(), (pairs, ended) => {
        const message = requestOfStream(pairs.flat(), terms({ ended, scheme: 'http' }))
        if (typeof message === 'number') {
          assert.ok(message > 0)
          return
        }
        const head = new RequestHead()
        const end = readRequestHead(head, message.head, 0, message.head.length, LIMITS)
        if (end < 0) return
        taken++
        assert.equal(end, message.head.length)
        const of = (name: string): string | undefined => pairs.find(([each]) => each === name)?.[1]
        const websocket = of(':protocol') !== undefined
        assert.equal(head.method, websocket ? 'GET' : of(':method'))
        assert.equal(head.host, of(':authority') ?? of('host'))
        assert.equal(message.head.toString('latin1').split(' ', 2)[1], of(':path'))
        assert.equal(head.keepAlive, false)
        assert.equal(head.chunked, message.chunked)
        assert.equal(head.asksWebsocket, websocket)
        const added = new Set(['connection', 'transfer-encoding', 'upgrade'])
        const read = Array.from({ length: head.fieldCount }, (_, i) => [head.name(i).toLowerCase(), head.value(i)] as const)
        const cookies = pairs.filter(([name]) => name === 'cookie').map(([, each]) => each)
        const plain = (list: Pairs): Pairs => list.filter(([name]) => !name.startsWith(':') && !['host', 'cookie', 'te', ...added].includes(name))
        assert.deepEqual(
          plain(read).filter(([name]) => !websocket || name !== 'sec-websocket-key'),
          plain(pairs),
        )
        assert.equal(read.find(([name]) => name === 'cookie')?.[1] ?? '', cookies.filter((each) => each !== '').join('; '))
      }),
      { numRuns: 5000 },
    )
    assert.ok(taken > 100, `only ${taken} were taken`)
  })

  test('what goes on to an upstream by HTTP/2 says the same again', () => {
    fc.assert(
      fc.property(streams, fc.boolean(), (pairs, ended) => {
        const message = requestOfStream(pairs.flat(), terms({ ended, scheme: 'http' }))
        if (typeof message === 'number' || readRequestHead(new RequestHead(), message.head, 0, message.head.length, LIMITS) < 0) return
        const again = requestForStream(message.head, 'http')
        assert.equal(again.end, message.head.length)
        if (pairs.some(([name]) => name === ':protocol')) return
        const back = requestOfStream(again.fields, terms({ ended, scheme: 'http' }))
        assert.ok(typeof back !== 'number')
        assert.equal(back.head.toString('latin1').toLowerCase(), message.head.toString('latin1').toLowerCase())
        assert.equal(again.chunked, message.chunked)
      }),
      { numRuns: 2000 },
    )
  })
})
