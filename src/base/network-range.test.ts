// An address means every host that it could lead to, and public is only what is known to be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatIp, parseIp } from './ip.ts'
import { isLinkLocalOrMetadata, isPublic, meanings } from './network-range.ts'

const embedded: [address: string, means: string[]][] = [
  ['192.0.2.1', ['192.0.2.1']],
  ['::ffff:192.0.2.1', ['192.0.2.1']],
  ['::192.0.2.1', ['::c000:201', '192.0.2.1']],
  ['::', ['::']],
  ['::1', ['::1']],
  ['::ffff:0:192.0.2.1', ['::ffff:0:c000:201', '192.0.2.1']],
  ['64:ff9b::192.0.2.33', ['64:ff9b::c000:221', '192.0.2.33']],
  // The places of RFC 6052 2.4, under the prefix of RFC 8215: /48, /56, /64 and /96 are all possible.
  ['64:ff9b:1:c000:2:2100::', ['64:ff9b:1:c000:2:2100::', '192.0.2.33', '0.2.33.0', '2.33.0.0', '0.0.0.0']],
  ['2002:c000:221::1', ['2002:c000:221::1', '192.0.2.33']],
  ['2001:0:c000:221:0:0:3f57:fefe', ['2001:0:c000:221::3f57:fefe', '192.0.2.33', '192.168.1.1']],
  ['fd00::5efe:192.0.2.33', ['fd00::5efe:c000:221', '192.0.2.33']],
  ['2001:db8::200:5efe:192.0.2.33', ['2001:db8::200:5efe:c000:221', '192.0.2.33']],
  ['2001:db8::1', ['2001:db8::1']],
]
test('the addresses inside an address are those of its scheme', () => {
  for (const [address, means] of embedded) assert.deepEqual(meanings(parseIp(address)!).map(formatIp), means, address)
  assert.equal(embedded.length, 13)
})

test('a mapped address is public when the address in it is', () => {
  assert.ok(isPublic(parseIp('::ffff:8.8.8.8')!))
  assert.ok(!isPublic(parseIp('::ffff:10.0.0.1')!))
})

test('the metadata services of clouds are known', () => {
  for (const address of ['169.254.169.254', 'fe80::a9fe:a9fe', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16'])
    assert.ok(isLinkLocalOrMetadata(parseIp(address)!), address)
})
