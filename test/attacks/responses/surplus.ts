// Responses that pass, on connections that must not: bytes behind the end, bytes that nobody asked for, answers ahead of the request's end.
import { type HostileResponse, ok, poison, responses } from '../hostile-response.ts'

const hello = ok(['Content-Length: 5'], 'hello')
const chunked = ok(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n')
const head = 'HEAD TARGET HTTP/1.1\r\nHost: api.example\r\n\r\n'
const unfinished = 'POST TARGET HTTP/1.1\r\nHost: api.example\r\nContent-Length: 100\r\n\r\nhello'
const body = 'hello'

export const surplus: readonly HostileResponse[] = [
  ...responses('RFC 9112 6.3; hardening: no reuse after surplus bytes', 'passes', 'keep', [
    ['a second response behind a length', hello + poison, { body, hides: 'poison' }],
    ['a second response behind the last chunk', chunked + poison, { body, hides: 'poison' }],
    ['one octet behind a length', `${hello}x`, { body }],
    ['CRLF behind a length', `${hello}\r\n`, { body }],
    ['a second response behind an empty body', ok(['Content-Length: 0']) + poison, { hides: 'poison' }],
    ['a body on a 204', 'HTTP/1.1 204 No Content\r\n\r\npoison', { status: 204, hides: 'poison' }],
    ['a response behind a 204', `HTTP/1.1 204 No Content\r\n\r\n${poison}`, { status: 204, hides: 'poison' }],
    ['a body on a 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison', { status: 304, hides: 'poison' }],
    ['a body behind the answer to a HEAD', ok(['Content-Length: 6'], 'poison'), { request: head, hides: 'poison' }],
    ['chunks behind the answer to a HEAD', ok(['Transfer-Encoding: chunked'], '6\r\npoison\r\n0\r\n\r\n'), { request: head, hides: 'poison' }],
    ['a third response behind the second', hello + poison + poison, { body, hides: 'poison' }],
    ['half a response behind a length', `${hello}HTTP/1.1 200 OK\r\nA:`, { body }],
  ]),
  ...responses('hardening: no reuse after idle bytes', 'passes', 'keep', [
    ['a response on an idle connection', hello, { body, later: poison, hides: 'poison' }],
    ['a response on an idle connection behind chunks', chunked, { body, later: poison, hides: 'poison' }],
    ['a response on an idle connection behind a 204', 'HTTP/1.1 204 No Content\r\n\r\n', { status: 204, later: poison, hides: 'poison' }],
    ['one octet on an idle connection', hello, { body, later: 'x' }],
    ['a 408 on an idle connection', hello, { body, later: 'HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n' }],
    ['a 100 on an idle connection', hello, { body, later: 'HTTP/1.1 100 Continue\r\n\r\n' }],
  ]),
  ...responses('RFC 9112 9.6', 'passes', 'keep', [
    ['a response that announces the close and keeps the connection', ok(['Connection: close', 'Content-Length: 5'], 'hello'), { body }],
    ['an HTTP/1.0 response that keeps the connection without saying so', 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello', { body }],
  ]),
  ...responses('hardening: no reuse after a response that ended before the request', 'passes', 'keep', [
    ['a 200 before the request body ended', hello, { request: unfinished, body }],
    ['a 413 before the request body ended', 'HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nhello', { request: unfinished, status: 413, body }],
    ['a chunked 200 before the request body ended', chunked, { request: unfinished, body }],
  ]),
  ...responses('RFC 9110 7.6.1; RFC 9110 6.5', 'passes', 'keep', [
    ['a field listed in Connection', ok(['Connection: X-Inner', 'X-Inner: poison', 'Content-Length: 5'], 'hello'), { body, hides: 'poison', reusable: true }],
    ['Keep-Alive', ok(['Keep-Alive: timeout=poison', 'Content-Length: 5'], 'hello'), { body, hides: 'poison', reusable: true }],
    ['Proxy-Connection', ok(['Proxy-Connection: poison', 'Content-Length: 5'], 'hello'), { body, hides: 'poison', reusable: true }],
    ['an offer to upgrade', ok(['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 5'], 'hello'), { body, hides: 'h2c', reusable: true }],
    [
      'a Content-Length among the trailers',
      ok(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nContent-Length: 7777\r\n\r\n'),
      { body, hides: '7777', reusable: true },
    ],
    [
      'a Set-Cookie among the trailers',
      ok(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nSet-Cookie: a=7777\r\n\r\n'),
      { body, hides: '7777', reusable: true },
    ],
  ]),
  ...responses('RFC 9110 15.2', 'passes', 'keep', [
    ['a 100 that nobody asked for', `HTTP/1.1 100 Continue\r\n\r\n${hello}`, { body, reusable: true }],
    ['a 100 and a 102', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${hello}`, { body, reusable: true }],
    ['an unknown 1xx', `HTTP/1.1 199 Odd\r\nA: b\r\n\r\n${hello}`, { body, reusable: true }],
  ]),
  ...responses('RFC 9112 6.3 rule 8', 'passes', 'close', [
    ['a body that ends with the connection', ok([], 'hello'), { body }],
    ['an HTTP/1.0 body that ends with the connection', 'HTTP/1.0 200 OK\r\n\r\nhello', { body }],
    ['a body that ends with the connection and looks like two responses', ok([], `hello${poison}`), { body: `hello${poison}` }],
    ['an empty body that ends with the connection', ok([])],
  ]),
  ...responses('RFC 9112 4; RFC 9110 5.5', 'passes', 'keep', [
    ['a status without a reason', 'HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello', { body, reusable: true }],
    ['octets above 127 in reason and value', 'HTTP/1.1 200 \xd6K\r\nA: \xff\r\nContent-Length: 5\r\n\r\nhello', { body, reusable: true }],
    ['Chunked in capitals', ok(['Transfer-Encoding: CHUNKED'], '5\r\nhello\r\n0\r\n\r\n'), { body, reusable: true }],
    ['an extension and a trailer', ok(['Transfer-Encoding: chunked'], '5;a="b"\r\nhello\r\n0\r\nA: b\r\n\r\n'), { body, reusable: true }],
    ['a length for a HEAD', ok(['Content-Length: 5']), { request: head, reusable: true }],
    ['chunked for a HEAD', ok(['Transfer-Encoding: chunked']), { request: head, reusable: true }],
    ['a length on a 304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', { status: 304, reusable: true }],
    ['an unknown status', 'HTTP/1.1 299 Odd\r\nContent-Length: 5\r\n\r\nhello', { status: 299, body, reusable: true }],
    ['a 404', 'HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nhello', { status: 404, body, reusable: true }],
    ['a head octet by octet', [...hello], { body, reusable: true }],
  ]),
]
