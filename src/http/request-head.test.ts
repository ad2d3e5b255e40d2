// The request head: what it says when it is right, which fault when it is wrong, and that it reads the same however it is cut.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as F from './faults.ts'
import { fieldName } from './field-names.ts'
import { RequestHead, readRequestHead } from './request-head.ts'

const LIMITS = { headBytes: 400, targetBytes: 100, fields: 6 }
const HOST = 'Host: a.example\r\n'

function read(text: string): { readonly head: RequestHead; readonly end: number } {
  const head = new RequestHead()
  const bytes = Buffer.from(text, 'latin1')
  return { head, end: readRequestHead(head, bytes, 0, bytes.length, LIMITS) }
}

test('tells method, target, host, framing and connection', () => {
  const text = `POST /a/b?c=d HTTP/1.1\r\nHost: A.Example:8080\r\nContent-Length: 12\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nX-Kept:  2 \r\n\r\n`
  const { head, end } = read(`${text}body`)
  assert.equal(end, text.length)
  assert.deepEqual([head.method, head.path, head.query, head.host, head.hostName], ['POST', '/a/b', 'c=d', 'A.Example:8080', 'a.example'])
  assert.deepEqual([head.contentLength, head.chunked, head.keepAlive, head.hasBody], [12, false, false, true])
  assert.equal(head.get(fieldName('x-hop')), undefined)
  assert.equal(head.get(fieldName('X-KEPT')), '2')
})

test('reads the same however many octets are there: incomplete until the last one', () => {
  const text = `PUT http://a.example/x%41?y HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nX-A: b\r\n\r\n`
  for (let length = 0; length < text.length; length++) assert.equal(read(text.slice(0, length)).end, 0, `${length} octets`)
  const { head, end } = read(text)
  assert.deepEqual([end, head.path, head.chunked], [text.length, '/xA', true])
})

test('nothing of one head is left in the next', () => {
  const head = new RequestHead()
  for (const [text, expected] of [
    [`POST /a%41?q HTTP/1.1\r\n${HOST}Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`, ['/aA', 'q', 3, true, false]],
    [`GET /b HTTP/1.1\r\n${HOST}\r\n`, ['/b', undefined, -1, false, true]],
  ] as const) {
    const bytes = Buffer.from(text)
    assert.equal(readRequestHead(head, bytes, 0, bytes.length, LIMITS), bytes.length)
    assert.deepEqual([head.path, head.query, head.contentLength, head.expectsContinue, head.keepAlive], expected)
  }
})

describe('a request for a WebSocket', () => {
  const upgrade = `Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n`
  const cases: [text: string, asks: boolean][] = [
    [`GET / HTTP/1.1\r\n${HOST}${upgrade}\r\n`, true],
    [`GET / HTTP/1.0\r\n${HOST}${upgrade}\r\n`, false],
    [`PUT / HTTP/1.1\r\n${HOST}${upgrade}\r\n`, false],
    [`GET / HTTP/1.1\r\n${HOST}${upgrade}Content-Length: 1\r\n\r\n`, false],
    [`GET / HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n\r\n`, false],
    [`GET / HTTP/1.1\r\n${HOST}${upgrade}Upgrade: websocket\r\n\r\n`, false],
  ]
  for (const [text, asks] of cases) test(`${asks}: ${JSON.stringify(text)}`, () => assert.equal(read(text).head.asksWebsocket, asks))
})

describe('refuses', () => {
  const cases: [text: string, fault: number][] = [
    [` GET / HTTP/1.1\r\n`, F.BAD_METHOD],
    [`GET  / HTTP/1.1\r\n`, F.BAD_TARGET],
    [`GET /a#b HTTP/1.1\r\n`, F.BAD_TARGET],
    [`GET /%4 HTTP/1.1\r\n${HOST}\r\n`, F.BAD_PERCENT],
    [`GET / HTTP/2.0\r\n`, F.UNSUPPORTED_VERSION],
    [`GET / HTTP/1.1\n`, F.BAD_LINE_END],
    [`GET / HTTP/1.1\r\nHost : a\r\n`, F.BAD_FIELD_NAME],
    [`GET / HTTP/1.1\r\n${HOST} folded\r\n`, F.FOLDED_LINE],
    [`GET / HTTP/1.1\r\n${HOST}X: a\0\r\n`, F.BAD_FIELD_VALUE],
    [`GET / HTTP/1.1\r\n\r\n`, F.BAD_HOST],
    [`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, F.BAD_HOST],
    [`GET http://b/ HTTP/1.1\r\n${HOST}\r\n`, F.HOST_DISAGREES],
    [`GET / HTTP/1.1\r\n${HOST}Content-Length: +1\r\n\r\n`, F.BAD_CONTENT_LENGTH],
    [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, F.BAD_CONTENT_LENGTH],
    [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, F.BOTH_LENGTHS],
    [`GET / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, F.CHUNKED_IN_1_0],
    [`GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\n\r\n`, F.UNKNOWN_CODING],
    [`GET / HTTP/1.1\r\n${HOST}Transfer_Encoding: chunked\r\n\r\n`, F.DISGUISED_FRAMING],
    [`GET / HTTP/1.1\r\n${HOST}Connection: Authorization\r\n\r\n`, F.BAD_CONNECTION],
    [`GET / HTTP/1.1\r\n${HOST}Expect: 200-ok\r\n\r\n`, F.EXPECTATION_FAILED],
    [`TRACE / HTTP/1.1\r\n${HOST}\r\n`, F.TRACE_REFUSED],
    [`CONNECT a:1 HTTP/1.1\r\n`, F.CONNECT_REFUSED],
    [`GET /${'a'.repeat(100)}`, F.TARGET_TOO_LONG],
    [`GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(400)}`, F.HEAD_TOO_LARGE],
    [`GET / HTTP/1.1\r\n${HOST}${'A: b\r\n'.repeat(6)}\r\n`, F.TOO_MANY_FIELDS],
  ]
  for (const [text, fault] of cases)
    test(JSON.stringify(text.slice(0, 80)), () => assert.equal(F.messageFault(-read(text).end).reason, F.messageFault(fault).reason))
})
