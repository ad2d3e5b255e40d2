// The response head: how its body ends, what is dropped, and which responses are refused.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as F from './faults.ts'
import { fieldName } from './field-names.ts'
import { BY_CHUNKS, BY_CLOSE, BY_LENGTH, NO_BODY, ResponseHead, readResponseHead } from './response-head.ts'

function read(text: string, toHead = false): { readonly head: ResponseHead; readonly end: number } {
  const head = new ResponseHead()
  const bytes = Buffer.from(text, 'latin1')
  return { head, end: readResponseHead(head, bytes, 0, bytes.length, { headBytes: 400, fields: 6 }, toHead) }
}

describe('the end of a body is known', () => {
  const cases: [head: string, toHead: boolean, framing: number, keepAlive: boolean][] = [
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', false, BY_LENGTH, true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', false, NO_BODY, true],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', false, BY_CHUNKS, true],
    ['HTTP/1.1 200 OK\r\n\r\n', false, BY_CLOSE, false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', true, NO_BODY, true],
    ['HTTP/1.1 204 No Content\r\n\r\n', false, NO_BODY, true],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', false, NO_BODY, true],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n', false, BY_LENGTH, false],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\nConnection: X, Close\r\n\r\n', false, BY_LENGTH, false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n', false, BY_LENGTH, false],
    ['HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n', false, BY_LENGTH, true],
    ['HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n', false, BY_LENGTH, true],
  ]
  for (const [text, toHead, framing, keepAlive] of cases) {
    test(`${JSON.stringify(text)}${toHead ? ' to HEAD' : ''}`, () => {
      const { head, end } = read(text, toHead)
      assert.deepEqual([end, head.framing, head.keepAlive], [text.length, framing, keepAlive])
    })
  }
})

test('what belongs to the hop, or leads round the gateway, is dropped', () => {
  const { head } = read('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAlt-Svc: h3\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-Request-Id: 2\r\n\r\n')
  for (const name of ['alt-svc', 'connection', 'x-hop', 'x-request-id']) assert.equal(head.get(fieldName(name)), undefined, name)
})

test('is incomplete until its last octet', () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
  for (let length = 0; length < text.length; length++) assert.equal(read(text.slice(0, length)).end, 0, `${length} octets`)
})

describe('refuses', () => {
  const cases: [text: string, fault: number][] = [
    ['HTTP/2 200 OK\r\n\r\n', F.BAD_STATUS_LINE],
    ['HTTP/1.1 099 OK\r\n\r\n', F.BAD_STATUS_LINE],
    ['HTTP/1.1 600 OK\r\n\r\n', F.BAD_STATUS_LINE],
    ['HTTP/1.1 2000 OK\r\n\r\n', F.BAD_STATUS_LINE],
    ['HTTP/1.1 200 OK\n\n', F.BAD_LINE_END],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n', F.BAD_CONTENT_LENGTH],
    ['HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', F.BAD_CONTENT_LENGTH],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n', F.BOTH_LENGTHS],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', F.BAD_TRANSFER_ENCODING],
    ['HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', F.CHUNKED_IN_1_0],
    ['HTTP/1.1 200 OK\r\nContent_Length: 5\r\n\r\n', F.DISGUISED_FRAMING],
    ['HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 5\r\n\r\n', F.BAD_CONNECTION],
    ['HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n', F.FOLDED_LINE],
    [`HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(7)}\r\n`, F.TOO_MANY_FIELDS],
    [`HTTP/1.1 200 OK\r\nX: ${'a'.repeat(400)}`, F.HEAD_TOO_LARGE],
  ]
  for (const [text, fault] of cases)
    test(JSON.stringify(text.slice(0, 80)), () => assert.equal(F.messageFault(-read(text).end).reason, F.messageFault(fault).reason))
})
