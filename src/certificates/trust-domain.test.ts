// Whom a trust domain believes: the path, the dates and the lists, each as of the request.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { before, describe, test } from 'node:test'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import fc from 'fast-check'
import { CLIENT_AUTH, type Made, makeCertificate, SERVER_AUTH, type Wanted } from '../../test/support/certificate-maker.ts'
import { listPem, makeRevocationList } from '../../test/support/revocation-list-maker.ts'
import type { ClientTrust } from '../model/snapshot.ts'
import { readX509 } from './certificate.ts'
import { readRevocationLists } from './revocation-list.ts'
import { CertificateShown, TrustDomain } from './trust-domain.ts'

const NOW = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000
const raw = ({ parsed }: Made): Buffer => Buffer.from(parsed.rawData)
const read = (made: Made) => readX509(raw(made))!
const usage = (flags: number): x509.Extension => new x509.KeyUsagesExtension(flags, true)
let made = 0

interface Options {
  readonly lists?: readonly x509.X509Crl[]
  readonly stalenessMs?: number
  readonly stores?: ClientTrust['stores']
}
function domain(authorities: readonly Made[], { lists, stalenessMs = 0, stores = {} }: Options = {}): TrustDomain {
  const reading = lists && readRevocationLists(lists.map(listPem).join(''), authorities.map(read))
  assert.deepEqual(reading?.faults ?? [], [])
  return new TrustDomain({
    id: String(made++),
    authorities: authorities.map(({ certificate }) => certificate),
    stores,
    ...(reading && { revocation: { lists: reading.lists, stalenessMs } }),
  })
}
const shown = (own: Made, ...sent: readonly Made[]): CertificateShown => new CertificateShown(raw(own), sent.map(raw))
const problemOf = (trust: TrustDomain, certificate: CertificateShown, nowMs = NOW): string => trust.judge(certificate, nowMs).problem ?? 'good'

describe('a trust domain', () => {
  let [root, middle, other]: Made[] = []
  const client = (wanted: Partial<Wanted> = {}): Promise<Made> => makeCertificate({ subject: 'CN=c', purposes: [CLIENT_AUTH], issuer: root!, ...wanted })
  before(async () => {
    root = await makeCertificate({ subject: 'CN=root', authority: true })
    middle = await makeCertificate({ subject: 'CN=middle', authority: true, issuer: root })
    other = await makeCertificate({ subject: 'CN=root', authority: true })
  })

  test('believes what descends from it, through what was sent along in any order, and nothing else', async () => {
    const below = await client({ issuer: middle! })
    const lowest = await client({ issuer: await makeCertificate({ subject: 'CN=lowest', authority: true, issuer: middle! }) })
    const weak = await makeCertificate({ subject: 'CN=weak', key: 'RSA-2048', authority: true, hash: 'SHA-1' })
    const table: readonly (readonly [name: string, authorities: readonly Made[], own: Made, sent: readonly Made[], said: string])[] = [
      ['issued by the root', [root!], await client(), [], 'good'],
      ['below, and the middle sent', [root!], below, [middle!], 'good'],
      ['below, sent in disorder and with more', [root!], below, [other!, root!, middle!], 'good'],
      ['below, and the middle not sent', [root!], below, [], 'untrusted'],
      ['below, and the middle alone believed', [middle!], below, [], 'good'],
      ['of the root, and the middle alone believed', [middle!], await client(), [root!], 'untrusted'],
      ['of a namesake of the root', [root!], await client({ issuer: other! }), [other!], 'untrusted'],
      ['lowest without its own authority', [root!], lowest, [middle!], 'untrusted'],
      ['without purpose', [root!], await makeCertificate({ subject: 'CN=c', issuer: root! }), [], 'good'],
      ['of any purpose', [root!], await client({ purposes: ['2.5.29.37.0'] }), [], 'good'],
      ['of a server', [root!], await client({ purposes: [SERVER_AUTH] }), [], 'wrong-purpose'],
      ['of client and server', [root!], await client({ purposes: [SERVER_AUTH, CLIENT_AUTH] }), [], 'good'],
      ['that signs', [root!], await client({ more: [usage(x509.KeyUsageFlags.digitalSignature)] }), [], 'good'],
      ['that only enciphers', [root!], await client({ more: [usage(x509.KeyUsageFlags.keyEncipherment)] }), [], 'wrong-purpose'],
      [
        'with a critical extension that nobody knows',
        [root!],
        await client({ more: [new x509.Extension('1.2.3.4', true, Buffer.from('0500', 'hex'))] }),
        [],
        'untrusted',
      ],
      ['an authority as a client', [root!], middle!, [], 'wrong-purpose'],
      ['that signed itself', [root!], await makeCertificate({ subject: 'CN=c', purposes: [CLIENT_AUTH] }), [], 'self-signed'],
      ['signed with SHA-1', [weak], await client({ issuer: weak }), [], 'untrusted'],
    ]
    for (const [name, authorities, own, sent, said] of table) assert.equal(problemOf(domain(authorities), shown(own, ...sent)), said, name)
    assert.equal(table.length, 18)
  })

  test('does not believe who may issue nothing, or nothing for clients, or not so far down', async () => {
    const table: readonly (readonly [name: string, issuer: Partial<Wanted>, said: string])[] = [
      ['an authority', {}, 'good'],
      ['no authority', { authority: false }, 'untrusted'],
      ['that may sign certificates', { more: [usage(x509.KeyUsageFlags.keyCertSign)] }, 'good'],
      ['that may sign lists alone', { more: [usage(x509.KeyUsageFlags.cRLSign)] }, 'untrusted'],
      ['for servers alone', { purposes: [SERVER_AUTH] }, 'untrusted'],
      ['for clients', { purposes: [CLIENT_AUTH] }, 'good'],
      ['with a path of none below', { pathLength: 0 }, 'good'],
      ['with a critical extension that nobody knows', { more: [new x509.Extension('1.2.3.4', true, Buffer.from('0500', 'hex'))] }, 'untrusted'],
      ['with another one', { more: [new x509.Extension('1.2.3.4', false, Buffer.from('0500', 'hex'))] }, 'good'],
    ]
    for (const [name, wanted, said] of table) {
      const issuer = await makeCertificate({ subject: 'CN=issuer', authority: true, issuer: root!, ...wanted })
      assert.equal(problemOf(domain([root!]), shown(await client({ issuer }), issuer)), said, name)
    }
    assert.equal(table.length, 9)
    const short = await makeCertificate({ subject: 'CN=short', authority: true, pathLength: 0 })
    const between = await makeCertificate({ subject: 'CN=between', authority: true, issuer: short })
    assert.equal(problemOf(domain([short]), shown(await client({ issuer: between }), between)), 'untrusted')
    assert.equal(problemOf(domain([short]), shown(await client({ issuer: short }))), 'good')
  })

  test('leaves to OpenSSL what only OpenSSL judges, and only under the very trust that it judged by', async () => {
    const constrained = await makeCertificate({
      subject: 'CN=issuer',
      authority: true,
      issuer: root!,
      more: [new x509.Extension('2.5.29.30', true, Buffer.from('3000', 'hex'))],
    })
    const own = await client({ issuer: constrained })
    const trust = domain([root!])
    const verified = (under: string | undefined, fault?: string) => new CertificateShown(raw(own), [raw(constrained)], { under, fault })
    assert.equal(problemOf(trust, verified(trust.id)), 'good')
    assert.equal(problemOf(trust, verified('another')), 'untrusted')
    assert.equal(problemOf(trust, verified(undefined)), 'untrusted')
    assert.equal(problemOf(trust, verified(trust.id, 'PERMITTED_VIOLATION')), 'untrusted')
    const good = await client()
    assert.equal(problemOf(trust, new CertificateShown(raw(good), [], { under: trust.id, fault: 'EE_KEY_TOO_SMALL' })), 'untrusted')
    assert.equal(problemOf(trust, new CertificateShown(raw(good), [], { under: trust.id, fault: 'INVALID_PURPOSE' })), 'wrong-purpose')
  })

  test('judges dates as of each request, of the client and of every authority above it', async () => {
    const from = new Date(NOW)
    const to = new Date(NOW + HOUR)
    const own = shown(await client({ from, to }))
    const trust = domain([root!])
    assert.deepEqual(
      [NOW - 1000, NOW, NOW + HOUR, NOW + HOUR + 1].map((at) => problemOf(trust, own, at)),
      ['not-yet-valid', 'good', 'good', 'expired'],
    )
    const passing = await makeCertificate({ subject: 'CN=passing', authority: true, issuer: root!, from, to })
    const below = shown(await client({ issuer: passing }), passing)
    assert.deepEqual(
      [NOW - 1000, NOW, NOW + HOUR + 1].map((at) => problemOf(trust, below, at)),
      ['not-yet-valid', 'good', 'expired'],
    )
  })

  test('takes the way on which all are in force, as when an authority was renewed and stands beside what it had before', async () => {
    const again = async (from: Date, to: Date): Promise<Made> => {
      const parsed = await x509.X509CertificateGenerator.create({
        subject: 'CN=root',
        issuer: 'CN=root',
        notBefore: from,
        notAfter: to,
        publicKey: root!.keys.publicKey,
        signingKey: root!.keys.privateKey,
        signingAlgorithm: root!.signing as x509.X509CertificateCreateParams['signingAlgorithm'] & object,
        extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
      })
      return { ...root!, parsed, certificate: `${parsed.toString('pem')}\n` }
    }
    const old = await again(new Date(NOW - HOUR), new Date(NOW))
    const renewed = await again(new Date(NOW - HOUR), new Date(NOW + 2 * HOUR))
    const coming = await again(new Date(NOW + HOUR), new Date(NOW + 3 * HOUR))
    const own = shown(await client())
    const trust = domain([coming, old, renewed])
    assert.deepEqual(
      [NOW - 2 * HOUR, NOW, NOW + 1, NOW + 2 * HOUR + 1, NOW + 4 * HOUR].map((at) => problemOf(trust, own, at)),
      ['not-yet-valid', 'good', 'good', 'good', 'expired'],
    )
  })

  test('believes no authority that one above it in the store has revoked', async () => {
    const below = shown(await client({ issuer: middle! }))
    const lists = [await makeRevocationList({ issuer: middle! }), await makeRevocationList({ issuer: root!, revoked: [middle!.parsed.serialNumber] })]
    assert.equal(problemOf(domain([root!, middle!], { lists, stalenessMs: 1e12 }), below), 'revoked')
  })

  test('gives no name of a store whose authority may not vouch for it', async () => {
    for (const wanted of [
      { pathLength: 0 },
      { purposes: [SERVER_AUTH] },
      { more: [usage(x509.KeyUsageFlags.cRLSign)] },
      { more: [new x509.Extension('2.5.29.30', true, Buffer.from('3000', 'hex'))] },
    ]) {
      const above = await makeCertificate({ subject: 'CN=above', authority: true, ...wanted })
      const between = await makeCertificate({ subject: 'CN=between', authority: true, issuer: above })
      const stores = { [read(above).thumbprint]: ['above'], [read(between).thumbprint]: ['between'] }
      assert.deepEqual(domain([above, between], { stores }).judge(shown(await client({ issuer: between })), NOW).trust, ['between'])
    }
  })

  test('does not believe keys that are too short, nor limits on names that only OpenSSL reads, whoever forwards them', async () => {
    const short = await makeCertificate({ subject: 'CN=short', authority: true, key: 'RSA-1024', issuer: root! })
    assert.equal(problemOf(domain([root!]), shown(await client({ issuer: short }), short)), 'untrusted')
    assert.equal(problemOf(domain([root!]), shown(await client({ key: 'RSA-1024' }))), 'untrusted')
    const more = [new x509.Extension('2.5.29.30', false, Buffer.from('3000', 'hex'))]
    const constrained = await makeCertificate({ subject: 'CN=limited', authority: true, issuer: root!, more })
    assert.equal(problemOf(domain([root!]), shown(await client({ issuer: constrained }), constrained)), 'untrusted')
  })

  test('needs a list that is current for every certificate below the one it believes', async () => {
    const below = await client({ issuer: middle! })
    const next = new Date(NOW + HOUR)
    const of = (issuer: Made, ...revoked: readonly Made[]) => makeRevocationList({ issuer, next, revoked: revoked.map(({ parsed }) => parsed.serialNumber) })
    const authorities = [root!, middle!]
    const own = await client()
    const table: readonly (readonly [name: string, lists: readonly x509.X509Crl[], certificate: Made, atMs: number, said: string])[] = [
      ['on none', [await of(root!, below)], own, NOW, 'good'],
      ['on the list', [await of(root!, own)], own, NOW, 'revoked'],
      ['on one of two lists', [await of(root!), await of(root!, own)], own, NOW, 'revoked'],
      ['on a list that is old', [await of(root!, own)], own, NOW + 2 * HOUR, 'revoked'],
      ['on none, and the list old', [await of(root!)], own, NOW + HOUR, 'status-stale'],
      ['on none, and one of two old', [await of(root!), await makeRevocationList({ issuer: root! })], own, NOW + HOUR, 'good'],
      ['of tomorrow', [await makeRevocationList({ issuer: root!, from: new Date(NOW + HOUR) })], own, NOW, 'status-stale'],
      ['no list', [await of(middle!)], own, NOW, 'status-unknown'],
      ['below, with its list', [await of(middle!)], below, NOW, 'good'],
      ['below, and its number on the list above', [await of(middle!), await of(root!, below)], below, NOW, 'good'],
    ]
    for (const [name, lists, certificate, atMs, said] of table) assert.equal(problemOf(domain(authorities, { lists }), shown(certificate), atMs), said, name)
    assert.equal(table.length, 10)
    // Believed is the root alone: the middle, sent along, is below it and must be on no list.
    const sent = shown(below, middle!)
    assert.equal(problemOf(domain([root!], { lists: [await of(root!)] }), sent), 'status-unknown')
    assert.equal(problemOf(domain([root!], { lists: [await of(root!, middle!)] }), sent), 'revoked')
    const stale = domain(authorities, { lists: [await of(root!)], stalenessMs: HOUR })
    const waiting = shown(own)
    assert.deepEqual(
      [NOW, NOW + HOUR, NOW + 2 * HOUR - 1, NOW + 2 * HOUR].map((at) => problemOf(stale, waiting, at)),
      ['good', 'good', 'good', 'status-stale'],
    )
  })

  test('holds a list to what it is about', async () => {
    const point = (address: string): x509.Extension => new x509.CRLDistributionPointsExtension([address])
    const listed = await client({ more: [point('http://crl.example/a.crl')] })
    const elsewhere = await client({ more: [point('http://crl.example/b.crl')] })
    const limited = (hex: string) => makeRevocationList({ issuer: root!, extensions: [new x509.Extension('2.5.29.28', true, Buffer.from(hex, 'hex'))] })
    const partition = domain([root!], { lists: [await limited('301ea01ca01a8618687474703a2f2f63726c2e6578616d706c652f612e63726c')] })
    assert.deepEqual(
      [problemOf(partition, shown(listed)), problemOf(partition, shown(elsewhere)), problemOf(partition, shown(await client()))],
      ['good', 'status-unknown', 'status-unknown'],
    )
    assert.equal(problemOf(domain([root!], { lists: [await limited('30038201ff')] }), shown(await client())), 'status-unknown')
    assert.equal(problemOf(domain([root!], { lists: [await limited('30038101ff')] }), shown(await client())), 'good')
  })

  test('says in which stores the authorities stand that a certificate descends from, and none for one that is not believed', async () => {
    const stores = { [read(root!).thumbprint]: ['roots', 'all'], [read(middle!).thumbprint]: ['all', 'middles'] }
    const trust = domain([root!, middle!], { stores })
    const below = shown(await client({ issuer: middle! }))
    assert.deepEqual(trust.judge(below, NOW).trust, ['all', 'middles', 'roots'])
    assert.deepEqual(trust.judge(shown(await client()), NOW).trust, ['all', 'roots'])
    assert.deepEqual(trust.judge(shown(await client({ issuer: other! })), NOW).trust, [])
  })

  test('answers the same object while nothing changes, and judges anew under another trust', async () => {
    const own = shown(await client())
    const trust = domain([root!])
    const first = trust.judge(own, NOW)
    assert.equal(trust.judge(own, NOW + HOUR), first)
    assert.equal(problemOf(domain([other!]), own), 'untrusted')
    assert.equal(problemOf(trust, own), 'good')
    const openssl = new X509Certificate(own.raw).fingerprint256.replaceAll(':', '').toLowerCase()
    assert.deepEqual([first.thumbprint, first.x5tS256], [openssl, Buffer.from(openssl, 'hex').toString('base64url')])
  })

  test('is not kept busy by certificates that lead in circles', async () => {
    const circle: Made[] = []
    for (let i = 0; i < 10; i++) circle.push(await makeCertificate({ subject: 'CN=circle', authority: true }))
    const begun = process.cpuUsage()
    const own = await client({ issuer: circle[0]! })
    assert.equal(problemOf(domain([root!]), shown(own, ...circle, middle!)), 'untrusted')
    assert.ok(process.cpuUsage(begun).user < 5_000_000)
  })

  test('takes what is no certificate, or a damaged one, for neither good nor a reason to break', async () => {
    const trust = domain([root!])
    for (const octets of ['', '30', '3000', '30820000']) assert.equal(problemOf(trust, new CertificateShown(Buffer.from(octets, 'hex'), [])), 'unreadable')
    const whole = raw(await client({ names: ['a.example'] }))
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const damaged = cut ? whole.subarray(0, at) : Buffer.from(whole)
        if (!cut) damaged[at]! ^= change
        assert.notEqual(problemOf(trust, new CertificateShown(damaged, [damaged, whole])), 'good')
      }),
      { numRuns: 1000 },
    )
  })
})

test('every authority that the system trusts can be read, and says what OpenSSL says', {
  skip: !readable('/etc/ssl/certs') && 'no certificates on this machine',
}, () => {
  let count = 0
  for (const name of readdirSync('/etc/ssl/certs')) {
    if (!name.endsWith('.pem')) continue
    const openssl = new X509Certificate(readFileSync(`/etc/ssl/certs/${name}`))
    const ours = readX509(openssl.raw)
    assert.deepEqual([ours?.fromMs, ours?.toMs, ours?.isAuthority], [openssl.validFromDate.getTime(), openssl.validToDate.getTime(), openssl.ca], name)
    assert.equal(ours!.serial.toString('hex').toUpperCase(), openssl.serialNumber.replace(/^(?=.(..)*$)/, '0'), name)
    count++
  }
  assert.ok(count > 0)
})
function readable(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith('.pem'))
  } catch {
    return false
  }
}
