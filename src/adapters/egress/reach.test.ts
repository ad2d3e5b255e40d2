// Every form of every address that is not public is refused, and nothing that is public.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatIp, parseIp } from '../../base/ip.ts'
import { isPortOfAnotherProtocol, Reach, type ReachOptions } from './reach.ts'

const reach = (options: Partial<ReachOptions> = {}): Reach => new Reach({ allowPrivate: [], own: () => [], ownAddresses: () => [], ...options })

const REFUSED = `
  0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254 169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255
  192.0.0.1 192.0.0.192 192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255
  240.0.0.1 255.255.255.255 100.100.100.200 168.63.129.16
  :: ::1 ::7f00:1 ::127.0.0.1 ::10.0.0.1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0.0.0.0 ::ffff:0:127.0.0.1 ::ffff:0:10.1.1.1
  64:ff9b::127.0.0.1 64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b::192.168.1.1
  64:ff9b:1::1 64:ff9b:1::127.0.0.1 64:ff9b:1:7f00:0:100:: 64:ff9b:1::8.8.8.8 64:ff9b:2::8.8.8.8 64:ff9b::1:808:808
  2002:7f00:1:: 2002:a00:1::1 2002:a9fe:a9fe:: 2002:808:808::1 2001:0:7f00:1:: 2001:0:808:808:0:0:f5ff:fffe 2001:0:4136:e378:8000:63bf:3fff:fdd2
  2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2001:db8:ffff::1 3fff::1 5f00::1 100::1 fc00::1 fd12:3456::1 fd00:ec2::254 fe80::1 febf::1 fec0::1 ff02::1 ff0e::1 4000::1
  2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1 fe80::1%eth0 localhost 127.1 0x7f000001 2130706433 017700000001 1.2.3 [::1]
`
const REACHED = `
  1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0
  192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 203.0.112.255 203.0.114.0 223.255.255.255 ::ffff:8.8.8.8 64:ff9b::8.8.8.8
  2001:200::1 2001:4860:4860::8888 2606:4700:4700::1111 2a00:1450::1 2003::1 3ffe::1 2620:4f:8000::1 2606:4700::5efe:808:808
`
const words = (text: string): string[] => text.trim().split(/\s+/)

test('what is not public is refused in every form', () => {
  const vectors = words(REFUSED)
  for (const address of vectors) assert.equal(typeof reach().refusal(address, 443), 'string', address)
  assert.equal(vectors.length, 85)
})
test('what is public is reached', () => {
  const vectors = words(REACHED)
  for (const address of vectors) assert.equal(reach().refusal(address, 443), undefined, address)
  assert.equal(vectors.length, 30)
})

test('an IPv4 address that is refused is refused in whatever IPv6 form it is dressed', () => {
  const octet = fc.integer({ min: 0, max: 255 })
  let refused = 0
  fc.assert(
    fc.property(fc.constantFrom(0, 10, 100, 127, 169, 172, 192, 198, 203, 224, 8, 93), octet, octet, octet, (a, b, c, d) => {
      if (reach().refusal(`${a}.${b}.${c}.${d}`, 443) === undefined) return
      refused++
      const inverted = [a, b, c, d].map((each) => each ^ 255)
      const dressed = [
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d],
        [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d],
        [0, 0x64, 0xff, 0x9b, 0, 1, a, b, 0, c, d, 0, 0, 0, 0, 0],
        [0x20, 0x02, a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0x20, 0x01, 0, 0, 8, 8, 8, 8, 0, 0, 0, 0, ...inverted],
        [0x26, 0x06, 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe, a, b, c, d],
      ]
      const everything = reach({ allowPrivate: ['2002::/16', '2001::/32', '64:ff9b:1::/48'] })
      for (const each of dressed) assert.equal(typeof everything.refusal(formatIp(Uint8Array.from(each)), 443), 'string', each.join())
    }),
  )
  assert.ok(refused > 10)
})

test('an allowed network is reached in its own form and as a mapped one, its neighbours are not', () => {
  const some = reach({ allowPrivate: ['10.1.0.0/16', '127.0.0.1', 'fd00:1::/32', '100.64.0.0/10'] })
  const reached = ['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::10.1.2.3', '127.0.0.1', 'fd00:1::9', '100.64.1.1']
  for (const address of reached) assert.equal(some.refusal(address, 443), undefined, address)
  for (const address of ['10.2.0.1', '127.0.0.2', 'fd00:2::1', '::1', '2002:a01:203::1', '::10.1.2.3']) assert.ok(some.refusal(address, 443), address)
})

test('link-local and metadata addresses are not reached even when their network is allowed', () => {
  const all = reach({ allowPrivate: ['0.0.0.0/0', '::/0'] })
  const never = [
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '224.0.0.1',
    '0.0.0.0',
  ]
  for (const address of never) assert.ok(all.refusal(address, 80), address)
  assert.equal(all.refusal('10.0.0.1', 80), undefined)
})

test("this Gatehouse's own listeners are not reached by any of their addresses, even when the network is allowed", () => {
  const lists: [listener: string, refused: string[], reached: string[]][] = [
    ['127.0.0.1', ['127.0.0.1', '127.0.0.2', '::1', '::ffff:127.0.0.1', '10.0.0.5'], ['10.0.0.6']],
    ['0.0.0.0', ['127.0.0.1', '10.0.0.5', '::ffff:10.0.0.5', '64:ff9b::10.0.0.5'], ['10.0.0.6']],
    ['::', ['::1', '127.0.0.1', '10.0.0.5', 'fd00::5'], ['10.0.0.6', 'fd00::6']],
    ['10.0.0.5', ['10.0.0.5', '::ffff:10.0.0.5'], ['127.0.0.1', '10.0.0.6']],
  ]
  let tried = 0
  for (const [host, refused, reached] of lists) {
    const mine = reach({ allowPrivate: ['0.0.0.0/0', '::/0'], own: () => [{ host, port: 8081 }], ownAddresses: () => ['10.0.0.5', 'fd00::5', '127.0.0.1'] })
    for (const address of refused) assert.match(mine.refusal(address, 8081) ?? '', /listener of this Gatehouse/, `${host} ${address}`)
    for (const address of reached) assert.equal(mine.refusal(address, 8081), undefined, `${host} ${address}`)
    for (const address of refused) assert.equal(mine.refusal(address, 8082), undefined, `${host} ${address}`)
    tried += refused.length
  }
  assert.equal(tried, 15)
})

test('ports of mail, shells and databases are not for HTTP', () => {
  for (const port of [22, 25, 587, 6379, 6667]) assert.ok(isPortOfAnotherProtocol(port))
  for (const port of [80, 443, 8080, 8443, 9001]) assert.ok(!isPortOfAnotherProtocol(port))
})

test('a malformed network is a programmer error', () => assert.throws(() => reach({ allowPrivate: ['internal'] }), /no network/))
test('the vectors are addresses, but for the last ones', () => assert.equal(words(REFUSED).filter((text) => !parseIp(text)).length, 8))
