// What one would write on the wire to be read in two ways, or as somebody else: each as octets, and how the control listener must answer.

export interface WireAttack {
  readonly name: string
  /** `HOST` and `TOKEN` stand for what an honest client sends there. */
  readonly octets: string
  /** The status line of the one answer; `closed`: no answer at all. */
  readonly answer: RegExp | 'closed'
}
const get = (lines: string, path = '/api/v1/teams'): string => `GET ${path} HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`
const ok = 'Host: HOST\r\nAuthorization: Bearer TOKEN\r\n'
const post = (lines: string, body: string): string => `POST /api/v1/teams HTTP/1.1\r\n${ok}${lines}Connection: close\r\n\r\n${body}`
const json = 'Content-Type: application/json\r\n'
const BODY = '{"name":"smuggled"}'
const sized = `${json}Content-Length: ${BODY.length}\r\n`

export const wireAttacks: readonly WireAttack[] = [
  { name: 'an honest request, to compare with', octets: get(ok), answer: /^HTTP\/1\.1 200 / },
  { name: 'DNS rebinding: a name that somebody points here', octets: get('Host: evil.example\r\nAuthorization: Bearer TOKEN\r\n'), answer: / 421 / },
  { name: 'DNS rebinding with our port', octets: get('Host: evil.example:8081\r\n', '/livez'), answer: / 421 / },
  { name: 'a host that only begins like ours', octets: get('Host: localhost.evil.example\r\n', '/livez'), answer: / 421 / },
  { name: 'a host with somebody before it', octets: get('Host: evil@HOST\r\n', '/livez'), answer: / 421 / },
  { name: 'loopback in another spelling', octets: get('Host: 127.1:8081\r\n', '/livez'), answer: / 421 / },
  { name: 'loopback as one number', octets: get('Host: 2130706433\r\n', '/livez'), answer: / 421 / },
  { name: 'two hosts, ours first', octets: get(`Host: HOST\r\nHost: evil.example\r\nAuthorization: Bearer TOKEN\r\n`), answer: / 400 / },
  { name: 'two hosts, ours last', octets: get(`Host: evil.example\r\nHost: HOST\r\nAuthorization: Bearer TOKEN\r\n`), answer: / 4(?:00|21) / },
  { name: 'no host', octets: 'GET /livez HTTP/1.0\r\n\r\n', answer: / 421 / },
  { name: 'two credentials, a wrong one first', octets: get(`Host: HOST\r\nAuthorization: Bearer wrong\r\nAuthorization: Bearer TOKEN\r\n`), answer: / 400 / },
  { name: 'two credentials, a wrong one last', octets: get(`${ok}Authorization: Bearer wrong\r\n`), answer: / 400 / },
  { name: 'another host in the request target', octets: get(ok, 'http://evil.example/api/v1/teams'), answer: / 404 / },
  { name: 'a length and chunks', octets: post(`${json}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n`, '0\r\n\r\n'), answer: / 400 / },
  { name: 'two lengths', octets: post(`${json}Content-Length: 2\r\nContent-Length: 3\r\n`, '{} '), answer: / 400 / },
  { name: 'a length with a sign', octets: post(`${json}Content-Length: +2\r\n`, '{}'), answer: / 400 / },
  { name: 'chunked, and something besides', octets: post(`${json}Transfer-Encoding: chunked, identity\r\n`, '0\r\n\r\n'), answer: / (?:400|501) / },
  { name: 'lines that end with LF alone', octets: get(ok).replaceAll('\r\n', '\n'), answer: / 400 / },
  { name: 'white space before the colon', octets: get('Host : HOST\r\n', '/livez'), answer: / 400 / },
  { name: 'a folded line', octets: get(`Host: HOST\r\nX-A: b\r\n c\r\n`, '/livez'), answer: / 400 / },
  { name: 'a NUL in the target', octets: get(ok, '/api/v1/teams\0'), answer: / 400 / },
  { name: 'CR alone in a field', octets: get(`Host: HOST\r\nX-A: b\rX-B: c\r\n`, '/livez'), answer: / 400 / },
  { name: 'a method override', octets: get(`${ok}X-HTTP-Method-Override: DELETE\r\n`, '/api/v1/teams/reds'), answer: / 404 / },
  { name: 'TRACE, to have the credential sent back', octets: get(ok).replace('GET', 'TRACE'), answer: / 405 / },
  { name: 'CONNECT, to have a tunnel', octets: `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${ok}\r\n`, answer: 'closed' },
  {
    name: 'a preflight of another origin',
    octets: get('Host: HOST\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: PUT\r\n').replace('GET', 'OPTIONS'),
    answer: / 401 /,
  },
  { name: 'HTTP/2 without asking', octets: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', answer: / 400 / },
  { name: 'an expectation that nobody meets', octets: post(`${sized}Expect: 200-ok\r\n`, BODY), answer: / 417 / },
  { name: 'more fields than fit', octets: get(`Host: HOST\r\n${'X-A: b\r\n'.repeat(2500)}`, '/livez'), answer: / 431 / },
  { name: 'a target that does not end', octets: get(ok, `/api/v1/${'a'.repeat(20_000)}`), answer: / 431 / },
  { name: 'a body in a coding', octets: post(`${sized}Content-Encoding: gzip\r\n`, BODY), answer: / 415 / },
  { name: 'two types of the body', octets: post(`${json}Content-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n`, BODY), answer: / 400 / },
  { name: 'JSON as a form of another site sends it', octets: post(`Content-Type: text/plain\r\nContent-Length: ${BODY.length}\r\n`, BODY), answer: / 415 / },
  { name: 'JSON in UTF-16', octets: post(`Content-Type: application/json; charset=utf-16\r\nContent-Length: ${BODY.length}\r\n`, BODY), answer: / 415 / },
  { name: 'a body that is not UTF-8', octets: post(`${json}Content-Length: 12\r\n`, '{"name":"\xff"}'), answer: / 400 / },
  { name: 'a foreign Origin with a token', octets: post(`${sized}Origin: http://evil.example\r\n`, BODY), answer: / 403 / },
  { name: 'another port of this machine as Origin', octets: post(`${sized}Origin: http://127.0.0.1:1\r\n`, BODY), answer: / 403 / },
  { name: 'the opaque origin of a sandbox', octets: post(`${sized}Origin: null\r\n`, BODY), answer: / 403 / },
  { name: 'two origins, ours first', octets: post(`${sized}Origin: http://HOST\r\nOrigin: http://evil.example\r\n`, BODY), answer: / 400 / },
  { name: 'two keys of idempotency', octets: post(`${sized}Idempotency-Key: a\r\nIdempotency-Key: b\r\n`, BODY), answer: / 400 / },
  {
    name: 'an address that is said to be another',
    octets: get('Host: HOST\r\nAuthorization: Bearer wrong\r\nX-Forwarded-For: 192.0.2.1\r\n'),
    answer: / 401 /,
  },
  { name: 'the credential in the query', octets: get('Host: HOST\r\n', '/api/v1/teams?access_token=TOKEN'), answer: / 401 / },
  { name: 'the credential by another scheme', octets: get('Host: HOST\r\nAuthorization: Basic TOKEN\r\n'), answer: / 401 / },
  { name: 'a NUL byte after the credential', octets: get('Host: HOST\r\nAuthorization: Bearer TOKEN\0\r\n'), answer: / 400 / },
  { name: 'a credential with something after it', octets: get('Host: HOST\r\nAuthorization: Bearer TOKEN,x\r\n'), answer: / 401 / },
]
