// Bodies that are not as long as was said, and streams that go on where they ended.
import { block, CODE, data, frame, headers, reset as resets, TYPE } from '../../support/stream-frames.ts'
import { asks, begins, GET, get, HONEST, type HostileStream, honest, POST, post, streams, withField } from '../hostile-stream.ts'

const reset = { reset: [CODE.protocol] }
const smuggled = 'GET /smuggled HTTP/1.1\r\nhost: api.example\r\n\r\n'
const length = (value: string, body = 'hello'): Buffer[] => post([['content-length', value]], body)

export const streamBodies: readonly HostileStream[] = [
  ...streams('RFC 9113 8.1.1', reset, [
    ['a body shorter than its length is malformed', length('6')],
    ['a body of two frames that stays short is malformed', [begins([...POST, ['content-length', '9']]), data(1, 'hello', 0), data(1, 'you')]],
    ['a length without a body is malformed', get(['content-length', '5'])],
    ['a length without a body, said by trailers, is malformed', [begins([...POST, ['content-length', '5']]), headers(1, block([['a', 'b']]))]],
    ['an empty frame for a length of 5 is malformed', length('5', '')],
    [
      'two lengths that differ are malformed',
      post(
        [
          ['content-length', '5'],
          ['content-length', '6'],
        ],
        'hello',
      ),
    ],
    [
      'two lengths that agree are malformed',
      post(
        [
          ['content-length', '5'],
          ['content-length', '5'],
        ],
        'hello',
      ),
    ],
    ['a list of lengths is malformed', length('5,5')],
    ['a length with a plus sign is malformed', length('+5')],
    ['a length with a minus sign is malformed', length('-5')],
    ['a hexadecimal length is malformed', length('0x5')],
    ['a length of words is malformed', length('five')],
    ['a length with a fraction is malformed', length('5.0')],
    ['a length that wraps 64 bits is malformed', length('18446744073709551621')],
    ['a length of 100 nines is malformed', length('9'.repeat(100))],
    ['an empty length is malformed', length('')],
    ['a length with a space inside is malformed', length('5 5')],
  ]),
  ...streams('RFC 9113 8.1.1', reset, [
    ['a body longer than its length is malformed', length('4')],
    ['a request behind a body of its length is malformed', length('5', `hello${smuggled}`)],
    ['a request behind a length of 0 is malformed, and no part of the message before it', length('0', smuggled), undefined, { besides: '/hostile' }],
    [
      'a body that goes on in another frame is malformed',
      [begins([...POST, ['content-length', '5']]), data(1, 'hello', 0), data(1, smuggled)],
      undefined,
      { besides: '/hostile', hides: 'smuggled' },
    ],
  ]),
  ...streams('RFC 9110 8.6', { status: [400] }, [['a length of 16 digits is refused', length('0000000000000005')]]),
  ...streams('OWASP API4:2023', { status: [413] }, [
    ['a length past the limit is refused before the body', begins([...POST, ['content-length', '999999999999']])],
  ]),
  ...streams('RFC 9113 5.1', { goaway: [CODE.streamClosed, CODE.protocol] }, [
    ['DATA on a stream that never was is an error of the connection', data(1, smuggled), { goaway: [CODE.protocol] }],
    ['DATA on an idle stream beside an honest one is an error of the connection', [honest(1), data(3, smuggled)]],
    ['DATA on stream 0 is an error of the connection', frame(TYPE.data, 1, 0, smuggled), { goaway: [CODE.protocol] }],
    ['RST_STREAM on an idle stream is an error of the connection', resets(1, CODE.cancel), { goaway: [CODE.protocol] }],
    ['WINDOW_UPDATE on an idle stream is an error of the connection', frame(TYPE.windowUpdate, 0, 1, Buffer.from([0, 0, 0, 1])), { goaway: [CODE.protocol] }],
  ]),
  ...streams('RFC 9113 5.1', { reset: [CODE.streamClosed] }, [
    [
      'DATA behind the end of its stream is an error of the stream or the connection',
      [honest(1), data(1, smuggled)],
      { goaway: [CODE.streamClosed] },
      { besides: '/honest' },
    ],
    [
      'HEADERS behind the end of their stream are an error of the connection',
      [honest(1), asks(GET, 1)],
      { goaway: [CODE.streamClosed] },
      { besides: '/honest' },
    ],
    [
      'trailers behind the end of their stream are an error of the connection',
      [honest(1), headers(1, block([['a', 'b']]))],
      { goaway: [CODE.streamClosed] },
      { besides: '/honest' },
    ],
  ]),
  ...streams('RFC 9113 5.1.1', { goaway: [CODE.protocol] }, [
    ['a request on an even stream is an error of the connection', asks(GET, 2)],
    ['a request on stream 0 is an error of the connection', asks(GET, 0)],
  ]),
  ...streams('RFC 9113 5.1.1', { goaway: [CODE.protocol, CODE.streamClosed] }, [
    ['a request on a stream below the last is an error of the connection', [asks(HONEST, 5), asks(GET, 3)]],
    ['a request on a stream that was reset is an error of the connection', [begins(POST, 1), resets(1, CODE.cancel), asks(GET, 1)]],
    ['a request on a stream that was answered is an error of the connection', [asks(withField(':method', 'TRACE')), asks(GET, 1)]],
  ]),
  ...streams('RFC 9113 8.1: a request that was reset is not whole', { ignored: true }, [
    ['a body that is cut by a reset without an error never is a message', [begins(POST), data(1, 'half', 0), resets(1, CODE.none)]],
    ['a body that is cut by a reset never is a message', [begins(POST), data(1, 'half', 0), resets(1, CODE.cancel)]],
    ['a body that is cut by a reset with an error of the client ends nobody', [begins(POST), data(1, 'half', 0), resets(1, CODE.internal)]],
    ['a body of known length that is cut never is a message', [begins([...POST, ['content-length', '9']]), data(1, 'half', 0), resets(1, CODE.none)]],
    ['a request that is reset with an unknown code ends nobody', [begins(POST), resets(1, 0xdeadbeef)]],
  ]),
  ...streams('RFC 9113 8.3.1', { passes: 200 }, [
    ['a body that looks like a request is a body', [begins(withField(':method', 'POST')), data(1, smuggled)]],
    ['a body that looks like chunks is a body', [begins(withField(':method', 'POST')), data(1, `0\r\n\r\n${smuggled}`)]],
    ['a body in a GET that looks like a request is a body', [begins(GET), data(1, smuggled)]],
    ['a body of a declared length that looks like chunks is a body', length('5', '0\r\n\r\n')],
    ['empty frames between those of a body are nothing', [begins(POST), data(1, '', 0), data(1, 'a', 0), data(1, '', 0), data(1, '')]],
  ]),
]
