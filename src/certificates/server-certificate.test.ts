// A server's certificate is read with everything that is wrong with it, and what is right comes out ready to be shown.
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { before, describe, it } from 'node:test'
import { CLIENT_AUTH, type Made, makeCertificate, SERVER_AUTH } from '../../test/support/certificate-maker.ts'
import { readClientCertificate, readServerCertificate } from './server-certificate.ts'

const NOW_MS = Date.UTC(2026, 10, 24)
const day = (text: string): Date => new Date(`${text}T00:00:00Z`)
let root: Made
let between: Made
let own: Made
before(async () => {
  root = await makeCertificate({ subject: 'CN=root', authority: true })
  between = await makeCertificate({ subject: 'CN=between', authority: true, issuer: root, to: day('2030-01-01') })
  own = await makeCertificate({ names: ['shop.example.org', '*.api.example.org'], addresses: ['192.0.2.7'], purposes: [SERVER_AUTH], issuer: between })
})
const codes = (certificate: string, key: string): string[] => readServerCertificate(certificate, key, NOW_MS).faults.map((fault) => `${fault.in} ${fault.code}`)
const count = (text: string | undefined): number => text?.match(/BEGIN CERTIFICATE/g)?.length ?? 0

describe('the certificate of a server', () => {
  it('is read with its chain, names and end, whatever stands between the blocks', () => {
    const { certificate, faults, notices } = readServerCertificate(`a note\n${own.certificate}\nanother\n${between.certificate}`, own.key, NOW_MS)
    assert.deepEqual([faults, notices], [[], []])
    assert.deepEqual(certificate?.names, ['shop.example.org', '*.api.example.org', '192.0.2.7'])
    assert.deepEqual([certificate?.algorithm, count(certificate?.chain), certificate?.expiresMs], ['ecdsa', 2, Date.UTC(2030, 0, 1)])
    assert.match(certificate!.thumbprint, /^[0-9a-f]{64}$/)
  })

  it('has its chain put in order, without the authority that certified itself', () => {
    const { certificate } = readServerCertificate(own.certificate + root.certificate + between.certificate, own.key, NOW_MS)
    assert.equal(count(certificate?.chain), 2)
    assert.ok(certificate!.chain.indexOf(between.certificate.trim().split('\n')[2]!) > certificate!.chain.indexOf(own.certificate.trim().split('\n')[2]!))
  })

  it('may be one that certified itself, as tools make it for trying out', async () => {
    for (const authority of [false, true]) {
      const alone = await makeCertificate({ names: ['localhost'], authority })
      const { certificate, notices } = readServerCertificate(alone.certificate, alone.key, NOW_MS)
      assert.deepEqual([count(certificate?.chain), notices.length], [1, authority ? 1 : 0])
    }
  })

  for (const [kind, algorithm] of [
    ['P-384', 'ecdsa'],
    ['Ed25519', 'ed25519'],
    ['RSA-2048', 'rsa'],
  ] as const)
    it(`may have a key of ${kind}`, async () => {
      const made = await makeCertificate({ names: ['localhost'], key: kind })
      assert.equal(readServerCertificate(made.certificate, made.key, NOW_MS).certificate?.algorithm, algorithm)
    })

  it('that has expired or is not valid yet is told of and not refused: a gateway that does not start helps nobody', async () => {
    const past = await makeCertificate({ names: ['localhost'], to: day('2026-11-24') })
    const coming = await makeCertificate({ names: ['localhost'], from: day('2026-11-25') })
    const soon = await makeCertificate({ names: ['localhost'], to: day('2026-12-07') })
    for (const [made, says] of [
      [past, /expired on 2026-11-24/],
      [soon, /expires on 2026-12-07.*: renew it/],
      [coming, /not valid before 2026-11-25/],
    ] as const) {
      const { certificate, notices } = readServerCertificate(made.certificate, made.key, NOW_MS)
      assert.ok(certificate)
      assert.match(notices.join(), says)
    }
  })

  it('is refused with the code of everything that is wrong', async () => {
    const other = await makeCertificate({ names: ['localhost'] })
    const sealed = own.key.replaceAll('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY')
    const cases: readonly (readonly [what: string, certificate: string, key: string, codes: readonly string[]])[] = [
      ['nothing at all', '', '', ['certificate no-certificate', 'key no-private-key']],
      ['the two files taken for each other', own.key, own.certificate, ['certificate no-certificate', 'key no-private-key']],
      ['cut short', own.certificate.slice(0, 300), own.key.slice(0, 100), ['certificate no-certificate', 'certificate bad-certificate', 'key bad-private-key']],
      ['no certificate inside the block', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', own.key, ['certificate bad-certificate']],
      ['no key inside the block', own.certificate, '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n', ['key bad-private-key']],
      ['another key', own.certificate, other.key, ['key key-mismatch']],
      ['two keys', own.certificate, own.key + other.key, ['key bad-private-key']],
      ['a sealed key', own.certificate, sealed, ['key encrypted-private-key']],
      ['a chain with a stranger', own.certificate + other.certificate, own.key, ['certificate broken-chain']],
      [
        'the authority first',
        between.certificate + own.certificate,
        own.key,
        ['certificate broken-chain', 'certificate no-names', 'certificate is-a-ca', 'key key-mismatch'],
      ],
      ['eleven certificates', own.certificate.repeat(11), own.key, ['certificate too-long', 'certificate broken-chain']],
    ]
    for (const [what, certificate, key, expected] of cases) assert.deepEqual(codes(certificate, key), expected, what)
    assert.equal(cases.length, 11)
  })

  it('has a key that its passphrase opens, and no other does', () => {
    const sealedWith = (passphrase: string, cipher = 'aes-256-cbc'): string =>
      createPrivateKey(own.key).export({ type: 'pkcs8', format: 'pem', cipher, passphrase }) as string
    // As a file is read: octets.
    const octets = Buffer.from('größer', 'utf8').toString('latin1')
    const cases: readonly (readonly [key: string, passphrase: string | undefined, codes: readonly string[]])[] = [
      [sealedWith('open sesame'), 'open sesame', []],
      [sealedWith('open sesame'), 'open sesame\n', []],
      [sealedWith('open sesame'), 'open sesame\r\nand a note', []],
      [sealedWith('größer'), octets, []],
      [sealedWith('open sesame'), 'open Sesame', ['key bad-passphrase']],
      [sealedWith('open sesame'), '', ['key bad-passphrase']],
      [sealedWith('open sesame'), undefined, ['key encrypted-private-key']],
      [own.key, 'open sesame', ['key bad-passphrase']],
      [createPrivateKey(own.key).export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'a' }) as string, 'a', ['key encrypted-private-key']],
    ]
    for (const [key, passphrase, expected] of cases) {
      const { certificate, faults } = readServerCertificate(own.certificate + between.certificate, key, NOW_MS, passphrase)
      assert.deepEqual(
        faults.map((fault) => `${fault.in} ${fault.code}`),
        expected,
      )
      if (expected.length === 0) assert.ok(createPrivateKey(certificate!.key).equals(createPrivateKey(own.key)))
      for (const { message } of faults) assert.ok(!message.includes('esame'))
    }
    assert.equal(cases.length, 9)
  })

  it('is refused when it is for something else, names nobody, or is too weak', async () => {
    const wrong: readonly (readonly [Parameters<typeof makeCertificate>[0], string])[] = [
      [{ names: [] }, 'no-names'],
      [{ names: ['localhost'], purposes: [CLIENT_AUTH] }, 'not-for-servers'],
      [{ names: ['localhost'], authority: true, issuer: root }, 'is-a-ca'],
      [{ names: ['localhost'], key: 'RSA-1024' }, 'weak-certificate'],
      [{ names: ['localhost'], key: 'RSA-2048', hash: 'SHA-1' }, 'weak-certificate'],
    ]
    for (const [wanted, code] of wrong) {
      const made = await makeCertificate(wanted)
      assert.deepEqual(codes(made.certificate, made.key), [`certificate ${code}`])
    }
  })

  it('no message repeats what the files hold', () => {
    const texts = readServerCertificate(`${own.key}${own.certificate}`.replace('M', '!'), own.certificate, NOW_MS).faults.map(({ message }) => message)
    const words = own.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'))
    for (const word of words) assert.equal(texts.join().includes(word.slice(0, 20)), false)
  })
})

describe('a certificate that is shown to upstreams', () => {
  const clientCodes = async (wanted: Parameters<typeof makeCertificate>[0]): Promise<string[]> => {
    const made = await makeCertificate(wanted)
    return readClientCertificate(made.certificate, made.key, NOW_MS).faults.map((fault) => `${fault.in} ${fault.code}`)
  }

  it('names no host, and is for clients or for nothing in particular', async () => {
    for (const purposes of [[CLIENT_AUTH], [CLIENT_AUTH, SERVER_AUTH], undefined])
      assert.deepEqual(await clientCodes({ subject: 'CN=gateway', issuer: root, ...(purposes && { purposes }) }), [])
    assert.deepEqual(await clientCodes({ subject: 'CN=gateway', purposes: [SERVER_AUTH], issuer: root }), ['certificate not-for-clients'])
    assert.deepEqual(await clientCodes({ authority: true, issuer: root }), ['certificate is-a-ca'])
    assert.deepEqual(await clientCodes({ key: 'RSA-1024' }), ['certificate weak-certificate'])
  })

  it('that has expired is told of by its subject', async () => {
    const made = await makeCertificate({ subject: 'CN=gateway', purposes: [CLIENT_AUTH], to: day('2026-11-24') })
    const { certificate, notices } = readClientCertificate(made.certificate, made.key, NOW_MS)
    assert.ok(certificate)
    assert.match(notices.join(), /certificate of CN=gateway expired on .*: upstreams will refuse it/)
  })
})
