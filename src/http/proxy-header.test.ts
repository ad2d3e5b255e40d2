// A header of the PROXY protocol reads the same however it is cut, and whatever is odd about it is refused with the first octet that shows it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { binaryHeader, SIGNATURE, TCP4_ADDRESSES, TCP6_ADDRESSES, vector, withChecksum } from '../../test/support/proxy-header.ts'
import { formatIp } from '../base/ip.ts'
import { crc32c } from './crc32c.ts'
import { readProxyHeader } from './proxy-header.ts'

const text = (line: string): Buffer => Buffer.from(line, 'latin1')
const ssl = (client: number, ...inner: readonly Buffer[]): Buffer => vector(0x20, Buffer.concat([Buffer.of(client, 0, 0, 0, 0), ...inner]))
/** Which octets decide: all of them, unless something is wrong before. */
const decidedAt = (octets: Buffer): number => {
  for (let end = 1; end <= octets.length; end++) if (readProxyHeader(octets.subarray(0, end)) !== undefined) return end
  return -1
}

describe('headers that are right', () => {
  const unix = Buffer.alloc(216, 'path')
  const cases: readonly (readonly [name: string, octets: Buffer, source: string | undefined, more?: { local?: true; secure?: true }])[] = [
    ['TCP4', text('PROXY TCP4 203.0.113.7 192.0.2.1 40000 443\r\n'), '203.0.113.7'],
    ['TCP4 with the largest line', text('PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n'), '255.255.255.255'],
    ['TCP4 with ports of nothing', text('PROXY TCP4 203.0.113.7 192.0.2.1 0 0\r\n'), '203.0.113.7'],
    ['TCP6', text('PROXY TCP6 2001:db8::7 2001:db8::1 40000 443\r\n'), '2001:db8::7'],
    [
      'TCP6 with the largest line',
      text(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`),
      'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ],
    ['TCP6 with an address of IPv4 in it', text('PROXY TCP6 ::ffff:203.0.113.7 ::ffff:192.0.2.1 40000 443\r\n'), '::ffff:cb00:7107'],
    ['UNKNOWN', text('PROXY UNKNOWN\r\n'), undefined],
    ['UNKNOWN with what is ignored', text('PROXY UNKNOWN ffff::1 ffff::2 1 2 and more\r\n'), undefined],
    ['UNKNOWN with the longest line', text(`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`), undefined],
    ['binary TCP4', binaryHeader(), '203.0.113.7'],
    ['binary TCP6', binaryHeader({ family: 0x21, addresses: TCP6_ADDRESSES }), '2001:db8::7'],
    ['binary UNIX', binaryHeader({ family: 0x31, addresses: unix }), undefined],
    ['binary UNSPEC', binaryHeader({ family: 0, addresses: Buffer.alloc(0) }), undefined],
    ['LOCAL', binaryHeader({ command: 0x20, family: 0, addresses: Buffer.alloc(0) }), undefined, { local: true }],
    ['LOCAL with what is skipped', binaryHeader({ command: 0x20, family: 0x77, addresses: Buffer.alloc(40, 255) }), undefined, { local: true }],
    ['vectors that are not known', binaryHeader({ vectors: [vector(0xe0, 'x'), vector(0xe0, 'y'), vector(0xee, '')] }), '203.0.113.7'],
    [
      'every vector there is',
      binaryHeader({ vectors: [vector(1, 'h2'), vector(2, 'a.example'), vector(4, '\0\0'), vector(5, 'x'.repeat(128)), vector(0x30, 'net')] }),
      '203.0.113.7',
    ],
    ['a checksum', withChecksum({}), '203.0.113.7'],
    ['a checksum behind vectors', withChecksum({ family: 0x21, addresses: TCP6_ADDRESSES, vectors: [vector(5, 'id'), vector(4, '\0')] }), '2001:db8::7'],
    ['TLS at the proxy', binaryHeader({ vectors: [ssl(1, vector(0x21, 'TLSv1.3'), vector(0x22, 'client'))] }), '203.0.113.7', { secure: true }],
    ['a certificate without TLS is no TLS', binaryHeader({ vectors: [ssl(6, vector(0x22, 'admin'))] }), '203.0.113.7'],
  ]
  for (const [name, octets, source, more] of cases) {
    test(name, () => {
      const header = readProxyHeader(Buffer.concat([octets, Buffer.from('PROXY what follows')]))
      assert.ok(typeof header === 'object', String(header))
      assert.deepEqual(
        { ...header, source: header.source && formatIp(header.source) },
        { bytes: octets.length, local: more?.local === true, source, secure: more?.secure === true },
      )
      assert.equal(decidedAt(octets), octets.length)
    })
  }
})

describe('headers that are refused', () => {
  const v1: readonly string[] = [
    'GET / HTTP/1.1\r\n',
    'PROXYTCP4 203.0.113.7 192.0.2.1 1 2\r\n',
    'proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n',
    ' PROXY TCP4 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY  TCP4 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY\tTCP4 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY tcp4 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY TCP 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n',
    'PROXY UNKNOWN\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1 2 \r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1\r\n',
    'PROXY TCP4 203.0.113.7\r\n',
    'PROXY TCP4\r\n',
    'PROXY \r\n',
    'PROXY TCP4 203.0.113.7  192.0.2.1 1 2\r\n',
    'PROXY TCP4 203.0.113.07 192.0.2.1 1 2\r\n',
    'PROXY TCP4 203.0.113.256 192.0.2.1 1 2\r\n',
    'PROXY TCP4 203.0.113 192.0.2.1 1 2\r\n',
    'PROXY TCP4 0xcb.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY TCP4 203.0.113.7/32 192.0.2.1 1 2\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n',
    'PROXY TCP4 203.0.113.7 2001:db8::1 1 2\r\n',
    'PROXY TCP4 localhost 192.0.2.1 1 2\r\n',
    'PROXY TCP6 203.0.113.7 192.0.2.1 1 2\r\n',
    'PROXY TCP6 [2001:db8::7] 2001:db8::1 1 2\r\n',
    'PROXY TCP6 2001:db8::7%eth0 2001:db8::1 1 2\r\n',
    'PROXY TCP6 2001:db8:::7 2001:db8::1 1 2\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1 65536\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 01 2\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 -1 2\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 +1 2\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1e3 2\r\n',
    'PROXY TCP4 203.0.113.7 192.0.2.1 1 2\r\r\n',
    'PROXY TCP4 203.0.113.7\0 192.0.2.1 1 2\r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
    `PROXY TCP4 ${'1'.repeat(200)}`,
    'PROXY TCP4 203.0.113.7 192.0.2.1 1 2',
  ]
  const v2: readonly (readonly [name: string, octets: Buffer])[] = [
    ['the signature with another octet', Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\r', 'latin1'), binaryHeader().subarray(12)])],
    ['an empty line in front', Buffer.concat([Buffer.from('\r\n'), binaryHeader()])],
    ['version 0', binaryHeader({ command: 0x01 })],
    ['version 1', binaryHeader({ command: 0x11 })],
    ['version 3', binaryHeader({ command: 0x31 })],
    ['a command beyond PROXY', binaryHeader({ command: 0x22 })],
    ['the last command there could be', binaryHeader({ command: 0x2f })],
    ['UDP over IPv4', binaryHeader({ family: 0x12 })],
    ['UDP over IPv6', binaryHeader({ family: 0x22, addresses: TCP6_ADDRESSES })],
    ['datagrams of UNIX', binaryHeader({ family: 0x32, addresses: Buffer.alloc(216) })],
    ['a family without a protocol', binaryHeader({ family: 0x10 })],
    ['a protocol without a family', binaryHeader({ family: 0x01 })],
    ['a family that there is not', binaryHeader({ family: 0x41 })],
    ['addresses that are cut short', binaryHeader({ addresses: TCP4_ADDRESSES.subarray(0, 11) })],
    ['no addresses', binaryHeader({ addresses: Buffer.alloc(0) })],
    ['TCP6 with the addresses of TCP4', binaryHeader({ family: 0x21 })],
    ['UNIX with a path that is cut short', binaryHeader({ family: 0x31, addresses: Buffer.alloc(215) })],
    ['more than is held', binaryHeader({ length: 8193 })],
    ['the longest there could be', binaryHeader({ length: 65_535 })],
    ['LOCAL that is longer than is held', binaryHeader({ command: 0x20, length: 65_535 })],
    ['a vector of one octet', binaryHeader({ vectors: [Buffer.of(4)] })],
    ['a vector without its length', binaryHeader({ vectors: [Buffer.of(4, 0)] })],
    ['a vector beyond the header', binaryHeader({ vectors: [Buffer.of(4, 0, 1)] })],
    ['a vector far beyond the header', binaryHeader({ vectors: [Buffer.of(4, 255, 255, 0)] })],
    ['octets behind the last vector', binaryHeader({ vectors: [vector(4, 'x'), Buffer.of(0)] })],
    ['a checksum that does not fit', withChecksum({}, 1)],
    ['a checksum of nothing', binaryHeader({ vectors: [vector(3, Buffer.alloc(4))] })],
    ['a checksum of three octets', binaryHeader({ vectors: [vector(3, Buffer.alloc(3))] })],
    ['two checksums', binaryHeader({ vectors: [vector(3, Buffer.alloc(4)), vector(3, Buffer.alloc(4))] })],
    ['an identifier of 129 octets', binaryHeader({ vectors: [vector(5, 'x'.repeat(129))] })],
    ['two identifiers', binaryHeader({ vectors: [vector(5, 'x'), vector(5, 'x')] })],
    ['TLS in four octets', binaryHeader({ vectors: [vector(0x20, Buffer.of(1, 0, 0, 0))] })],
    ['TLS with half a vector', binaryHeader({ vectors: [vector(0x20, Buffer.of(1, 0, 0, 0, 0, 0x21, 0))] })],
    ['TLS with a vector beyond it', binaryHeader({ vectors: [vector(0x20, Buffer.of(1, 0, 0, 0, 0, 0x21, 0, 9))] })],
    ['TLS twice', binaryHeader({ vectors: [ssl(0), ssl(1)] })],
  ]
  const all = [...v1.map((line) => [line.slice(0, 60), text(line)] as const), ...v2]
  test('are more than seventy, each of its own', () => {
    assert.ok(all.length >= 75, String(all.length))
    assert.equal(new Set(all.map(([name]) => name)).size, all.length)
  })
  for (const [name, octets] of all) {
    test(JSON.stringify(name), () => {
      const whole = readProxyHeader(octets)
      // One that never ends is only not whole: its time-out ends it, and its length.
      if (whole === undefined) assert.equal(octets.toString(), 'PROXY TCP4 203.0.113.7 192.0.2.1 1 2')
      else assert.equal(typeof whole, 'string')
      const at = decidedAt(octets)
      if (at > 0) assert.equal(typeof readProxyHeader(octets.subarray(0, at)), 'string', 'what is refused as a whole was taken in part')
    })
  }
})

describe('whatever comes', () => {
  test('nothing breaks the reader, and what was decided stays decided', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)),
      fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.concat([SIGNATURE, octets])),
      fc.uint8Array({ maxLength: 120 }).map((octets) => Buffer.concat([Buffer.from('PROXY TCP4 '), octets])),
      fc.tuple(fc.nat(), fc.nat(255)).map(([at, octet]) => {
        const mutated = withChecksum({ vectors: [ssl(1, vector(0x21, 'TLSv1.3'))] })
        mutated[at % mutated.length] = octet
        return mutated
      }),
    )
    fc.assert(
      fc.property(anything, (octets) => {
        const at = decidedAt(octets)
        if (at < 0) return
        const first = readProxyHeader(octets.subarray(0, at))
        assert.deepEqual(readProxyHeader(Buffer.concat([octets.subarray(0, at), Buffer.alloc(50, 'GET ')])), first)
        if (typeof first === 'object') assert.equal(first.bytes, at)
      }),
      { numRuns: 3000 },
    )
  })
  test('no octet that a checksum covers can be changed unseen', () => {
    const right = withChecksum({ vectors: [vector(5, 'identifier')] })
    for (let at = 0; at < right.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(right)
        changed[at]! ^= 1 << bit
        const read = readProxyHeader(changed)
        // Unless it becomes LOCAL, of which nothing is read, or loses its checksum.
        if (typeof read === 'object')
          assert.ok(read.local || read.source === undefined || changed[right.length - 7] !== 3 || at === 14 || at === 15, `${at}.${bit}`)
      }
    }
  })
  test('CRC-32C is the one of RFC 3720 B.4', () => {
    for (const [octets, expected] of [
      [Buffer.alloc(32), 0x8a9136aa],
      [Buffer.alloc(32, 255), 0x62a8ab43],
      [Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
      [Buffer.from('123456789'), 0xe3069283],
    ] as const)
      assert.equal(crc32c(octets, octets.length, octets.length), expected)
  })
})
