// Every hostile response on a stream there is.
import {
  block,
  CODE,
  continuation,
  data,
  FLAG,
  frame,
  headers,
  indexing,
  number32,
  ping,
  reset,
  SETTING,
  settings,
  TYPE,
  windowUpdate,
} from '../../support/stream-frames.ts'
import { head, whole } from '../../support/stream-upstream.ts'
import { type HostileStreamResponse, type ResponseRow, streamResponses } from '../hostile-stream-response.ts'

type Pair = readonly [string, string]
const ok = (...more: readonly Pair[]): readonly Pair[] => [[':status', '200'], ...more]
const ends = FLAG.endStream | FLAG.endHeaders
const poison = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\npoison'
const status = (value: string): ResponseRow => [
  `:status ${JSON.stringify(value)} is refused`,
  (stream) => [head(stream, [[':status', value]]), data(stream, 'x')],
]
const trailer =
  (...pairs: readonly Pair[]) =>
  (stream: number) => [head(stream), data(stream, 'body', 0), headers(stream, block(pairs))]

export const hostileStreamResponses: readonly HostileStreamResponse[] = [
  ...streamResponses('RFC 9113 8.3.2', 'refused', [
    ['a head without :status is refused', (stream) => [head(stream, [['a', 'b']]), data(stream, 'x')]],
    ['a head of no field is refused', (stream) => [head(stream, []), data(stream, 'x')]],
    [':status twice is refused', (stream) => [head(stream, ok([':status', '200'])), data(stream, 'x')]],
    [
      ':status behind a field is refused',
      (stream) => [
        head(stream, [
          ['a', 'b'],
          [':status', '200'],
        ]),
        data(stream, 'x'),
      ],
    ],
    ['a pseudo-field of requests is refused', (stream) => [head(stream, ok([':path', '/'])), data(stream, 'x')]],
    ...['20', '2000', '600', '000', '+20', 'abc', '', '2 0', '200 OK', '200\r\na: b'].map(status),
    ['101 is refused', (stream) => [head(stream, [[':status', '101']], ends)]],
    ['101 behind which more comes is refused', (stream) => [head(stream, [[':status', '101']]), data(stream, poison, 0)], { hides: 'poison' }],
  ]),
  ...streamResponses('RFC 9113 8.2.2', 'refused', [
    ['connection is refused', (stream) => [head(stream, ok(['connection', 'close'])), data(stream, 'x')]],
    ['transfer-encoding is refused', (stream) => [head(stream, ok(['transfer-encoding', 'chunked'])), data(stream, `0\r\n\r\n${poison}`)], { hides: 'poison' }],
    ['keep-alive is refused', (stream) => [head(stream, ok(['keep-alive', 'x'])), data(stream, 'x')]],
    ['proxy-connection is refused', (stream) => [head(stream, ok(['proxy-connection', 'x'])), data(stream, 'x')]],
    ['upgrade is refused', (stream) => [head(stream, ok(['upgrade', 'websocket'])), data(stream, 'x')]],
    ['te is refused', (stream) => [head(stream, ok(['te', 'gzip'])), data(stream, 'x')]],
  ]),
  ...streamResponses('RFC 9113 8.2', 'refused', [
    ['a name in upper case is refused', (stream) => [head(stream, ok(['Upper', 'x'])), data(stream, 'x')]],
    ['a space before a value is refused', (stream) => [head(stream, ok(['a', ' x'])), data(stream, 'x')]],
    ['a disguised length is refused', (stream) => [head(stream, ok(['content_length', '1'])), data(stream, 'x')]],
  ]),
  // nghttp2 takes such a field out and tells nobody (decision 0057).
  ...streamResponses('RFC 9113 8.2.1', 'passes', [
    [
      'a field with a line of HTTP/1.1 in its value is not shown',
      (stream) => [head(stream, ok(['a', 'b\r\nset-cookie: poison'])), data(stream, 'x')],
      { body: 'x', hides: 'poison' },
    ],
    [
      'a field with a response of HTTP/1.1 in its value is not shown',
      (stream) => [head(stream, ok(['a', `b\r\n\r\n${poison}`])), data(stream, 'x')],
      { body: 'x', hides: 'poison' },
    ],
    [
      'a field with a line of HTTP/1.1 in its name is not shown',
      (stream) => [head(stream, ok(['a: b\r\nset-cookie', 'poison'])), data(stream, 'x')],
      { body: 'x', hides: 'poison' },
    ],
    ['a field with a NUL in its value is not shown', (stream) => [head(stream, ok(['a', 'poison\0'])), data(stream, 'x')], { body: 'x', hides: 'poison' }],
  ]),
  ...streamResponses('RFC 9113 8.1.1', 'broken', [
    ['a body shorter than its length is seen broken', (stream) => [head(stream, ok(['content-length', '10'])), data(stream, 'short')]],
    [
      'a body longer than its length is seen broken',
      (stream) => [head(stream, ok(['content-length', '3'])), data(stream, `abc${poison}`)],
      { hides: 'poison' },
    ],
    [
      'a body that goes on past its length is seen broken',
      (stream) => [head(stream, ok(['content-length', '3'])), data(stream, 'abc', 0), data(stream, poison)],
      { hides: 'poison', body: 'abc' },
    ],
    ['a length without a body is seen broken', (stream) => [head(stream, ok(['content-length', '5']), ends)]],
    ['a length of which trailers come alone is seen broken', (stream) => [head(stream, ok(['content-length', '5'])), headers(stream, block([['a', 'b']]))]],
    ['two lengths are refused', (stream) => [head(stream, ok(['content-length', '1'], ['content-length', '1'])), data(stream, 'x')]],
    ['two lengths that differ are refused', (stream) => [head(stream, ok(['content-length', '1'], ['content-length', '2'])), data(stream, 'x')]],
    ['a length with a plus sign is refused', (stream) => [head(stream, ok(['content-length', '+1'])), data(stream, 'x')]],
    ['a body behind a 204 is seen broken', (stream) => [head(stream, [[':status', '204']]), data(stream, poison)], { hides: 'poison', status: 204 }],
    ['a body behind a 304 is seen broken', (stream) => [head(stream, [[':status', '304']]), data(stream, poison)], { hides: 'poison', status: 304 }],
    ['a body for HEAD is not shown', (stream) => [head(stream, ok(['content-length', '6'])), data(stream, poison)], { method: 'HEAD', hides: 'poison' }],
  ]),
  ...streamResponses('RFC 9113 8.1: what was reset is not whole', 'broken', [
    ...[CODE.none, CODE.cancel, CODE.internal, CODE.refused, CODE.calm, 0xdead].flatMap((code): ResponseRow[] => [
      [`a reset with code ${code} inside of a body of no length is seen broken`, (stream) => [head(stream), data(stream, 'half', 0), reset(stream, code)]],
      [
        `a reset with code ${code} inside of a body of known length is seen broken`,
        (stream) => [head(stream, ok(['content-length', '9'])), data(stream, 'half', 0), reset(stream, code)],
      ],
      [`a reset with code ${code} behind a head is seen broken`, (stream) => [head(stream), reset(stream, code)]],
      [
        `a reset with code ${code} in the place of an answer is refused`,
        (stream) => [reset(stream, code)],
        { outcome: code === CODE.cancel || code === CODE.refused ? 'again' : 'refused' },
      ],
    ]),
    ['a connection that closes inside of a body is seen broken', (stream) => [head(stream), data(stream, 'half', 0)], { ends: 'close' }],
    ['a connection that is reset inside of a body is seen broken', (stream) => [head(stream), data(stream, 'half', 0)], { ends: 'reset' }],
    ['a connection that goes away with an error inside of a body is seen broken', (stream) => [head(stream), data(stream, 'half', 0)], { ends: 'goaway' }],
    ['a connection that closes in the place of an answer is refused', () => [], { ends: 'close', outcome: 'again' }],
    ['a connection that is reset in the place of an answer is refused', () => [], { ends: 'reset', outcome: 'again' }],
    ['a connection that goes away with an error in the place of an answer is refused', () => [], { ends: 'goaway', outcome: 'refused' }],
  ]),
  ...streamResponses('RFC 9113 6 and 5.1', 'broken', [
    ['a body before its head is refused', (stream) => [data(stream, poison)], { outcome: 'refused', hides: 'poison' }],
    [
      'a PUSH_PROMISE is refused',
      (stream) => [
        frame(
          TYPE.push,
          FLAG.endHeaders,
          stream,
          Buffer.concat([
            number32(2),
            block([
              [':method', 'GET'],
              [':scheme', 'http'],
              [':path', '/'],
              [':authority', 'a'],
            ]),
          ]),
        ),
        ...whole(stream, 'x'),
      ],
    ],
    [
      'a response on a stream of its own is nobody\u2019s',
      (stream) => [head(stream + 100), data(stream + 100, poison), ...whole(stream, 'x')],
      { hides: 'poison' },
    ],
    ['a response on stream 2 is nobody\u2019s', (stream) => [head(2), data(2, poison), ...whole(stream, 'x')], { hides: 'poison' }],
    ['a PING of seven octets ends the connection', (stream) => [head(stream), ping('1234567')]],
    ['a window of 2^31 ends the connection', (stream) => [settings([SETTING.window, 2 ** 31]), ...whole(stream, 'x')]],
    ['a WINDOW_UPDATE of 0 ends the connection', (stream) => [windowUpdate(0, 0), ...whole(stream, 'x')]],
    ['padding longer than its frame ends the connection', (stream) => [head(stream), frame(TYPE.data, 1 | FLAG.padded, stream, Buffer.from([9, 1]))]],
    ['a frame past the size that we take ends the connection', (stream) => [head(stream), frame(TYPE.data, 1, stream, Buffer.alloc(16_385))]],
    ['a block that is interrupted ends the connection', (stream) => [headers(stream, block(ok()), 0), ping(), continuation(stream, Buffer.alloc(0))]],
    [
      'a block that never ends ends the connection',
      (stream) => [headers(stream, block(ok()), 0), ...Array.from({ length: 500 }, () => continuation(stream, block([['a', 'x'.repeat(1000)]]), 0))],
    ],
    ['an index past both tables ends the connection', (stream) => [headers(stream, Buffer.concat([block(ok()), Buffer.from([0xff, 0x7f])]), FLAG.endHeaders)]],
    [
      'what is no HTTP/2 ends the connection',
      () => [Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 6\r\n\r\npoison')],
      { outcome: 'refused', hides: 'poison' },
    ],
  ]),
  ...streamResponses('RFC 9113 10.5.1', 'refused', [
    [
      'a field that is told a thousand times over grows to nothing',
      (stream) => [headers(stream, Buffer.concat([block(ok()), indexing('bomb', 'x'.repeat(4000)), Buffer.alloc(1000, 0xbe)]), FLAG.endHeaders)],
    ],
    ['more fields than we take are refused', (stream) => [head(stream, ok(...Array.from({ length: 300 }, (): Pair => ['a', 'b'])), ends)]],
    [
      'more informational answers than a conversation has are refused',
      (stream) => [
        ...Array.from({ length: 40 }, () =>
          head(stream, [
            [':status', '103'],
            ['link', '<a>'],
          ]),
        ),
        ...whole(stream, 'x'),
      ],
    ],
    ['an informational answer that ends the stream is refused', (stream) => [head(stream, [[':status', '103']], ends)]],
  ]),
  ...streamResponses('RFC 9110 6.5.1', 'passes', [
    [
      'trailers that frame are not told',
      trailer(['content-type', 'poison'], ['set-cookie', 'poison'], ['x-request-id', 'poison']),
      { body: 'body', hides: 'poison' },
    ],
    [
      'trailers that vouch are not told',
      trailer(['gatehouse-consumer', 'poison'], ['authorization', 'poison'], ['cache-control', 'poison']),
      { body: 'body', hides: 'poison' },
    ],
    ['trailers with a line of HTTP/1.1 are not told', trailer(['a', 'b\r\nset-cookie: poison']), { body: 'body', hides: 'poison' }],
    ['an honest trailer is told to whom it can be told', trailer(['grpc-status', '0']), { body: 'body' }],
    [
      'what leads clients round the gateway is not shown',
      (stream) => [head(stream, ok(['alt-svc', 'h2="poison"'])), data(stream, 'x')],
      { body: 'x', hides: 'poison' },
    ],
    ['a repeated field is shown as it is', (stream) => [head(stream, ok(['etag', '"a"'], ['etag', '"b"'])), data(stream, 'x')], { body: 'x' }],
    [
      'an informational answer with repeated fields ends nobody',
      (stream) => [
        head(stream, [
          [':status', '103'],
          ['etag', 'a'],
          ['etag', 'b'],
        ]),
        ...whole(stream, 'x'),
      ],
      { body: 'x' },
    ],
    [
      'empty frames between those of a body are nothing',
      (stream) => [head(stream), data(stream, '', 0), data(stream, 'a', 0), data(stream, '', 0), data(stream, 'b')],
      { body: 'ab' },
    ],
    ['a body that looks like a response is a body', (stream) => [head(stream), data(stream, poison)], { body: poison }],
    ['a body that looks like chunks is a body', (stream) => [head(stream), data(stream, `0\r\n\r\n${poison}`)], { body: `0\r\n\r\n${poison}` }],
    ['unknown frames are ignored', (stream) => [frame(0x77, 0xff, stream, 'x'), ...whole(stream, 'x')], { body: 'x' }],
    ['a HEAD is answered by a head', (stream) => [head(stream, ok(['content-length', '6']), ends)], { method: 'HEAD' }],
    ['a 204 is a head', (stream) => [head(stream, [[':status', '204']], ends)], { status: 204 }],
    [
      'a 304 with a length is a head',
      (stream) => [
        head(
          stream,
          [
            [':status', '304'],
            ['content-length', '6'],
          ],
          ends,
        ),
      ],
      { status: 304 },
    ],
  ]),
  ...streamResponses('RFC 9113 8.1', 'broken', [
    ['trailers with a pseudo-field are seen broken', trailer([':status', '200'])],
    ['trailers with a name in upper case are seen broken', trailer(['Upper', 'x'])],
    ['trailers with transfer-encoding are seen broken', trailer(['transfer-encoding', 'chunked'])],
    [
      'trailers that do not end the stream are seen broken',
      (stream) => [head(stream), data(stream, 'body', 0), headers(stream, block([['a', 'b']]), FLAG.endHeaders), data(stream, poison)],
      { hides: 'poison' },
    ],
    [
      'a second head is seen broken',
      (stream) => [head(stream), data(stream, 'body', 0), head(stream, ok(['set-cookie', 'poison'])), data(stream, 'x')],
      { hides: 'poison' },
    ],
    [
      'a response behind the end of its stream is nobody\u2019s',
      (stream) => [...whole(stream, 'x'), head(stream), data(stream, poison)],
      { outcome: 'passes', body: 'x', hides: 'poison' },
    ],
  ]),
]
