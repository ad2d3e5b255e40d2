// An access line is one line of JSON whatever a client sends, and holds no secret however its parameter is spelled.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { OctetWriter } from '../base/octet-writer.ts'
import { RequestHead, readRequestHead } from '../http/request-head.ts'
import type { CredentialPlace } from '../pipeline/contract.ts'
import { type AccessEvent, AccessLine, escaped, redactQuery, routeMembers } from './access-line.ts'

function lineOf(target: string, changes: Partial<AccessEvent> = {}): string {
  const bytes = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`, 'latin1')
  const head = new RequestHead()
  assert.equal(readRequestHead(head, bytes, 0, bytes.length, { headBytes: 8192, targetBytes: 4096, fields: 10 }), bytes.length, target)
  const out = new OctetWriter(1024)
  new AccessLine(out).write({
    timeUs: 1_700_000_000_000_042,
    id: Buffer.from('0'.repeat(36)),
    address: { text: '192.0.2.1', octets: Uint8Array.of(192, 0, 2, 1), group: '192.0.2.1' },
    head,
    route: routeMembers('shop', 'GET "a"\n'),
    asked: '',
    principal: undefined,
    places: [],
    status: 200,
    code: '',
    bytesIn: 0,
    bytesOut: 5,
    durationUs: 1234,
    ...changes,
  })
  return out.take().toString('latin1')
}

describe('an access line', () => {
  test('holds what is known, as JSON, and ends in one line end', () => {
    const line = lineOf('/a/b?c=d')
    assert.match(line, /^[\x20-\x7e]*\n$/)
    const { time, path, query, status, operation, durationUs } = JSON.parse(line)
    assert.deepEqual([time, path, query, status, operation, durationUs], ['2023-11-14T22:13:20.000042Z', '/a/b', 'c=d', 200, 'GET "a"\n', 1234])
  })

  for (const target of ['/%22%7d%0a', '/%c2%85', '/%e2%80%a8', '/%c0%af', '/%1b%5b31m', "/a'b", '/%5c', '/?a\\b', '/?{%22x%22}', '/%7F?%1B[0m', '/a?\\u000a']) {
    test(`stays one line of plain ASCII: ${target}`, () => {
      const line = lineOf(target)
      assert.match(line, /^[\x20-\x7e]*\n$/)
      assert.equal(JSON.parse(line).status, 200)
    })
  }

  test('of a head that could not be read says nothing that the client sent', () => {
    const line = lineOf('/secret', { head: undefined, code: 'http.malformed', status: 400 })
    assert.doesNotMatch(line, /secret/)
    assert.equal(JSON.parse(line).code, 'http.malformed')
  })

  test('names the caller by consumer and credential, never by secret', () => {
    const { consumer, credential } = JSON.parse(lineOf('/', { principal: { consumer: 'a"cme', credential: 'key_1', policy: 'x' } as never }))
    assert.deepEqual([consumer, credential], ['a"cme', 'key_1'])
  })
})

test('escapes C0, C1, DEL, quotes, line separators and all that is not ASCII', () => {
  const text = '"\\\0\x07\n\r\x1b\x7f\x80\x85\x9f\u2028\u2029\ud800ü😀'
  assert.match(escaped(text), /^[\x20-\x7e]*$/)
  assert.equal(JSON.parse(`"${escaped(text)}"`), text)
})

describe('a query in the log', () => {
  const places: CredentialPlace[] = [{ in: 'query', name: 'k' }]
  const cases: [query: string, logged: string][] = [
    ['a=1&b=2', 'a=1&b=2'],
    ['k=secret', 'k=-'],
    ['%6b=secret', '%6b=-'],
    ['%6B=secret&a=1', '%6B=-&a=1'],
    ['api_key=s', 'api_key=-'],
    ['API%5fKEY=s', 'API%5fKEY=-'],
    ['%61pi_key=s', '%61pi_key=-'],
    ['%61pi_key%ff=s', '%61pi_key%ff=-'],
    ['access_token=s', 'access_token=-'],
    ['access%5Ftoken=s=t', 'access%5Ftoken=-'],
    ['user[password]=s', 'user[password]=-'],
    ['client+secret=s', 'client+secret=-'],
    ['a=1;token=s;b=2', 'a=1;token=-;b=2'],
    ['X-Amz-Signature=s', 'X-Amz-Signature=-'],
    ['code=s&sig=s&jwt=s&auth=s&key=s', 'code=-&sig=-&jwt=-&auth=-&key=-'],
    ['token=&&token=s', 'token=-&&token=-'],
    ['monkey=banana', 'monkey=banana'],
    ['', ''],
  ]
  for (const [query, logged] of cases) test(`${query} is ${logged}`, () => assert.equal(redactQuery(query, places), logged))
})
