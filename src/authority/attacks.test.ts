// How one would get a certificate that one should not have out of a request, and that it fails.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { extension, makeRequest, pairOf, type Request } from '../../test/support/certificate-request.ts'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { DerCursor } from '../certificates/der.ts'
import { bitString, der, integer, objectId, sequence } from '../certificates/der-writer.ts'
import { keepAuthority, makeAuthority } from './authorities.ts'
import { consumerUri, issueCertificate } from './certificates.ts'
import { authorities } from './records.ts'
import { type CertificateRequest, readRequest } from './requests.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-requests-'))
after(() => rmSync(folder, { recursive: true }))
const allowed = { names: ['agent.example.org'], uri: consumerUri('acme') }
const outcome = async ({ text }: Pick<Request, 'text'>): Promise<string> => {
  const read = await readRequest(text, allowed)
  return 'refused' in read ? read.refused : read.key
}

const CA_TRUE = Buffer.from('30030101ff', 'hex')
const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const alternative = (...names: readonly Buffer[]): Buffer => extension('551d11', sequence(...names))
const dns = (name: string): Buffer => der(0x82, Buffer.from(name))
const uri = (name: string): Buffer => der(0x86, Buffer.from(name))
const usage = (...ids: readonly string[]): Buffer => extension('551d25', sequence(...ids.map(objectId)))
const CLIENT = '2b06010505070302'
const SERVER = '2b06010505070301'
const pair = pairOf('P-256')
/** The last octet of the signature is another one. */
const spoiled = (octets: Buffer): Buffer => {
  const copy = Buffer.from(octets)
  copy[copy.length - 1]! ^= 1
  return copy
}
const mine = makeRequest({ pair })
/** A request whose key is one that the sender has seen and does not have. */
const stolen = makeRequest({ pair: { publicKey: pairOf('P-256').publicKey, privateKey: pair.privateKey } })

const CASES: readonly (readonly [what: string, request: Pick<Request, 'text'>, outcome: string])[] = [
  ['an honest one with P-256', mine, 'P-256'],
  ['an honest one with P-384', makeRequest({ pair: pairOf('P-384') }), 'P-384'],
  ['an honest one with Ed25519', makeRequest({ pair: pairOf('Ed25519') }), 'Ed25519'],
  ['an honest one with RSA', makeRequest({ pair: pairOf(2048) }), 'RSA-2048'],
  ['what it may ask for', makeRequest({ extensions: [usage(CLIENT), alternative(dns('agent.example.org'), uri('urn:gatehouse:consumer:acme'))] }), 'P-256'],
  ['that it is no authority', makeRequest({ extensions: [extension('551d13', hex('3000'))] }), 'P-256'],
  ['somebody else’s public key', stolen, 'no-possession'],
  ['another signature', makeRequest({ signer: pairOf('P-256').privateKey }), 'no-possession'],
  ['a signature with one bit changed', makeRequest({ spoil: spoiled }), 'no-possession'],
  ['a signature over SHA-1', makeRequest({ hash: 'sha1' }), 'no-possession'],
  ['a signature over SHA-1 with RSA', makeRequest({ pair: pairOf(2048), hash: 'sha1' }), 'no-possession'],
  ['RSA with 1024 bits', makeRequest({ pair: pairOf(1024) }), 'weak-key'],
  ['RSA with 2040 bits', makeRequest({ pair: pairOf(2040) }), 'weak-key'],
  ['a curve that is not certified', makeRequest({ pair: pairOf('secp256k1') }), 'weak-key'],
  ['being an authority', makeRequest({ extensions: [extension('551d13', CA_TRUE, true)] }), 'asks-too-much'],
  ['being one, not critical', makeRequest({ extensions: [extension('551d13', CA_TRUE)] }), 'asks-too-much'],
  ['being one, behind what it may ask for', makeRequest({ extensions: [usage(CLIENT), extension('551d13', CA_TRUE)] }), 'asks-too-much'],
  ['signing certificates', makeRequest({ extensions: [extension('551d0f', hex('03020106'))] }), 'asks-too-much'],
  ['being a server', makeRequest({ extensions: [usage(SERVER)] }), 'asks-too-much'],
  ['being a server as well', makeRequest({ extensions: [usage(CLIENT, SERVER)] }), 'asks-too-much'],
  ['any use at all', makeRequest({ extensions: [usage('551d2500')] }), 'asks-too-much'],
  ['the name of another consumer', makeRequest({ extensions: [alternative(uri('urn:gatehouse:consumer:bolt'))] }), 'asks-too-much'],
  ['another DNS name', makeRequest({ extensions: [alternative(dns('agent.example.org'), dns('evil.example'))] }), 'asks-too-much'],
  ['a DNS name with a NUL', makeRequest({ extensions: [alternative(dns('agent.example.org\0.evil.example'))] }), 'asks-too-much'],
  ['a mail address', makeRequest({ extensions: [alternative(der(0x81, Buffer.from('root@example.org')))] }), 'asks-too-much'],
  ['an IP address', makeRequest({ extensions: [alternative(der(0x87, hex('7f000001')))] }), 'asks-too-much'],
  ['names that cannot be read', makeRequest({ extensions: [extension('551d11', hex('30ff'))] }), 'asks-too-much'],
  ['name constraints', makeRequest({ extensions: [extension('551d1e', hex('3000'), true)] }), 'asks-too-much'],
  ['an extension that nobody knows', makeRequest({ extensions: [extension('2a0304', hex('0500'))] }), 'asks-too-much'],
  ['octets behind it', makeRequest({ trailing: hex('0500') }), 'bad-request'],
  ['two requests', { text: mine.text + mine.text }, 'bad-request'],
  ['a certificate', { text: mine.text.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE') }, 'bad-request'],
  ['nothing', { text: '' }, 'bad-request'],
  ['no base64', { text: mine.text.replace('M', '!') }, 'bad-request'],
  ['cut short', { text: `${mine.text.slice(0, 200)}\n-----END CERTIFICATE REQUEST-----\n` }, 'bad-request'],
  ['a number', { text: `-----BEGIN CERTIFICATE REQUEST-----\n${integer('1').toString('base64')}\n-----END CERTIFICATE REQUEST-----` }, 'bad-request'],
  ['its private key beside it', { text: mine.text + mine.key }, 'private-key'],
  [
    'a length of many octets',
    { text: `-----BEGIN CERTIFICATE REQUEST-----\n${hex('3089ffffffffffffffffff').toString('base64')}\n-----END CERTIFICATE REQUEST-----` },
    'bad-request',
  ],
]
for (const [what, request, expected] of CASES) test(`a request that holds ${what}: ${expected}`, async () => assert.equal(await outcome(request), expected))
test('every case ran', () => assert.equal(CASES.length, 38))

test('what openssl makes is read, and what it asks for in passing is refused', async () => {
  const file = join(folder, 'request.pem')
  const make = (...more: readonly string[]): { text: string } => {
    const { status, stderr } = spawnSync(
      'openssl',
      [
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/O=Evil/CN=somebody',
        '-keyout',
        join(folder, 'k'),
        '-out',
        file,
        ...more,
      ],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stderr)
    return { text: readFileSync(file, 'utf8') }
  }
  assert.equal(await outcome(make()), 'P-256')
  assert.equal(await outcome(make('-addext', 'basicConstraints=critical,CA:TRUE')), 'asks-too-much')
  assert.equal(await outcome(make('-addext', 'subjectAltName=DNS:evil.example')), 'asks-too-much')
})

test('the subject of a request goes nowhere: the certificate names the consumer, whatever stood there', async () => {
  const store = new MemoryStore()
  const envelope = testEnvelope()
  const nowMs = Date.now()
  const made = await makeAuthority({ name: 'a', kind: 'P-256', days: 30, serial: 'ab'.repeat(16), nowMs })
  await store.write((writing) => keepAuthority(writing, envelope, made, { name: 'a', by: 'x', nowMs }))
  for (const [i, subject] of ['bolt', 'acme\0bolt', 'acme, CN=bolt', ''].entries()) {
    const request = (await readRequest(makeRequest({ subject }).text, allowed)) as CertificateRequest
    for (const consumer of ['acme', 'A.b-c_9']) {
      const issuing = { consumer, request, names: [], hours: 1, label: '', serial: `${i}${consumer.length}`.padStart(32, 'a'), by: 'x', nowMs }
      const issued = await store.write(async (writing) => issueCertificate(writing, envelope, (await writing.get(authorities, 'a'))!, issuing))
      assert.ok(!('refused' in issued))
      const parsed = new X509Certificate(issued.certificate)
      assert.deepEqual([parsed.subject, parsed.subjectAltName, parsed.ca], [`CN=${consumer}`, `URI:urn:gatehouse:consumer:${consumer}`, false])
      assert.ok(parsed.verify(new X509Certificate(made.certificate).publicKey))
    }
  }
})

test('a key in another form is the same key: what is known of it holds, and certificates show the usual form', async () => {
  const { publicKey } = pair
  const usual = publicKey.export({ type: 'spki', format: 'der' })
  const { x, y } = publicKey.export({ format: 'jwk' })
  const [across, up] = [Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]
  const odd = up.at(-1)! & 1
  const points = { compressed: Buffer.concat([Uint8Array.of(2 + odd), across]), hybrid: Buffer.concat([Uint8Array.of(6 + odd), across, up]) }
  const explicit = spawnSync('openssl', ['ec', '-pubin', '-inform', 'DER', '-outform', 'DER', '-param_enc', 'explicit'], { input: usual })
  assert.ok(explicit.stdout.length > usual.length, String(explicit.stderr))
  const forms: Record<string, Uint8Array> = { explicit: explicit.stdout }
  for (const [name, point] of Object.entries(points))
    forms[name] = sequence(sequence(objectId('2a8648ce3d0201'), objectId('2a8648ce3d030107')), bitString(point))
  const { keyHash } = (await readRequest(mine.text, allowed)) as CertificateRequest
  let read = 0
  for (const [name, spki] of Object.entries(forms)) {
    const other = await readRequest(makeRequest({ pair, spki }).text, allowed)
    if ('refused' in other) continue
    read++
    assert.equal(other.keyHash, keyHash, name)
    assert.deepEqual(Buffer.from(other.publicKey), usual, name)
  }
  assert.ok(read > 0, 'none of the forms is read')
})

test('any change of any octet of what is signed is refused, and none ends the process', async () => {
  const octets = Buffer.from(mine.text.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')
  // Tag, one octet that says how many there are of the length, and that.
  const HEADER = 3
  const changed = fc.tuple(fc.integer({ min: HEADER, max: new DerCursor(octets, HEADER).next().to - 1 }), fc.integer({ min: 1, max: 255 }))
  await fc.assert(
    fc.asyncProperty(changed, async ([at, by]) => {
      const copy = Buffer.from(octets)
      copy[at]! ^= by
      const read = await readRequest(`-----BEGIN CERTIFICATE REQUEST-----\n${copy.toString('base64')}\n-----END CERTIFICATE REQUEST-----`, allowed)
      assert.ok('refused' in read, `octet ${at} by ${by}`)
    }),
    { numRuns: 400 },
  )
})

test('random octets are refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (octets) => {
      const whole = sequence(octets, bitString(octets))
      const read = await readRequest(`-----BEGIN CERTIFICATE REQUEST-----\n${whole.toString('base64')}\n-----END CERTIFICATE REQUEST-----`, allowed)
      assert.ok('refused' in read)
    }),
    { numRuns: 300 },
  )
})
