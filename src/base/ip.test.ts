// Addresses are read strictly, have one spelling, and networks hold exactly their members.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addressGroup, type Cidr, formatIp, NetworkSet, parseCidr, parseIp, unmapped } from './ip.ts'

const octets = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
/** Addresses with many zeros: where "::" goes is the hard part. */
const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 255, 171), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list))
const networks = fc
  .tuple(octets, fc.nat({ max: 128 }))
  .map(([address, bits]): Cidr => ({ octets: Uint8Array.from(address), bits: Math.min(bits, address.length * 8) }))
  .map(({ octets, bits }) => {
    for (let bit = bits; bit < octets.length * 8; bit++) octets[bit >> 3]! &= ~(128 >> (bit & 7))
    return { octets, bits }
  })
const inside = (address: Uint8Array, { octets, bits }: Cidr): boolean => {
  if (address.length !== octets.length) return false
  for (let bit = 0; bit < bits; bit++) if (((address[bit >> 3]! ^ octets[bit >> 3]!) & (128 >> (bit & 7))) !== 0) return false
  return true
}

describe('addresses', () => {
  it('are written so that they read back the same', () => {
    fc.assert(
      fc.property(fc.oneof(octets, sparse), (address) => assert.deepEqual([...parseIp(formatIp(address))!], [...address])),
      { seed: 1, numRuns: 2000 },
    )
  })

  it('have the canonical text of RFC 5952', () => {
    const table = [
      ['2001:DB8:0:0:0:0:2:1', '2001:db8::2:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
      ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['::', '::'],
      ['0:0:0:0:0:0:0:1', '::1'],
      ['1::', '1::'],
      ['192.0.2.1', '192.0.2.1'],
    ] as const
    for (const [text, wanted] of table) assert.equal(formatIp(parseIp(text)!), wanted)
  })

  it('in any other form are none', () => {
    const none = [
      '',
      '1.2.3',
      '1.2.3.4.5',
      '256.1.1.1',
      '01.2.3.4',
      '1.2.3.4 ',
      '0x7f.1.1.1',
      '127.1',
      '2130706433',
      '1.2.3.-4',
      ':',
      ':::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
    ]
    none.push('::12345', 'fe80::1%eth0', '[::1]', '1:2:3:4:5:6:7::8', '::1.2.3.256', '1.2.3.4::', '::ffff:1.2.3', 'g::', '１.2.3.4', '::1\n')
    for (const text of none) assert.equal(parseIp(text), undefined, JSON.stringify(text))
  })

  it('IPv4-mapped is the IPv4 address, and nothing else is', () => {
    assert.equal(formatIp(unmapped(parseIp('::ffff:192.0.2.1')!)), '192.0.2.1')
    assert.equal(formatIp(unmapped(parseIp('::ffff:c000:201')!)), '192.0.2.1')
    for (const text of ['::192.0.2.1', '::fffe:c000:201', '1::ffff:c000:201', '64:ff9b::c000:201']) assert.equal(unmapped(parseIp(text)!).length, 16)
  })

  it('are grouped by the address, or the /64 of IPv6', () => {
    assert.equal(addressGroup(parseIp('192.0.2.1')!), '192.0.2.1')
    assert.equal(addressGroup(parseIp('2001:db8:1:2:3:4:5:6')!), '2001:db8:1:2::/64')
    assert.equal(addressGroup(parseIp('2001:db8:1:2:ffff::')!), '2001:db8:1:2::/64')
  })
})

describe('networks', () => {
  it('with bits beyond the prefix, or a malformed one, are none', () => {
    for (const text of ['192.0.2.1/24', '10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '10.0.0.0/8/8', '10/8', '/8', '2001:db8::1/32'])
      assert.equal(parseCidr(text), undefined, text)
    assert.equal(parseCidr('192.0.2.1')!.bits, 32)
    assert.equal(parseCidr('0.0.0.0/0')!.bits, 0)
  })

  it('a set of them holds exactly the addresses that one of them holds', () => {
    fc.assert(
      fc.property(fc.array(networks, { maxLength: 60 }), fc.array(octets, { minLength: 1, maxLength: 20 }), (list, addresses) => {
        // Mapped networks are IPv4 by intent, and have their own test.
        const plain = list.filter(({ octets }) => unmapped(octets) === octets)
        const set = new NetworkSet(plain)
        const edges = plain.map(({ octets }) => octets)
        for (const address of [...addresses, ...edges])
          assert.equal(
            set.has(address),
            plain.some((network) => inside(address, network)),
          )
      }),
      { seed: 2, numRuns: 1000 },
    )
  })

  it('half of IPv4 is not all of it, and all of IPv6 is nothing of IPv4', () => {
    const half = new NetworkSet([parseCidr('0.0.0.0/1')!])
    assert.equal(half.has(parseIp('127.0.0.1')!), true)
    assert.equal(half.has(parseIp('200.0.0.1')!), false)
    const six = new NetworkSet([parseCidr('::/0')!])
    assert.equal(six.has(parseIp('::1')!), true)
    assert.equal(six.has(parseIp('127.0.0.1')!), false)
    assert.equal(new NetworkSet([parseCidr('0.0.0.0/0')!]).has(parseIp('255.0.0.1')!), true)
    assert.equal(new NetworkSet([]).has(parseIp('1.2.3.4')!), false)
  })

  it('a mapped network is the IPv4 network inside', () => {
    const set = new NetworkSet([parseCidr('::ffff:10.0.0.0/104')!])
    assert.equal(set.has(parseIp('10.1.2.3')!), true)
    assert.equal(set.has(parseIp('11.1.2.3')!), false)
    assert.equal(new NetworkSet([parseCidr('::ffff:0.0.0.0/96')!]).has(parseIp('9.9.9.9')!), true)
  })

  it('ten thousand of them still hold exactly their members', () => {
    const list = Array.from({ length: 10_000 }, (_, i) => parseCidr(`${(i % 200) + 20}.${(i * 7) % 256}.${(i * 13) % 256}.0/24`)!)
    const set = new NetworkSet(list)
    const members = new Set(list.map(({ octets }) => octets.subarray(0, 3).join('.')))
    for (let i = 0; i < 20_000; i++) {
      const address = Uint8Array.of((i % 230) + 10, (i * 31) % 256, (i * 17) % 256, i % 256)
      assert.equal(set.has(address), members.has(address.subarray(0, 3).join('.')))
    }
  })
})
