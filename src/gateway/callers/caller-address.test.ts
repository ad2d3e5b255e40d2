// Only trusted proxies are believed about where a request came from, and only as far as the chain of trust reaches.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { NetworkSet, parseCidr } from '../../base/ip.ts'
import { RequestHead, readRequestHead } from '../../http/request-head.ts'
import { forwardedCaller, peerAddress } from './caller-address.ts'

const trusted = new NetworkSet(['10.0.0.0/8', '2001:db8:1::/48'].map((text) => parseCidr(text)!))

function caller(peer: string, ...fields: string[]): string {
  const head = new RequestHead()
  const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields.map((field) => `${field}\r\n`).join('')}\r\n`, 'latin1')
  assert.ok(readRequestHead(head, bytes, 0, bytes.length, { headBytes: 16384, targetBytes: 8192, fields: 100 }) > 0)
  return forwardedCaller(head, peerAddress(peer), trusted).text
}

describe('behind the trusted proxy 10.0.0.1, the caller', () => {
  const table: [what: string, fields: string[], caller: string][] = [
    ['is the proxy itself when it says nothing', [], '10.0.0.1'],
    ['is the one it names', ['X-Forwarded-For: 203.0.113.9'], '203.0.113.9'],
    ['is the last that no trusted proxy vouches for', ['X-Forwarded-For: 6.6.6.6, 203.0.113.9, 10.0.0.7'], '203.0.113.9'],
    ['is read over several fields', ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 203.0.113.9, 10.0.0.7'], '203.0.113.9'],
    ['is the outermost when all are trusted', ['X-Forwarded-For: 10.1.1.1, 10.0.0.7'], '10.1.1.1'],
    ['is read from Forwarded', ['Forwarded: for=6.6.6.6, for=203.0.113.9;proto=https'], '203.0.113.9'],
    ['is not read out of what is quoted', ['Forwarded: for=203.0.113.9;host="evil, for=6.6.6.6;x="'], '203.0.113.9'],
    ['is not read out of a quoted parameter', ['Forwarded: host="x;for=6.6.6.6";for=203.0.113.9'], '203.0.113.9'],
    ['is the proxy when a quote does not end', ['Forwarded: for=203.0.113.9;host="evil, for=6.6.6.6'], '10.0.0.1'],
    ['may be IPv6, quoted and with a port', ['Forwarded: for="[2001:db8::9]:4711"'], '2001:db8::9'],
    ['may have a port', ['X-Forwarded-For: 203.0.113.9:4711'], '203.0.113.9'],
    ['is unmapped', ['X-Forwarded-For: ::ffff:203.0.113.9'], '203.0.113.9'],
    ['is not looked for to the left of a name that hides one', ['Forwarded: for=6.6.6.6, for=_hidden, for=10.0.0.7'], '10.0.0.7'],
    ['is not looked for to the left of what is no address', ['X-Forwarded-For: 6.6.6.6, 010.0.0.1'], '10.0.0.1'],
    ['is the proxy when the two fields tell two stories', ['X-Forwarded-For: 203.0.113.9', 'Forwarded: for=203.0.113.10'], '10.0.0.1'],
    ['is believed when both tell the same', ['X-Forwarded-For: 203.0.113.9', 'Forwarded: for=203.0.113.9'], '203.0.113.9'],
    ['is found in 32 hops at the most', [`X-Forwarded-For: 203.0.113.9, ${Array.from({ length: 40 }, () => '10.0.0.7').join(', ')}`], '10.0.0.7'],
    ['is not read from a spelling with an underscore', ['X_Forwarded_For: 203.0.113.9'], '10.0.0.1'],
  ]
  for (const [what, fields, expected] of table) test(what, () => assert.equal(caller('10.0.0.1', ...fields), expected))
})

test('a peer that is gone counts as nobody in particular', () => assert.equal(peerAddress(undefined).text, '0.0.0.0'))
test('an IPv6 peer is counted under its /64', () => assert.equal(peerAddress('2001:db8::1:2:3:4').group, '2001:db8::/64'))
