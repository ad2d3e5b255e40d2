// Requests that RFC 9113 8 calls malformed: pseudo-fields, names, values, fields of connections, and what would be another request in HTTP/1.1.
import { block, CODE, continuation, data, FLAG, headers, literal } from '../../support/stream-frames.ts'
import { asks, begins, controls, GET, get, type HostileStream, honest, octet, POST, post, type StreamRow, streams, withField } from '../hostile-stream.ts'

const refused = { status: [400] }
const reset = { reset: [CODE.protocol] }
const either = (...statuses: number[]): { status: number[] } => ({ status: statuses })
const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: api.example\r\n\r\n'
const spoof = (...names: readonly string[]): StreamRow[] => names.map((name) => [`the upstream does not see ${name} from outside`, get([name, 'mallory'])])
const withoutAny = withField(':authority')
/** A field of one octet, in the code that RFC 7541 appendix B has for it, padded with ones. */
const huffman = (name: string, code: number): Buffer => {
  const bits = ({ 0: '1111111111000', 10: '111111111111111111111111111100', 13: '111111111111111111111111111101' } as Record<number, string>)[code] ?? ''
  const octets = bits
    .padEnd(Math.ceil(bits.length / 8) * 8, '1')
    .match(/.{8}/g)!
    .map((each) => Number.parseInt(each, 2))
  return Buffer.from([0x10, name.length, ...Buffer.from(name), 0x80 | octets.length, ...octets])
}

export const streamFields: readonly HostileStream[] = [
  ...streams('RFC 9113 8.3', reset, [
    ['a request without :method is malformed', asks(withField(':method'))],
    ['a request without :scheme is malformed', asks(withField(':scheme'))],
    ['a request without :path is malformed', asks(withField(':path'))],
    ['a request without any field is malformed', headers(1, Buffer.alloc(0))],
    ['a request of fields alone is malformed', asks([['a', 'b']])],
    ...GET.map((pair): StreamRow => [`${pair[0]} twice is malformed`, asks([...GET, pair])]),
    ['a second :path of another value is malformed', asks([...GET, [':path', '/smuggled']])],
    ['a second :authority of another value is malformed', asks([...GET, [':authority', 'other.example']])],
    ['an unknown pseudo-field is malformed', asks([[':unknown', 'x'], ...GET])],
    ['a pseudo-field of responses is malformed', asks([...GET, [':status', '200']])],
    ['a pseudo-field without a name is malformed', asks([[':', 'x'], ...GET])],
    ['a pseudo-field behind a field is malformed', asks([...GET.slice(0, 3), ['a', 'b'], GET[3]!])],
    ['pseudo-fields that all come last are malformed', asks([['a', 'b'], ...GET])],
    ['a pseudo-field in upper case is malformed', asks([...withField(':path'), [':Path', '/hostile']])],
    ['an empty :path is malformed', asks(withField(':path', ''))],
    ['an empty :method is malformed', asks(withField(':method', ''))],
    ['an empty :scheme is malformed', asks(withField(':scheme', ''))],
  ]),
  ...streams('RFC 9113 8.3.1', refused, [
    ['a request without :authority and host is malformed', asks(withoutAny), { reset: [CODE.protocol] }],
    ['an empty :authority is malformed', asks(withField(':authority', '')), reset],
    ['user information in :authority is refused', asks(withField(':authority', 'user@api.example')), { reset: [CODE.protocol] }],
    ['a user and password in :authority is refused', asks(withField(':authority', 'user:word@api.example')), { reset: [CODE.protocol] }],
    ['a path in :authority is refused', asks(withField(':authority', 'api.example/other')), { reset: [CODE.protocol] }],
    ['two hosts in :authority are refused', asks(withField(':authority', 'api.example,other.example'))],
    ['a port past 65535 in :authority is refused', asks(withField(':authority', 'api.example:65536'))],
    ['a port of letters in :authority is refused', asks(withField(':authority', 'api.example:http'))],
    ['a space in :authority is malformed', asks(withField(':authority', 'api.example other')), reset],
    ['a host that differs from :authority is refused', get(['host', 'other.example'])],
    ['a host of another port than :authority is refused', get(['host', 'api.example:8443'])],
    ['an empty host beside :authority is refused', get(['host', '']), reset],
    ['two hosts are refused, even when they agree', get(['host', 'api.example'], ['host', 'api.example']), reset],
    ['two hosts without :authority are refused', asks([...withoutAny, ['host', 'api.example'], ['host', 'other.example']]), reset],
    ['an absolute-form :path is refused', asks(withField(':path', 'https://api.example/hostile')), reset],
    ['an absolute-form :path to another host is refused', asks(withField(':path', 'http://other.example/hostile')), reset],
    ['a :path without a slash is refused', asks(withField(':path', 'hostile')), reset],
    ['an authority-form :path is refused', asks(withField(':path', 'api.example:443')), reset],
    ['an asterisk for anything but OPTIONS is refused', asks(withField(':path', '*')), reset],
    ['a space in :path is malformed', asks(withField(':path', '/a b')), reset],
    ['a version of HTTP/1.1 in :path is malformed', asks(withField(':path', '/a HTTP/1.1')), reset],
    ['a request of HTTP/1.1 in :path is malformed', asks(withField(':path', `/a HTTP/1.1\r\nhost: a\r\n\r\n${smuggled}`)), reset],
    ['a line end in :path is malformed', asks(withField(':path', '/a\r\nx: y')), reset],
    ['a fragment in :path is refused', asks(withField(':path', '/a#b'))],
    ['a percent sign alone in :path is refused', asks(withField(':path', '/a%'))],
    ['an encoded NUL in :path is refused', asks(withField(':path', '/a%00'))],
    ['an encoded percent sign that hides a slash is refused', asks(withField(':path', '/a%252fb'))],
    ['a backslash in :path is refused', asks(withField(':path', '/a\\..\\b'))],
    ['dots that climb above the root are refused', asks(withField(':path', '/a/../../b'))],
    ['another scheme is refused', asks(withField(':scheme', 'ftp'))],
    ['a scheme in upper case is refused', asks(withField(':scheme', 'HTTPS'))],
    ['a scheme with more behind it is refused', asks(withField(':scheme', 'https://other.example/')), reset],
    ['a line end in :scheme is malformed', asks(withField(':scheme', 'https\r\nx: y')), reset],
    ['a space in :method is malformed', asks(withField(':method', 'GET /smuggled')), reset],
    ['a request of HTTP/1.1 in :method is malformed', asks(withField(':method', `${smuggled}GET`)), reset],
    ['a delimiter in :method is malformed', asks(withField(':method', 'GET,PUT')), reset],
    ['a :method past 32 octets is refused', asks(withField(':method', 'A'.repeat(33)))],
    ['a TRACE is refused', asks(withField(':method', 'TRACE')), either(405)],
  ]),
  ...streams(
    'RFC 9113 8.2.1',
    reset,
    controls.flatMap((code): StreamRow[] => [
      [`${octet(code)} in :path is malformed`, asks(withField(':path', `/a${String.fromCharCode(code)}b`))],
      [`${octet(code)} in :authority is malformed`, asks(withField(':authority', `a${String.fromCharCode(code)}b`))],
      [`${octet(code)} in :method is malformed`, asks(withField(':method', `G${String.fromCharCode(code)}T`))],
    ]),
  ),
  ...streams(
    'RFC 9113 8.2.1',
    reset,
    [
      ...controls.flatMap((code): StreamRow[] => [
        [`a field with ${octet(code)} in its name is malformed`, get([`mal${String.fromCharCode(code)}lory`, 'mallory'])],
        ...(code === 9
          ? []
          : [[`a field with ${octet(code)} in its value is malformed`, get(['a', `mal${String.fromCharCode(code)}lory`], ['b', 'c'])] as StreamRow]),
      ]),
      ...[...'"(),/;<=>?@[\\]{} \xff'].map(
        (char): StreamRow => [`a field with ${JSON.stringify(char)} in its name is malformed`, get([`a${char}b`, 'mallory'])],
      ),
      ['a field without a name is malformed', get(['', 'mallory'])],
      ['a field with a colon in its name is malformed', get(['a:b', 'mallory'])],
      ['a field whose name holds a whole line is malformed', get(['a: b\r\nx', 'mallory'])],
      ['a field with a line of HTTP/1.1 in its value is malformed', get(['a', 'b\r\nx: mallory'])],
      ['a field with a line feed alone in its value is malformed', get(['a', 'b\nx: mallory'])],
      ['a field with a carriage return alone in its value is malformed', get(['a', 'b\rx: mallory'])],
      ['a field with a request of HTTP/1.1 in its value is malformed', get(['a', `mallory\r\n\r\n${smuggled}`])],
      ['a cookie with a request of HTTP/1.1 is malformed', get(['cookie', `mallory=b\r\n\r\n${smuggled}`])],
      ['a trailer with a request of HTTP/1.1 is malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['a', `mallory\r\n\r\n${smuggled}`]]))]],
    ],
    { hides: 'mallory' },
  ),
  ...streams('RFC 9113 8.2', reset, [
    ['a name in upper case is malformed', get(['Accept', 'x'])],
    ['one letter in upper case makes a name malformed', get(['accepT', 'x'])],
    ['Transfer-Encoding in upper case is malformed', get(['Transfer-Encoding', 'chunked'])],
    ['a space before a value is malformed', get(['a', ' x']), refused],
    ['a tab behind a value is malformed', get(['a', 'x\t']), refused],
    ['a value of white space is malformed', get(['a', ' ']), refused],
    ['a request of HTTP/1.1 in host is malformed', asks([...withoutAny, ['host', `api.example\r\n\r\n${smuggled}`]])],
    ['a request of HTTP/1.1 in a length is malformed', [begins([...POST, ['content-length', `0\r\n\r\n${smuggled}`]]), data(1, '')]],
  ]),
  ...streams('RFC 9113 8.2.2', reset, [
    ['connection is malformed', get(['connection', 'close'])],
    ['connection: keep-alive is malformed', get(['connection', 'keep-alive'])],
    ['connection that lists a field is malformed', get(['connection', 'authorization'], ['authorization', 'x'])],
    ['proxy-connection is malformed', get(['proxy-connection', 'keep-alive'])],
    ['keep-alive is malformed', get(['keep-alive', 'timeout=5'])],
    ['upgrade is malformed', get(['upgrade', 'h2c'])],
    ['upgrade: websocket is malformed', get(['upgrade', 'websocket'])],
    ['transfer-encoding: chunked on a GET is malformed', get(['transfer-encoding', 'chunked'])],
    ['transfer-encoding: chunked with chunks for a body is malformed', post([['transfer-encoding', 'chunked']], `0\r\n\r\n${smuggled}`)],
    ['transfer-encoding: identity is malformed', post([['transfer-encoding', 'identity']], 'x')],
    ['an empty transfer-encoding is malformed', post([['transfer-encoding', '']], 'x')],
    [
      'transfer-encoding beside a length is malformed',
      post(
        [
          ['content-length', '5'],
          ['transfer-encoding', 'chunked'],
        ],
        'hello',
      ),
    ],
    ['te: gzip is malformed', get(['te', 'gzip'])],
    ['te: trailers and another is malformed', get(['te', 'trailers, deflate'])],
    ['an empty te is malformed', get(['te', ''])],
  ]),
  ...streams('hardening: a name that reads as framing to whoever folds "_"', refused, [
    ['transfer_encoding is refused', post([['transfer_encoding', 'chunked']], 'x')],
    ['content_length is refused', post([['content_length', '0']], smuggled)],
  ]),
  ...streams(
    'hardening: reserved fields are stripped, with _ equal to -',
    { passes: 200 },
    spoof(
      'gatehouse-consumer',
      'gatehouse_consumer',
      'gatehouse-subject',
      'gatehouse-anything',
      'forwarded',
      'x-forwarded-for',
      'x_forwarded_for',
      'x-forwarded_for',
      'x-forwarded-host',
      'x-forwarded-proto',
      'x-forwarded-port',
      'x_forwarded_host',
      'x-original-url',
      'x_rewrite_url',
      'x-http-method-override',
      'x_http_method_override',
      'x-method-override',
      'client-cert',
      'client_cert',
      'x-real-ip',
      'x-request-id',
      'proxy',
      'proxy-authorization',
      'http2-settings',
    ),
    { hides: 'mallory' },
  ),
  ...streams('RFC 9113 8.5', either(501), [
    [
      'a CONNECT is refused',
      asks([
        [':method', 'CONNECT'],
        [':authority', 'other.example:443'],
      ]),
    ],
    ['a CONNECT with :path and :scheme is malformed', asks(withField(':method', 'CONNECT')), reset],
    ['a CONNECT without :authority is malformed', asks([[':method', 'CONNECT']]), reset],
    [
      'a CONNECT whose tunnel speaks at once reaches nobody',
      [
        begins([
          [':method', 'CONNECT'],
          [':authority', 'other.example:443'],
        ]),
        data(1, smuggled),
      ],
    ],
  ]),
  ...streams('RFC 8441 4', either(501), [
    ['a WebSocket where none is allowed is refused', [begins([[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1)])]],
    [
      'a WebSocket where none is allowed reaches nobody, whatever it says at once',
      [begins([[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1)]), data(1, smuggled, 0)],
    ],
    ['a tunnel of another protocol is refused', [begins([[':method', 'CONNECT'], [':protocol', 'connect-udp'], ...GET.slice(1)])]],
    ['a WebSocket whose stream has ended is refused', asks([[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1)])],
    [
      'an extended CONNECT without :path is malformed',
      begins([
        [':method', 'CONNECT'],
        [':protocol', 'websocket'],
        [':scheme', 'https'],
        [':authority', 'a'],
      ]),
      reset,
    ],
    [
      'an extended CONNECT without :scheme is malformed',
      begins([
        [':method', 'CONNECT'],
        [':protocol', 'websocket'],
        [':path', '/'],
        [':authority', 'a'],
      ]),
      reset,
    ],
    [
      'an extended CONNECT without :authority is malformed',
      begins([
        [':method', 'CONNECT'],
        [':protocol', 'websocket'],
        [':path', '/'],
        [':scheme', 'https'],
      ]),
      { reset: [CODE.protocol] },
    ],
    [
      'an extended CONNECT with a length is refused',
      begins([[':method', 'CONNECT'], [':protocol', 'websocket'], ...GET.slice(1), ['content-length', '5']]),
      refused,
    ],
    ['a :protocol on a GET is malformed', asks([[':method', 'GET'], [':protocol', 'websocket'], ...GET.slice(1)]), reset],
  ]),
  ...streams('RFC 9113 8.1', reset, [
    ['trailers with a pseudo-field are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([[':path', '/smuggled']]))]],
    ['trailers with a name in upper case are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['Upper', 'x']]))]],
    ['trailers with transfer-encoding are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['transfer-encoding', 'chunked']]))]],
    ['trailers with a length that is none are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['content-length', 'mallory']]))]],
    ['trailers with connection are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['connection', 'x-a']]))]],
    ['trailers with a length are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['content-length', '4']]))]],
    ['trailers with white space at an end of a value are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['a', ' b']]))]],
    ...controls
      .filter((code) => code !== 9 && code !== 32)
      .map(
        (code): StreamRow => [
          `${octet(code)} in trailers is malformed`,
          [begins(POST), data(1, 'body', 0), headers(1, block([['a', `b${String.fromCharCode(code)}c`]]))],
        ],
      ),
    ...[0, 10, 13].map(
      (code): StreamRow => [`${octet(code)} in Huffman\u2019s code in a value is malformed`, headers(1, Buffer.concat([block(GET), huffman('a', code)]))],
    ),
    ['trailers that do not end the stream are malformed', [begins(POST), data(1, 'body', 0), headers(1, block([['a', 'b']]), FLAG.endHeaders)]],
    ['a second head that does not end the stream is malformed', [begins(POST), headers(1, block(POST), FLAG.endHeaders)]],
  ]),
  ...streams(
    'RFC 9110 6.5.1',
    { passes: 200 },
    [
      ...['x-trailer', 'host', 'authorization', 'cookie', 'gatehouse-consumer'].map(
        (name): StreamRow => [`${name} in trailers is not told to the upstream`, [begins(POST), data(1, 'body', 0), headers(1, block([[name, 'mallory']]))]],
      ),
      [
        'a field that is told in two parts is one field',
        [headers(1, block(GET).subarray(0, 20), FLAG.endStream), continuation(1, Buffer.concat([block(GET).subarray(20), literal('x-request-id', 'mallory')]))],
      ],
      ['a field of a request beside an honest one is its own', [honest(1), asks([...GET, ['forwarded', 'for=mallory']], 3)], { passes: 200 }, { stream: 3 }],
    ],
    { hides: 'mallory' },
  ),
  ...streams('RFC 9110 10.1.1', { status: [417] }, [['another expectation than 100-continue is refused', get(['expect', '200-ok'])]]),
]
