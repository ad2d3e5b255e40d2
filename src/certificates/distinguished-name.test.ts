// A subject has one spelling, whether it comes out of a certificate or was written by somebody, and no part of it can pass for another.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { makeCertificate } from '../../test/support/certificate-maker.ts'
import { readX509 } from './certificate.ts'
import { DerCursor, readingDer } from './der.ts'
import { der } from './der-writer.ts'
import { nameText, normalName } from './distinguished-name.ts'

/** The DER of a name: a list of parts, each a list of pairs. */
function encoded(parts: readonly (readonly (readonly [oid: string, tag: number, value: Buffer])[])[]): Buffer {
  return der(
    0x30,
    Buffer.concat(
      parts.map((pairs) =>
        der(0x31, Buffer.concat(pairs.map(([oid, tag, value]) => der(0x30, Buffer.concat([der(6, Buffer.from(oid, 'hex')), der(tag, value)]))))),
      ),
    ),
  )
}
const CN = '550403'
const O = '55040a'
const read = (...parts: Parameters<typeof encoded>[0][number][]): string | undefined => readingDer(() => nameText(new DerCursor(encoded(parts)).next()))
const utf8 = (oid: string, text: string) => [oid, 0x0c, Buffer.from(text)] as const

describe('distinguished names', () => {
  test('are written the most specific part first, whatever alphabet they came in', () => {
    assert.equal(read([utf8(O, 'Acme')], [utf8(CN, 'billing')]), 'CN=billing,O=Acme')
    assert.equal(read([utf8(O, 'Acme'), utf8(CN, 'billing')]), 'CN=billing+O=Acme')
    assert.equal(read([[CN, 0x13, Buffer.from('a')]], [[CN, 0x16, Buffer.from('b')]], [[CN, 0x1e, Buffer.from('0063', 'hex')]]), 'CN=c,CN=b,CN=a')
    assert.equal(read([[CN, 0x14, Buffer.from('e9', 'hex')]], [utf8('2a030405', 'x')]), '1.2.3.4.5=x,CN=é')
    assert.equal(read(), '')
  })
  test('that hold separators, controls or spaces at their ends stay one value', () => {
    const table = [
      ['a,O=Acme', 'CN=a\\,O\\=Acme'],
      ['a+O=b', 'CN=a\\+O\\=b'],
      ['\\', 'CN=\\\\'],
      [' a ', 'CN=\\ a\\ '],
      ['#a', 'CN=\\#a'],
      ['a\0b\n', 'CN=a\\00b\\0A'],
      ['"<>;', 'CN=\\"\\<\\>\\;'],
    ] as const
    for (const [value, text] of table) assert.equal(read([utf8(CN, value)]), text)
    assert.equal(new Set(table.map(([, text]) => text)).size, 7)
  })
  test('in no alphabet that is read, or cut short, are no names', () => {
    for (const [tag, value] of [
      [0x0c, 'ff'],
      [0x13, 'e9'],
      [0x16, '80'],
      [0x1e, '00'],
      [0x1e, 'd800'],
      [0x1c, '00000061'],
    ] as const)
      assert.equal(read([[CN, tag, Buffer.from(value, 'hex')]]), undefined)
    assert.equal(read([]), undefined)
  })

  test('as people write them become the same', () => {
    const table: readonly (readonly [string, string | undefined])[] = [
      ['CN=billing,O=Acme', 'CN=billing,O=Acme'],
      ['cn = billing , o = Acme ', 'CN=billing,O=Acme'],
      ['CN=billing, O=Acme Ltd', 'CN=billing,O=Acme Ltd'],
      ['O=Acme+CN=billing', 'CN=billing+O=Acme'],
      ['2.5.4.3=a', 'CN=a'],
      ['emailAddress=a@b.example,E=c@d.example', 'EMAILADDRESS=a@b.example,EMAILADDRESS=c@d.example'],
      ['CN=a\\,O\\=Acme', 'CN=a\\,O\\=Acme'],
      ['CN=a\\2CO=Acme', 'CN=a\\,O\\=Acme'],
      ['CN=\\C3\\A9', 'CN=é'],
      ['CN=é', 'CN=é'],
      ['CN=a\\ ', 'CN=a\\ '],
      ['CN=\u00a0a', 'CN=\u00a0a'],
      ['1.2.3.4.5=x', '1.2.3.4.5=x'],
      ['', undefined],
      ['billing', undefined],
      ['CN=', undefined],
      ['CN=a,', undefined],
      ['CN=a,,O=b', undefined],
      ['CN=a;O=b', undefined],
      ['CN="a"', undefined],
      ['CN=\\C3', undefined],
      ['CN=\\zz', undefined],
      ['CN=\\ ', 'CN=\\ '],
      ['1.2.3.4.5=#0c0178', '1.2.3.4.5=x'],
      ['1.2.3.4.5=#0c01', undefined],
      ['CN=#a', undefined],
      ['XX=a', undefined],
      ['/C=DE/O=Acme', undefined],
    ]
    for (const [written, normal] of table) assert.equal(normalName(written), normal, written)
    assert.equal(table.length, 28)
  })

  test('out of a certificate, what is written and what openssl prints are the same', async () => {
    const { certificate, parsed } = await makeCertificate({ subject: 'C=DE, O=Acme\\, Ltd, OU=Zahlung + CN=billing, DC=example, E=a@b.example' })
    const own = readX509(Buffer.from(parsed.rawData))!
    assert.equal(normalName(own.subject), own.subject)
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-name-'))
    writeFileSync(join(folder, 'c.pem'), certificate)
    const printed = execFileSync('openssl', ['x509', '-in', join(folder, 'c.pem'), '-noout', '-subject', '-nameopt', 'RFC2253'], { encoding: 'utf8' })
    rmSync(folder, { recursive: true })
    assert.equal(normalName(printed.replace(/^subject=/, '').trim()), own.subject)
  })

  test('differ as text when they differ as names', () => {
    const value = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).filter((text) => text.isWellFormed())
    const name = fc.array(fc.array(fc.tuple(fc.constantFrom(CN, O), value), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 })
    const inOrder = (parts: readonly (readonly (readonly [string, string])[])[]): string =>
      JSON.stringify(parts.map((pairs) => pairs.map((pair) => JSON.stringify(pair)).sort()))
    const textOf = (parts: readonly (readonly (readonly [string, string])[])[]): string =>
      read(...parts.map((pairs) => pairs.map(([oid, text]) => utf8(oid, text))))!
    fc.assert(
      fc.property(name, name, (one, two) => {
        assert.equal(textOf(one) === textOf(two), inOrder(one) === inOrder(two))
        assert.equal(normalName(textOf(one)), textOf(one))
      }),
      { numRuns: 2000 },
    )
  })
})
