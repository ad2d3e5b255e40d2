// Several messages on a connection, and how long it lasts (RFC 9112 9.3, 9.6, 2.2).
import { cutEvery } from '../../support/raw-client.ts'
import { type ExpectedMessage, expect, type HonestRequest, honest, type Shape, write } from '../honest-request.ts'

const get = (target: string, ...lines: string[]): Shape => ({ target, lines })
const post = (target: string, payload: string): Shape => ({ method: 'POST', target, lines: [`Content-Length: ${payload.length}`], payload })
const chunks = (target: string, payload: string): Shape => ({
  method: 'PUT',
  target,
  lines: ['Transfer-Encoding: chunked'],
  payload: `${payload.length.toString(16)}\r\n${payload}\r\n0\r\n\r\n`,
})

function pipeline(name: string, list: readonly (readonly [Shape, string])[], keeps = true): HonestRequest[] {
  const bytes = list.map(([shape]) => write(shape)).join('')
  const messages: ExpectedMessage[] = list.map(([shape, body]) => expect(shape, { body }))
  return [
    { name: `${name} in one segment`, steps: [bytes], messages, keeps },
    { name: `${name} octet by octet`, steps: cutEvery(bytes, 1), messages, keeps },
    { name: `${name} message by message`, steps: list.map(([shape]) => write(shape)), messages, keeps },
  ]
}

export const connections: readonly HonestRequest[] = [
  ...['close', 'Close', 'CLOSE', 'close, x-custom', 'x-custom , close', '\tclose', ', close,', 'keep-alive, close'].map((value) =>
    honest(`Connection: ${JSON.stringify(value)} ends the connection`, get('/a', `Connection: ${value}`), {}, false),
  ),
  ...['keep-alive', 'Keep-Alive', 'x-custom', 'x-custom, y-custom', 'keep-alive,x-custom', ',', 'TE', 'te, trailers'].map((value) =>
    honest(`Connection: ${JSON.stringify(value)} keeps the connection`, get('/a', `Connection: ${value}`)),
  ),
  honest('an empty Connection keeps the connection', get('/a', 'Connection:')),
  honest('two Connection fields', get('/a', 'Connection: x-custom', 'Connection: keep-alive')),
  honest('one empty line before the request line', { method: '\r\nGET' }, { method: 'GET' }),
  honest('Keep-Alive with parameters', get('/a', 'Keep-Alive: timeout=5, max=100', 'Connection: keep-alive')),
  honest('TE: trailers', get('/a', 'TE: trailers', 'Connection: TE')),
  honest(
    'Trailer announced',
    { method: 'POST', lines: ['Transfer-Encoding: chunked', 'Trailer: X-T'], payload: '1\r\nx\r\n0\r\nX-T: v\r\n\r\n' },
    { body: 'x' },
  ),
  honest('an Upgrade that the gateway does not follow', get('/a', 'Connection: Upgrade', 'Upgrade: example/1')),
  ...pipeline('two GETs', [
    [get('/one'), ''],
    [get('/two'), ''],
  ]),
  ...pipeline('a GET behind a POST', [
    [post('/one', 'hello'), 'hello'],
    [get('/two'), ''],
  ]),
  ...pipeline('a POST behind a HEAD', [
    [{ method: 'HEAD', target: '/one' }, ''],
    [post('/two', 'hello'), 'hello'],
  ]),
  ...pipeline('a GET behind a chunked PUT', [
    [chunks('/one', 'hello'), 'hello'],
    [get('/two'), ''],
  ]),
  ...pipeline('chunks behind a length behind chunks', [
    [chunks('/one', '0\r\n\r\n'), '0\r\n\r\n'],
    [post('/two', 'GET /x HTTP/1.1\r\n\r\n'), 'GET /x HTTP/1.1\r\n\r\n'],
    [chunks('/three', 'z'), 'z'],
  ]),
  ...pipeline(
    'a close behind two others',
    [
      [get('/one'), ''],
      [post('/two', 'x'), 'x'],
      [get('/three', 'Connection: close'), ''],
    ],
    false,
  ),
  ...pipeline(
    'ten GETs',
    Array.from({ length: 10 }, (_, index) => [get(`/${index}`), ''] as const),
  ),
  ...pipeline(
    'requests parted by one empty line each',
    Array.from({ length: 4 }, (_, index) => [{ method: '\r\nPOST', target: `/${index}`, lines: ['Content-Length: 1'], payload: 'x' }, 'x'] as const),
  ).map((each) => ({ ...each, messages: each.messages.map((message) => ({ ...message, method: 'POST' })) })),
]
