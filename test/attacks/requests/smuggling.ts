// Two requests in one: whatever the first says, the second is either its body or refused with it, and never a message of its own.
import { get, type HostileRequest, line, post, rows, smuggled } from '../hostile-request.ts'

const length = smuggled.length
const hex = length.toString(16)

export const smuggling: readonly HostileRequest[] = [
  ...rows(
    'RFC 9112 6.3; RFC 9110 9.3.1',
    'may',
    [
      ['CL.0: a request inside the body of a POST stays a body', post([`Content-Length: ${length}`], smuggled), 200],
      ['0.CL: a request inside the body of a GET stays a body', `GET /a HTTP/1.1\r\nHost: api.example\r\nContent-Length: ${length}\r\n\r\n${smuggled}`, 200],
      ['a request inside the body of a DELETE stays a body', `DELETE /a HTTP/1.1\r\nHost: api.example\r\nContent-Length: ${length}\r\n\r\n${smuggled}`, 200],
      ['a request inside the body of an OPTIONS stays a body', `OPTIONS /a HTTP/1.1\r\nHost: api.example\r\nContent-Length: ${length}\r\n\r\n${smuggled}`, 200],
      ['a request inside the body of a HEAD stays a body', `HEAD /a HTTP/1.1\r\nHost: api.example\r\nContent-Length: ${length}\r\n\r\n${smuggled}`, 200],
      ['a request inside a chunk stays a body', post(['Transfer-Encoding: chunked'], `${hex}\r\n${smuggled}\r\n0\r\n\r\n`), 200],
      [
        'a request inside a chunk of a GET stays a body',
        `GET /a HTTP/1.1\r\nHost: api.example\r\nTransfer-Encoding: chunked\r\n\r\n${hex}\r\n${smuggled}\r\n0\r\n\r\n`,
        200,
      ],
      ['a request in a body that looks like chunks stays a body', post([`Content-Length: ${length + 5}`], `0\r\n\r\n${smuggled}`), 200],
      [
        'a request in a body of HTTP/1.0 stays a body',
        `POST /a HTTP/1.0\r\nHost: api.example\r\nConnection: keep-alive\r\nContent-Length: ${length}\r\n\r\n${smuggled}`,
        200,
      ],
      ['a request in a body with Expect stays a body', post(['Expect: 100-continue', `Content-Length: ${length}`], smuggled), 200],
      ['a request in a body whose Content-Type says HTTP stays a body', post(['Content-Type: message/http', `Content-Length: ${length}`], smuggled), 200],
    ],
    {},
  ).map((each) => ({ ...each, body: each.bytes.includes(`0\r\n\r\n${smuggled}`) ? `0\r\n\r\n${smuggled}` : smuggled })),
  ...rows('RFC 9112 9.3 (what follows a refused message is not read)', 'must', [
    ['a request behind an odd length is not read', post(['Content-Length: 5x'], `hello${smuggled}`)],
    ['a request behind both framings is not read', post(['Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`)],
    ['a request behind a bare LF is not read', `GET /a HTTP/1.1\r\nHost: api.example\r\nA: b\n\n${smuggled}`],
    ['a request behind a bad chunk is not read', post(['Transfer-Encoding: chunked'], `5\r\nhello!!\r\n0\r\n\r\n${smuggled}`)],
    ['a request behind an unknown coding is not read', post(['Transfer-Encoding: gzip'], smuggled), [400, 501]],
    ['a request behind a chunked HTTP/1.0 message is not read', `POST /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`],
    ['a request behind a missing Host is not read', `GET /a HTTP/1.1\r\n\r\n${smuggled}`],
    ['a request behind a tunnel is not read', `CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n${smuggled}`, 501],
    ['a request behind an HTTP/0.9 line is not read', `GET /a\r\n${smuggled}`],
    ['a request in the last field, with its line end missing, is not read', `GET /a HTTP/1.1\r\nHost: api.example\r\nA: \n${smuggled}`],
    ['a request behind a folded Transfer-Encoding is not read', post(['Content-Length: 5', 'Transfer-Encoding:', ' chunked'], `0\r\n\r\n${smuggled}`)],
    ['a request behind a length with a space before its colon is not read', post([`Content-Length : ${length}`], smuggled)],
    ['a request behind a length hidden by a NUL is not read', post([`Content-Length: 0\x00${length}`], smuggled)],
    ['a request behind a bad trailer is not read', post(['Transfer-Encoding: chunked'], `0\r\nA\r\n\r\n${smuggled}`)],
    ['a request behind a chunk extension with LF is not read', post(['Transfer-Encoding: chunked'], `0;a\n\r\n\r\n${smuggled}`)],
    ['a request behind a listed Transfer-Encoding is not read', post(['Connection: transfer-encoding', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`)],
  ]),
  ...rows(
    'RFC 9112 9.6 (close is close)',
    'must',
    [
      ['a request behind Connection: close is not read', `${get('Connection: close')}${smuggled}`, 200],
      ['a request behind Connection: close in a list is not read', `${get('Connection: foo, CLOSE')}${smuggled}`, 200],
      ['a request behind HTTP/1.0 without keep-alive is not read', `${line('GET /a HTTP/1.0')}${smuggled}`, 200],
      ['close wins over keep-alive', `${get('Connection: keep-alive', 'Connection: close')}${smuggled}`, 200],
    ],
    { hides: '/smuggled' },
  ),
]
