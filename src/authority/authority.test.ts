// Authorities with OpenSSL as the judge: what they sign is what it verifies, for clients alone, until it is revoked.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeRequest } from '../../test/support/certificate-request.ts'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { randomSecret } from '../base/ids.ts'
import { keepAuthority, makeAuthority, removeAuthority, renewCrls } from './authorities.ts'
import {
  CERTIFICATE_HOURS,
  consumerUri,
  forgetEnded,
  getCertificate,
  type Issued,
  issueCertificate,
  KEPT_AFTER_END_MS,
  revokeCertificate,
  revokeCertificatesOf,
  VALID_CERTIFICATES_MAX,
} from './certificates.ts'
import { CRL_LIFE_MS, CRL_RENEWED_MS, readCrl } from './crl.ts'
import {
  type AuthorityKeyKind,
  authorities,
  type CertificateRecord,
  certificates,
  certificatesByConsumer,
  compromisedKeys,
  crls,
  revokedCertificates,
} from './records.ts'
import { type CertificateRequest, readRequest } from './requests.ts'
import { authorityReferred, authorityTrust } from './trust.ts'

const NOW_MS = Date.now()
const HOUR_MS = 3_600_000
const KINDS: readonly AuthorityKeyKind[] = ['P-256', 'P-384', 'Ed25519']
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-authority-'))
after(() => rmSync(folder, { recursive: true }))
const store = new MemoryStore()
const envelope = testEnvelope()
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}
const openssl = (...args: readonly string[]): { readonly code: number | null; readonly out: string } => {
  const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
  return { code: status, out: stdout + stderr }
}
const newSerial = (): string => Buffer.from(Uint8Array.from(randomSecret(16), (octet, i) => (i === 0 ? octet | 1 : octet))).toString('hex')

async function make(name: string, kind: AuthorityKeyKind = 'P-256', crlUrl?: string) {
  const made = await makeAuthority({ name, kind, days: 365, serial: newSerial(), nowMs: NOW_MS })
  const kept = await store.write((writing) => keepAuthority(writing, envelope, made, { name, by: 'person_x', nowMs: NOW_MS, crlUrl }))
  assert.ok(!('refused' in kept))
  return kept
}
async function issue(
  name: string,
  options: { consumer?: string; names?: readonly string[]; hours?: number; request?: CertificateRequest; serial?: string } = {},
): Promise<Issued> {
  const { consumer = 'acme', names = [], hours = 24, serial = newSerial() } = options
  const request = options.request ?? ((await readRequest(makeRequest().text, { names, uri: '' })) as CertificateRequest)
  const issuing = { consumer, request, names, hours, label: '', serial, by: 'person_x', nowMs: NOW_MS }
  const issued = await store.write(async (writing) => issueCertificate(writing, envelope, (await writing.get(authorities, name))!, issuing))
  if ('refused' in issued) throw new Error(issued.refused)
  return issued
}
const revoke = (record: CertificateRecord, reason: 'keyCompromise' | 'unspecified' | 'superseded' = 'superseded', atMs = NOW_MS) =>
  store.write(async (writing) =>
    revokeCertificate(writing, envelope, (await getCertificate(writing, record.authority, record.serial))!, { atMs, by: 'person_x', reason, why: '' }),
  )
/** Against the authority and its list as they are now. */
async function verify(name: string, certificate: string, ...more: readonly string[]) {
  const trust = (await store.read((reading) => authorityTrust(reading, name)))!
  const crl = `-----BEGIN X509 CRL-----\n${Buffer.from(trust.crl).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`
  const files = ['-CAfile', put('ca.pem', trust.certificate), '-CRLfile', put('ca.crl', crl)]
  return openssl('verify', '-x509_strict', '-crl_check', '-purpose', 'sslclient', ...files, ...more, put('leaf.pem', certificate))
}

for (const kind of KINDS)
  describe(`an authority with ${kind}`, () => {
    const name = `ca-${kind.toLowerCase()}`
    before(() => make(name, kind, `http://pki.example.org/ca/${name}.crl`).then(() => undefined))

    test('certifies clients, and nothing that certifies further', async () => {
      const { certificate } = (await store.read((reading) => authorityTrust(reading, name)))!
      const text = openssl('x509', '-in', put('ca.pem', certificate), '-noout', '-text').out
      assert.match(text, /X509v3 Basic Constraints: critical\s+CA:TRUE, pathlen:0/)
      assert.match(text, /X509v3 Key Usage: critical\s+Certificate Sign, CRL Sign\n/)
      assert.match(text, /X509v3 Extended Key Usage:\s+TLS Web Client Authentication\n/)
      assert.match(text, /Version: 3/)
      assert.equal(new X509Certificate(certificate).verify(new X509Certificate(certificate).publicKey), true)
    })

    test('issues what OpenSSL takes for a client and for nothing else, in the strictest reading', async () => {
      const { certificate, record } = await issue(name, { names: ['agent.example.org'] })
      const good = await verify(name, certificate)
      assert.equal(good.code, 0, good.out)
      const server = openssl('verify', '-purpose', 'sslserver', '-CAfile', join(folder, 'ca.pem'), put('leaf.pem', certificate))
      assert.notEqual(server.code, 0)
      const text = openssl('x509', '-in', put('leaf.pem', certificate), '-noout', '-text').out
      assert.match(text, /Subject: CN\s?=\s?acme\n/)
      assert.match(text, /X509v3 Basic Constraints: critical\s+CA:FALSE/)
      assert.match(text, /X509v3 Key Usage: critical\s+Digital Signature\n/)
      assert.match(text, /X509v3 Extended Key Usage:\s+TLS Web Client Authentication\n/)
      assert.match(text, /X509v3 Subject Alternative Name:\s+URI:urn:gatehouse:consumer:acme, DNS:agent\.example\.org\n/)
      assert.match(text, new RegExp(`URI:http://pki\\.example\\.org/ca/${name}\\.crl`))
      assert.equal(text.match(/X509v3 [A-Z]/g)?.length, 7, text)
      const parsed = new X509Certificate(certificate)
      assert.equal(parsed.serialNumber.toLowerCase().padStart(32, '0'), record.serial)
      assert.equal(parsed.validToDate.getTime(), record.expiresMs)
      assert.equal(parsed.fingerprint256.replaceAll(':', '').toLowerCase(), record.thumbprint)
    })

    test('signs a list that OpenSSL verifies, whose lines are what was revoked, and revoked stays revoked', async () => {
      const [first, second] = [await issue(name), await issue(name, { consumer: 'bolt' })]
      const before = (await store.read((reading) => readCrl(reading, name)))!
      await revoke(first.record, 'keyCompromise')
      const once = (await store.read((reading) => readCrl(reading, name)))!
      assert.ok(once.number > before.number)
      await revoke(second.record, 'unspecified')
      assert.deepEqual((await revoke(first.record, 'superseded', NOW_MS + 5)).record.revoked?.reason, 'keyCompromise')
      const trust = (await store.read((reading) => authorityTrust(reading, name)))!
      const checked = openssl(
        'crl',
        '-inform',
        'DER',
        '-in',
        put('ca.crl', trust.crl),
        '-CAfile',
        put('ca.pem', trust.certificate),
        '-noout',
        '-text',
        '-verify',
      )
      assert.match(checked.out, /verify OK/)
      assert.match(checked.out, /X509v3 CRL Number:\s+\d{10}/)
      assert.match(checked.out, /X509v3 Authority Key Identifier/)
      for (const { record } of [first, second]) assert.match(checked.out, new RegExp(`Serial Number: ${record.serial.replace(/^0/, '0?')}`, 'i'))
      assert.equal(checked.out.match(/CRL entry extensions/g)?.length, 1)
      assert.match(checked.out, /Key Compromise/)
      for (const { certificate } of [first, second]) {
        const refused = await verify(name, certificate)
        assert.match(refused.out, /certificate revoked/)
      }
      assert.equal((await verify(name, (await issue(name)).certificate)).code, 0)
    })
  })

test('a list with nothing in it has no list inside, and one of thousands is signed in well under a second', async () => {
  await make('lists')
  const text = async (): Promise<string> =>
    openssl('crl', '-inform', 'DER', '-in', put('x.crl', (await store.read((reading) => authorityTrust(reading, 'lists')))!.crl), '-noout', '-text').out
  assert.match(await text(), /No Revoked Certificates/)
  await store.write(async (writing) => {
    for (let i = 0; i < 5000; i++) writing.put(revokedCertificates, `lists/${newSerial()}`, { atMs: NOW_MS, reason: 'superseded', expiresMs: NOW_MS + HOUR_MS })
  })
  const { record } = await issue('lists')
  await revoke(record)
  assert.equal((await text()).match(/Serial Number:/g)?.length, 5001)
})

test('what has ended leaves the list a day later, and is forgotten after a week', async () => {
  await make('ends')
  const { record } = await issue('ends', { hours: 1 })
  const other = (await issue('ends', { hours: 1, consumer: 'bolt' })).record
  await revoke(record)
  const listed = async (atMs: number): Promise<boolean> => {
    await store.write(async (writing) => {
      writing.remove(crls, 'ends')
      await renewCrls(writing, envelope, atMs)
    })
    const { crl } = (await store.read((reading) => authorityTrust(reading, 'ends')))!
    return Buffer.from(crl).includes(Buffer.from(record.serial, 'hex'))
  }
  assert.deepEqual([await listed(NOW_MS), await listed(record.expiresMs + CRL_LIFE_MS - 1), await listed(record.expiresMs + CRL_LIFE_MS)], [true, true, false])
  await store.write(async (writing) => {
    assert.equal(await forgetEnded(writing, record.expiresMs + KEPT_AFTER_END_MS - 1, 1000), undefined)
    assert.ok(await getCertificate(writing, 'ends', record.serial))
    await forgetEnded(writing, record.expiresMs + KEPT_AFTER_END_MS, 1000)
    for (const each of [record, other]) assert.equal(await getCertificate(writing, 'ends', each.serial), undefined)
    assert.equal((await writing.get(authorities, 'ends'))?.kept, 0)
    assert.deepEqual(await writing.scan(certificatesByConsumer, { prefix: 'bolt/ends/', limit: 10 }), [])
  })
})

test('a list is signed anew when it is a third of its life old, by whichever node looks first, and once', async () => {
  await make('due')
  const at = (ms: number) => store.write((writing) => renewCrls(writing, envelope, ms))
  const due = async (ms: number): Promise<boolean> => (await at(ms)).includes('due')
  assert.deepEqual([await due(NOW_MS + CRL_RENEWED_MS - 1), await due(NOW_MS + CRL_RENEWED_MS), await due(NOW_MS + CRL_RENEWED_MS)], [false, true, false])
})

test('a key that others have is not certified again, whoever asks and whichever authority', async () => {
  await make('first')
  await make('second')
  const request = (await readRequest(makeRequest().text, { names: [], uri: '' })) as CertificateRequest
  const { record } = await issue('first', { request })
  await revoke(record, 'keyCompromise')
  for (const [name, consumer] of [
    ['first', 'acme'],
    ['second', 'bolt'],
  ] as const)
    await assert.rejects(issue(name, { request, consumer }), /compromised-key/)
  assert.ok(await store.read((reading) => reading.get(compromisedKeys, request.keyHash)))
})

test('others who have a key have it for all its certificates: revoked for that, they all are', async () => {
  for (const name of ['here', 'there']) await make(name)
  const request = (await readRequest(makeRequest().text, { names: [], uri: '' })) as CertificateRequest
  const same = [await issue('here', { request }), await issue('here', { request, consumer: 'bolt' }), await issue('there', { request })]
  const other = await issue('here')
  assert.equal((await revoke(same[0]!.record, 'keyCompromise')).also, 2)
  for (const { record, certificate } of same) assert.match((await verify(record.authority, certificate)).out, /certificate revoked/)
  assert.equal((await verify('here', other.certificate)).code, 0)
})

test('that others have a key is learnt late too: of a certificate that was revoked before, for whatever reason', async () => {
  await make('late')
  const request = (await readRequest(makeRequest().text, { names: [], uri: '' })) as CertificateRequest
  const [old, young] = [await issue('late', { request }), await issue('late', { request })]
  const { record } = await revoke(old.record, 'superseded')
  const again = await revoke(record, 'keyCompromise')
  assert.deepEqual([again.record.revoked?.reason, again.also], ['superseded', 1])
  assert.match((await verify('late', young.certificate)).out, /certificate revoked/)
  await assert.rejects(issue('late', { request }), /compromised-key/)
})

test('one key is certified a hundred times at once, whoever it is for: all are revoked in one go', async () => {
  await make('many')
  const request = (await readRequest(makeRequest().text, { names: [], uri: '' })) as CertificateRequest
  const { record } = await issue('many', { request })
  for (let i = 1; i < VALID_CERTIFICATES_MAX; i++) await issue('many', { request, consumer: `c${i}` })
  await assert.rejects(issue('many', { request, consumer: 'further' }), /too-many-certificates/)
  assert.equal((await revoke(record, 'keyCompromise')).also, VALID_CERTIFICATES_MAX - 1)
})

test('a consumer that is removed takes its certificates along, of every authority', async () => {
  await make('these')
  await make('those')
  const mine = [await issue('these', { consumer: 'gone' }), await issue('these', { consumer: 'gone' }), await issue('those', { consumer: 'gone' })]
  const near = await issue('these', { consumer: 'gone2' })
  const revocation = { atMs: NOW_MS, by: 'system', reason: 'cessationOfOperation', why: '' } as const
  assert.equal(await store.write((writing) => revokeCertificatesOf(writing, envelope, 'gone', revocation)), 3)
  for (const { record, certificate } of mine) assert.match((await verify(record.authority, certificate)).out, /certificate revoked/)
  assert.equal((await verify('these', near.certificate)).code, 0)
})

test('revoking and issuing at once lose nothing: whatever was revoked is in the last list', async () => {
  await make('race')
  const first = await Promise.all(Array.from({ length: 20 }, (_, i) => issue('race', { consumer: `c${i}` })))
  await Promise.all(first.flatMap(({ record }, i) => [revoke(record), issue('race', { consumer: `c${i}` }), revoke(record)]))
  const { crl } = (await store.read((reading) => authorityTrust(reading, 'race')))!
  for (const { record } of first) assert.ok(Buffer.from(crl).includes(Buffer.from(record.serial, 'hex')))
  assert.equal((await store.read((reading) => reading.get(authorities, 'race')))?.kept, 40)
})

test('an authority is removed when nothing of it counts, and leaves nothing', async () => {
  await make('leaves')
  const { record } = await issue('leaves')
  const remove = (nowMs = NOW_MS) => store.write((writing) => removeAuthority(writing, 'leaves', nowMs))
  assert.deepEqual(await remove(), { refused: 'in-use' })
  await revoke(record)
  assert.equal(await remove(), undefined)
  assert.equal(await store.read((reading) => authorityTrust(reading, 'leaves')), undefined)
  for (const each of [authorities, certificates, revokedCertificates, crls])
    assert.deepEqual(await store.read((reading) => reading.scan<unknown>(each, { prefix: 'leaves', limit: 10 })), [])
})

test('nothing lasts longer than its authority, nor longer than thirty days', async () => {
  const made = await makeAuthority({ name: 'short', kind: 'P-256', days: 1, serial: newSerial(), nowMs: NOW_MS })
  await store.write((writing) => keepAuthority(writing, envelope, made, { name: 'short', by: 'x', nowMs: NOW_MS }))
  await issue('short', { hours: 23 })
  await assert.rejects(issue('short', { hours: 25 }), /authority-ends/)
  assert.equal(CERTIFICATE_HOURS.max, 30 * 24)
})

test('its private key is nowhere in the store', async () => {
  await make('sealed', 'Ed25519')
  const { sealed } = (await store.read((reading) => reading.get(authorities, 'sealed')))!
  const { d } = createPrivateKey({ key: Buffer.from(envelope.open(sealed, 'ca/sealed')), format: 'der', type: 'pkcs8' }).export({ format: 'jwk' })
  const all = JSON.stringify(await store.read((reading) => reading.scan(authorities, { limit: 100 })))
  for (const trace of [d!, Buffer.from(d!, 'base64url').toString('hex'), Buffer.from(d!, 'base64url').toString('base64')]) assert.ok(!all.includes(trace))
})

test('is referred to as ca:NAME and in no other way', () => {
  for (const [text, name] of [
    ['ca:clients', 'clients'],
    ['ca:a-1', 'a-1'],
    ['ca:', undefined],
    ['ca:Clients', undefined],
    ['ca:-a', undefined],
    ['clients', undefined],
    ['./ca:clients', undefined],
    ['ca:a/b', undefined],
  ] as const)
    assert.equal(authorityReferred(text), name, text)
})

test('the name of a consumer in a certificate is a URN', () => assert.equal(consumerUri('acme'), 'urn:gatehouse:consumer:acme'))
