// Revocation lists: what is on one is found, what limits one is obeyed or refused, and nobody but the authority itself can write one.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import fc from 'fast-check'
import { type KeyKind, type Made, makeCertificate } from '../../test/support/certificate-maker.ts'
import { listPem, makeLongList, makeRevocationList, type WantedList } from '../../test/support/revocation-list-maker.ts'
import { type Certificate, readX509 } from './certificate.ts'
import { type RevocationReading, readRevocationLists, staleLists } from './revocation-list.ts'
import { SerialTable } from './serial-table.ts'

const NOW = Date.UTC(2026, 0, 1)
const read = (made: Made): Certificate => readX509(Buffer.from(made.parsed.rawData))!
const has = (reading: RevocationReading, serial: string): boolean => new SerialTable(reading.lists[0]!.serials).has(Buffer.from(serial, 'hex'))
const extension = (oid: string, critical: boolean, hex: string): x509.Extension => new x509.Extension(oid, critical, Buffer.from(hex, 'hex'))

describe('a revocation list', () => {
  let ours: Made
  before(async () => {
    ours = await makeCertificate({ subject: 'CN=ours', authority: true })
  })
  const reading = async (wanted: Partial<WantedList> = {}, authorities = [read(ours)]): Promise<RevocationReading> =>
    readRevocationLists(listPem(await makeRevocationList({ issuer: ours, ...wanted })), authorities)

  test('tells the numbers that are on it and no other', async () => {
    const serials = ['01', '7f', '80', '0102030405060708090a0b0c0d0e0f1011121314', 'ff'.repeat(20).replace(/^ff/, '7f')]
    const revoked = await reading({ revoked: serials })
    assert.deepEqual([revoked.faults, revoked.lists.length], [[], 1])
    for (const serial of serials) assert.equal(has(revoked, serial), true, serial)
    for (const serial of ['02', '0101', '00', '01020304', '0102030405060708090a0b0c0d0e0f1011121315']) assert.equal(has(revoked, serial), false, serial)
    assert.equal(revoked.lists[0]!.authority, read(ours).authority)
    assert.equal(has(await reading(), '01'), false)
  })

  test('is read in every way in which authorities sign, in DER and in PEM form, several in a file', async () => {
    const kinds: readonly KeyKind[] = ['P-256', 'P-384', 'Ed25519', 'RSA-2048']
    const makers = await Promise.all(kinds.map((key) => makeCertificate({ subject: `CN=${key}`, key, authority: true })))
    const lists = await Promise.all(makers.map((issuer) => makeRevocationList({ issuer, revoked: ['05'] })))
    const all = readRevocationLists(lists.map(listPem).join('\n'), makers.map(read))
    assert.deepEqual([all.faults, all.lists.length], [[], 4])
    for (const list of lists) {
      const one = readRevocationLists(Buffer.from(list.rawData).toString('latin1'), makers.map(read))
      assert.deepEqual([one.faults, has(one, '05')], [[], true])
    }
  })

  test('that openssl made is read, with RSASSA-PSS too', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-crl-'))
    const at = (name: string): string => join(folder, name)
    const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    writeFileSync(at('config'), '[ca]\ndefault_ca=x\n[x]\ndatabase=index\ncrlnumber=number\ndefault_md=sha256\n[req]\ndistinguished_name=dn\n[dn]\n')
    writeFileSync(at('number'), '01')
    writeFileSync(at('index'), 'R\t300101000000Z\t250101000000Z,keyCompromise\tABCDEF0123\tunknown\t/CN=gone\n')
    for (const options of [[], ['-sigopt', 'rsa_padding_mode:pss']]) {
      openssl(
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'key',
        '-out',
        'cert',
        '-subj',
        '/CN=theirs',
        '-days',
        '9',
        '-addext',
        'keyUsage=cRLSign',
      )
      openssl('ca', '-config', 'config', '-gencrl', '-keyfile', 'key', '-cert', 'cert', '-out', 'crl', '-crldays', '7', ...options)
      const own = readX509(new X509Certificate(readFileSync(at('cert'))).raw)!
      const list = readRevocationLists(readFileSync(at('crl'), 'latin1'), [own])
      assert.deepEqual([list.faults, list.lists.length, has(list, 'abcdef0123'), has(list, 'abcdef0124')], [[], 1, true, false])
    }
    rmSync(folder, { recursive: true })
  })

  test('of somebody else, forged, or of an authority that may sign none, is refused', async () => {
    const namesake = await makeCertificate({ subject: 'CN=ours', authority: true })
    const barred = await makeCertificate({ subject: 'CN=ours', authority: true, more: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign)] })
    const client = await makeCertificate({ subject: 'CN=ours' })
    const table: readonly (readonly [issuer: Made, authorities: readonly Made[], code: string | undefined])[] = [
      [ours, [], 'unknown-issuer'],
      [ours, [await makeCertificate({ subject: 'CN=other', authority: true })], 'unknown-issuer'],
      [namesake, [ours], 'bad-revocation-list'],
      [namesake, [ours, namesake], undefined],
      [barred, [barred], 'bad-revocation-list'],
      [client, [client], 'bad-revocation-list'],
    ]
    for (const [issuer, authorities, code] of table) assert.equal((await reading({ issuer }, authorities.map(read))).faults[0]?.code, code)
    const whole = Buffer.from((await makeRevocationList({ issuer: ours, revoked: ['0505'] })).rawData)
    const changed = Buffer.from(whole)
    changed[whole.indexOf(Buffer.from('02020505', 'hex')) + 3]! ^= 1
    assert.equal(readRevocationLists(changed.toString('latin1'), [read(ours)]).faults[0]?.code, 'bad-revocation-list')
  })

  test('that is limited is obeyed as far as that is understood, and refused beyond it', async () => {
    const point = '301ea01ca01a8618687474703a2f2f63726c2e6578616d706c652f612e63726c'
    const table: readonly (readonly [x509.Extension, string, readonly string[], RegExp | undefined])[] = [
      [extension('2.5.29.20', false, '020101'), 'all', [], undefined],
      [extension('2.5.29.28', true, '3003 8101 ff'.replaceAll(' ', '')), 'clients', [], undefined],
      [extension('2.5.29.28', true, '30038201ff'), 'authorities', [], undefined],
      [extension('2.5.29.28', true, point), 'all', ['http://crl.example/a.crl'], undefined],
      [extension('2.5.29.28', true, '30038401ff'), '', [], /limited to some reasons/],
      [extension('2.5.29.28', true, '30038501ff'), '', [], /limited to some reasons/],
      [extension('2.5.29.28', true, '300483020560'), '', [], /limited to some reasons/],
      [extension('2.5.29.27', true, '020101'), '', [], /only what changed/],
      [extension('1.2.3.4', true, '0500'), '', [], /critical extension 1\.2\.3\.4/],
      [extension('1.2.3.4', false, '0500'), 'all', [], undefined],
    ]
    for (const [one, scope, listedAt, fault] of table) {
      const { lists, faults } = await reading({ extensions: [one] })
      if (fault === undefined) assert.deepEqual([faults, lists[0]!.scope, lists[0]!.listedAt], [[], scope, listedAt])
      else assert.match(faults[0]!.message, fault)
    }
    assert.equal(table.length, 10)
  })

  test('that is old, or of tomorrow, is told of; what is none is a fault', async () => {
    assert.match(staleLists((await reading({ next: new Date(NOW - 1000) })).lists, NOW).join(), /should have been replaced/)
    assert.match(staleLists((await reading({ from: new Date(NOW + 1000) })).lists, NOW).join(), /counts only from/)
    for (const text of [
      '',
      'x',
      '0',
      '0\x82\x00',
      ours.certificate,
      '-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n',
      '-----BEGIN X509 CRL-----\nAAAA\n',
    ])
      assert.equal(readRevocationLists(text, [read(ours)]).faults[0]?.code, 'bad-revocation-list', JSON.stringify(text.slice(0, 30)))
  })

  test('that was damaged anywhere is never taken for a good one', async () => {
    const whole = Buffer.from((await makeRevocationList({ issuer: ours, revoked: ['0505', '0606'] })).rawData)
    const authorities = [read(ours)]
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, change, cut) => {
        const damaged = cut ? whole.subarray(0, at) : Buffer.from(whole)
        if (!cut) damaged[at]! ^= change
        const { lists, faults } = readRevocationLists(damaged.toString('latin1'), authorities)
        assert.deepEqual([lists.length, faults.length], [0, 1])
      }),
      { numRuns: 1000 },
    )
  })

  test('of a hundred thousand numbers is read whole, and each of them is found', () => {
    const number = (i: number): Buffer => Buffer.from((BigInt(i) * 0x9e3779b97f4a7c15n + (1n << 126n)).toString(16).padStart(32, '0'), 'hex')
    const text = makeLongList(
      ours,
      Array.from({ length: 100_000 }, (_, i) => number(i)),
    ).toString('latin1')
    const list = readRevocationLists(text, [read(ours)])
    assert.deepEqual(list.faults, [])
    const table = new SerialTable(list.lists[0]!.serials)
    let [found, others] = [0, 0]
    for (let i = 0; i < 100_000; i++) {
      if (table.has(number(i))) found++
      if (table.has(number(i + 100_000))) others++
    }
    assert.deepEqual([found, others], [100_000, 0])
  })
})

test('the table of numbers answers as a set does', () => {
  const serial = fc.uint8Array({ minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(serial, { maxLength: 50 }), fc.array(serial, { maxLength: 50 }), (added, asked) => {
      const table = SerialTable.withRoomFor(added.length)
      for (const each of added) table.add(each, 0, each.length)
      const set = new Set(added.map((each) => Buffer.from(each).toString('hex')))
      for (const each of [...added, ...asked]) assert.equal(new SerialTable(table.memory).has(each), set.has(Buffer.from(each).toString('hex')))
    }),
  )
})
