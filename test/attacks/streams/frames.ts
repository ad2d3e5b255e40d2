// Frames that are not as RFC 9113 6 has them: lengths, streams, flags, settings, windows, padding, and blocks that are taken apart.
import {
  block,
  CODE,
  continuation,
  data,
  type Fields,
  FLAG,
  frame,
  goaway,
  headers,
  number32,
  PREFACE,
  ping,
  priority,
  SETTING,
  settings,
  TYPE,
  windowUpdate,
} from '../../support/stream-frames.ts'
import { asks, begins, GET, type HostileStream, honest, POST, streams } from '../hostile-stream.ts'

const broken = { goaway: [CODE.protocol] }
const size = { goaway: [CODE.frameSize] }
const flow = { goaway: [CODE.flowControl] }
const half = block(GET).subarray(0, 10)
const rest = block(GET).subarray(10)
const MOST = 2 ** 31 - 1
const withTrace: Fields = [[':method', 'TRACE'], ...GET.slice(1)]

export const streamFrames: readonly HostileStream[] = [
  ...streams('RFC 9113 3.4', { closed: true }, [
    ['another preface ends the connection', [], undefined, { greeting: Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n') }],
    ['a preface without settings behind it ends the connection', asks(GET), undefined, { greeting: PREFACE }],
    ['a preface twice ends the connection', [PREFACE, asks(GET)]],
    [
      'settings of an acknowledgement first end the connection',
      asks(GET),
      undefined,
      { greeting: Buffer.concat([PREFACE, frame(TYPE.settings, FLAG.ack, 0)]) },
    ],
    ['a PING first ends the connection', asks(GET), undefined, { greeting: Buffer.concat([PREFACE, ping()]) }],
    [
      'a request of HTTP/1.1 behind the preface ends the connection',
      [],
      undefined,
      { greeting: Buffer.concat([PREFACE, Buffer.from('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n')]) },
    ],
  ]),
  ...streams('RFC 9113 4.2', size, [
    ['a frame past the size that we take is an error', [begins(POST), frame(TYPE.data, 1, 1, Buffer.alloc(16_385))]],
    ['a HEADERS frame past the size is an error', headers(1, Buffer.alloc(16_385))],
    ['a length of 2^24-1 is an error before its octets come', frame(TYPE.data, 1, 1, '', 0xffffff)],
    ['a SETTINGS frame past the size is an error', frame(TYPE.settings, 0, 0, Buffer.alloc(16_386))],
    ['an unknown frame past the size is an error', frame(0x77, 0, 0, Buffer.alloc(16_385))],
  ]),
  ...streams('RFC 9113 6.1 and 6.2', broken, [
    ['padding as long as its DATA frame is an error', [begins(POST), frame(TYPE.data, 1 | FLAG.padded, 1, Buffer.from([5, 1, 2, 3, 4]))]],
    ['padding longer than its DATA frame is an error', [begins(POST), frame(TYPE.data, 1 | FLAG.padded, 1, Buffer.from([255, 1]))]],
    [
      'a padded DATA frame without the length of its padding is an error',
      [begins(POST), frame(TYPE.data, 1 | FLAG.padded, 1, '')],
      { goaway: [CODE.frameSize, CODE.protocol] },
    ],
    ['padding longer than its HEADERS frame is an error', frame(TYPE.headers, 5 | FLAG.padded, 1, Buffer.concat([Buffer.from([255]), block(GET)]))],
    [
      'a HEADERS frame too short for its priority is an error',
      frame(TYPE.headers, 5 | FLAG.priority, 1, Buffer.alloc(4)),
      { goaway: [CODE.frameSize, CODE.protocol] },
    ],
  ]),
  ...streams('RFC 9113 6.3 to 6.9: lengths', size, [
    ['a PRIORITY frame of four octets is an error of its stream or the connection', frame(TYPE.priority, 0, 1, Buffer.alloc(4))],
    ['a RST_STREAM frame of three octets is an error', [begins(POST), frame(TYPE.reset, 0, 1, Buffer.alloc(3))]],
    ['a RST_STREAM frame of five octets is an error', [begins(POST), frame(TYPE.reset, 0, 1, Buffer.alloc(5))]],
    ['a SETTINGS frame of five octets is an error', frame(TYPE.settings, 0, 0, Buffer.alloc(5))],
    ['an acknowledgement of settings with a payload is an error', frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(6))],
    ['a PING of seven octets is an error', ping('1234567')],
    ['a PING of nine octets is an error', ping('123456789')],
    ['an empty PING is an error', ping('')],
    ['a GOAWAY of seven octets is an error', frame(TYPE.goaway, 0, 0, Buffer.alloc(7))],
    ['a WINDOW_UPDATE of three octets is an error', frame(TYPE.windowUpdate, 0, 0, Buffer.alloc(3))],
    ['a WINDOW_UPDATE of five octets is an error', frame(TYPE.windowUpdate, 0, 0, Buffer.alloc(5))],
  ]),
  ...streams('RFC 9113 6: streams', broken, [
    ['SETTINGS on a stream are an error', frame(TYPE.settings, 0, 1)],
    ['a PING on a stream is an error', ping('12345678', 0, 1)],
    ['a GOAWAY on a stream is an error', frame(TYPE.goaway, 0, 1, Buffer.alloc(8))],
    ['RST_STREAM on stream 0 is an error', frame(TYPE.reset, 0, 0, number32(8))],
    ['a CONTINUATION on stream 0 is an error', continuation(0, block(GET))],
    ['a PUSH_PROMISE of a client is an error', frame(TYPE.push, FLAG.endHeaders, 1, Buffer.concat([number32(2), block(GET)]))],
    ['a PUSH_PROMISE on an open stream is an error', [begins(POST), frame(TYPE.push, FLAG.endHeaders, 1, Buffer.concat([number32(2), block(GET)]))]],
  ]),
  ...streams('RFC 9113 6.5.2', broken, [
    ['ENABLE_PUSH of 2 is an error', settings([SETTING.push, 2])],
    ['a window of 2^31 is an error', settings([SETTING.window, 2 ** 31]), flow],
    ['a window of 2^32-1 is an error', settings([SETTING.window, 0xffffffff]), flow],
    ['a frame size below 2^14 is an error', settings([SETTING.frameSize, 16_383])],
    ['a frame size past 2^24-1 is an error', settings([SETTING.frameSize, 2 ** 24])],
    ['a frame size of 0 is an error', settings([SETTING.frameSize, 0])],
    ['ENABLE_CONNECT_PROTOCOL of 2 is an error', settings([SETTING.connectProtocol, 2])],
  ]),
  ...streams('RFC 9113 6.9', broken, [
    ['a WINDOW_UPDATE of 0 for the connection is an error', windowUpdate(0, 0)],
    ['a WINDOW_UPDATE of 0 for a stream is an error of it or the connection', [begins(POST), windowUpdate(1, 0)]],
    ['a window of the connection past 2^31-1 is an error', windowUpdate(0, MOST), flow],
    ['a window of a stream past 2^31-1 is an error of it or the connection', [begins(POST), windowUpdate(1, MOST)], flow],
    [
      'settings that lift the window of a stream past 2^31-1 are an error',
      [begins(POST), windowUpdate(1, MOST - 65_535), settings([SETTING.window, 70_000])],
      flow,
    ],
  ]),
  ...streams('RFC 9113 10.5', { goaway: [CODE.calm] }, [
    ['more settings in one frame than there are is an error', settings(...Array.from({ length: 33 }, () => [SETTING.window, 65_535] as const))],
    ['thousands of PINGs are an error', Array.from({ length: 1500 }, () => ping())],
    ['thousands of SETTINGS are an error', Array.from({ length: 1500 }, () => settings())],
    ['thousands of windows are an error', Array.from({ length: 1500 }, () => windowUpdate(0, 1))],
    ['thousands of priorities are an error', Array.from({ length: 1500 }, () => priority(1, 0))],
    ['thousands of unknown frames are an error', Array.from({ length: 1500 }, () => frame(0x77, 0, 0, 'x'))],
    ['thousands of empty frames of a body are an error', [begins(POST), ...Array.from({ length: 1500 }, () => data(1, '', 0))]],
    [
      'thousands of frames for a stream that is over are an error',
      [asks(withTrace), ...Array.from({ length: 1500 }, () => frame(TYPE.reset, 0, 1, number32(8)))],
    ],
    [
      'hundreds of requests that are reset at once are an error',
      Array.from({ length: 300 }, (_, i) => [begins(POST, 1 + 2 * i), frame(TYPE.reset, 0, 1 + 2 * i, number32(8))]).flat(),
    ],
    ['hundreds of requests that are malformed are an error', Array.from({ length: 300 }, (_, i) => headers(1 + 2 * i, Buffer.alloc(0)))],
    [
      'hundreds of bodies of a wrong length are an error',
      Array.from({ length: 300 }, (_, i) => [begins([...POST, ['content-length', '5']], 1 + 2 * i), data(1 + 2 * i, 'abc')]).flat(),
    ],
  ]),
  ...streams('RFC 9113 6.10', broken, [
    ['a CONTINUATION without HEADERS is an error', continuation(1, block(GET))],
    ['a CONTINUATION behind the end of a block is an error', [honest(1), continuation(1, block(GET))]],
    ['a PING inside of a block is an error', [headers(1, half, FLAG.endStream), ping(), continuation(1, rest)]],
    ['DATA inside of a block is an error', [headers(1, half, 0), data(1, 'x'), continuation(1, rest)]],
    ['SETTINGS inside of a block are an error', [headers(1, half, FLAG.endStream), settings(), continuation(1, rest)]],
    ['another request inside of a block is an error', [headers(1, half, FLAG.endStream), asks(GET, 3), continuation(1, rest)]],
    ['a CONTINUATION of another stream inside of a block is an error', [headers(1, half, FLAG.endStream), continuation(3, rest)]],
    ['an unknown frame inside of a block is an error', [headers(1, half, FLAG.endStream), frame(0x77, 0, 1), continuation(1, rest)]],
    ['a RST_STREAM inside of a block is an error', [headers(1, half, FLAG.endStream), frame(TYPE.reset, 0, 1, number32(8)), continuation(1, rest)]],
  ]),
  ...streams('CVE-2024-28182', { goaway: [CODE.calm, CODE.internal, CODE.protocol, CODE.compression] }, [
    [
      'a block that never ends is an error',
      [headers(1, block(GET), FLAG.endStream), ...Array.from({ length: 2000 }, (_, i) => continuation(1, block([[`a${i}`, 'x'.repeat(100)]]), 0))],
    ],
    [
      'a block of empty frames that never ends is an error',
      [headers(1, block(GET), FLAG.endStream), ...Array.from({ length: 2000 }, () => continuation(1, Buffer.alloc(0), 0))],
    ],
    [
      'a block of one octet a frame is an error',
      [headers(1, Buffer.alloc(0), FLAG.endStream), ...Array.from(block(GET), (one) => continuation(1, Buffer.from([one]), 0))],
    ],
  ]),
  ...streams('RFC 9113 5.5, 5.3.2 and 6', { ignored: true }, [
    ['unknown frames are ignored', [frame(0x77, 0xff, 0, 'x'), frame(0xff, 0, 5, 'y'), frame(0x0a, 0, 0)]],
    ['an unknown frame on an open stream is ignored', [begins(POST), frame(0x77, 0, 1, 'x')]],
    ['unknown flags are ignored', frame(TYPE.ping, 0xfe, 0, '12345678')],
    ['unknown settings are ignored', settings([0xabcd, 1], [0, 5])],
    ['the reserved bit of a stream is ignored', frame(TYPE.ping, 0, 0x80000000, '12345678')],
    ['a priority of a stream that never was is ignored', priority(7, 0)],
    ['a priority that depends on itself says nothing any more', priority(7, 7)],
    ['a priority of stream 0 is an error', priority(0, 1), broken],
    ['ENABLE_CONNECT_PROTOCOL of a client says nothing', [settings([SETTING.connectProtocol, 1]), settings([SETTING.connectProtocol, 0])]],
    ['an acknowledgement of a PING that nobody sent ends the connection', ping('87654321', FLAG.ack), { goaway: [CODE.internal, CODE.protocol] }],
    ['a client that goes away is let go', goaway(0, CODE.none, 'bye'), { goaway: [CODE.none] }],
    ['a client that goes away with an error is let go', goaway(0, CODE.calm), { goaway: [CODE.none] }],
    ['a frame for a response is ignored on a reset stream', [begins(POST), frame(TYPE.reset, 0, 1, number32(8)), data(1, 'late')]],
    ['settings of windows of 0 are taken', settings([SETTING.window, 0], [SETTING.window, 65_535])],
  ]),
]
