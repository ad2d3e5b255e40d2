// A request in clear is sent to https only where that loses nothing, and to the host that it asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRequestHead } from '../../http/request-head.ts'
import { Exchange } from '../../pipeline/exchange.ts'
import { redirection } from './entrance.ts'

const LIMITS = { headBytes: 16_384, targetBytes: 8192, fields: 100 }
function sentTo(line: string, host: string, redirectPort?: number): string | undefined {
  const x = new Exchange()
  const bytes = Buffer.from(`${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  assert.equal(readRequestHead(x.head, bytes, 0, bytes.length, LIMITS), bytes.length)
  const reply = redirection(x, redirectPort === undefined ? {} : { redirectPort })
  return reply && `${reply.status} ${reply.fields.map(([, value]) => value).join(' ')}`
}

test('GET and HEAD are sent on with path and query, the port left out where it is the usual one', () => {
  for (const [line, host, port, place] of [
    ['GET /a/b?c=d', 'shop.example', 443, '308 https://shop.example/a/b?c=d no-store'],
    ['HEAD /', 'Shop.Example:80', 8443, '308 https://shop.example:8443/ no-store'],
    ['GET /?', '192.0.2.1:8080', 443, '308 https://192.0.2.1/? no-store'],
    ['GET /', '[2001:db8::1]:8080', 443, '308 https://[2001:db8::1]/ no-store'],
    ['POST /a', 'shop.example', 443, undefined],
    ['DELETE /a', 'shop.example', 443, undefined],
    ['OPTIONS *', 'shop.example', 443, undefined],
    ['GET /a', 'shop.example', undefined, undefined],
  ] as const)
    assert.equal(sentTo(line, host, port), place, `${line} ${host}`)
})
