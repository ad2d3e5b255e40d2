// A private key in a configuration is a fault at its place, wherever it stands, and no message repeats any of it.
import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeCertificate } from '../../../test/support/certificate-maker.ts'
import { keysInTheOpen } from './keys-in-the-open.ts'
import { loadConfiguration } from './resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-open-keys-'))
after(() => rmSync(folder, { recursive: true }))
let key = ''
before(async () => {
  key = (await makeCertificate({})).key
})

const API = { path: '/', upstream: 'http://127.0.0.1:9001', public: true }
const listener = (cert: string, file: string) => ({
  gateway: { listen: [{ address: 'https://127.0.0.1:0', tls: { certificates: [{ cert, key: file }] } }] },
  apis: { a: API },
})
const described = (describe: string) => ({ apis: { a: API }, policySets: { b: { describe, policies: {} } } })
const derOf = (text: string, type: 'pkcs8' | 'sec1'): string => createPrivateKey(text).export({ format: 'der', type }).toString('base64')
const CASES: readonly [what: string, configuration: (key: string) => object, code: string][] = [
  ['in place of the path of a key', (text) => listener('a.pem', text), 'private-key'],
  ['in place of the path of a key, in one line', (text) => listener('a.pem', text.replaceAll('\n', ' ')), 'private-key'],
  ['in place of the path of a certificate', (text) => listener(text, 'a.key'), 'private-key'],
  ['under an unknown key of an API', (text) => ({ apis: { a: { ...API, tls: { key: text } } } }), 'private-key'],
  ['in the description of a policy set', (text) => ({ apis: { a: API }, policySets: { b: { describe: text.slice(0, 900), policies: {} } } }), 'private-key'],
  [
    'in place of the key that is shown to an upstream',
    (text) => ({ apis: { a: { ...API, upstream: { target: 'https://127.0.0.1:9001', tls: { certificate: { cert: 'a.pem', key: text } } } } } }),
    'private-key',
  ],
  ['cut short', (text) => ({ apis: { a: { ...API, owner: text.slice(0, 90) } } }), 'private-key'],
  ['in small letters', (text) => described(text.toLowerCase()), 'private-key'],
  ['with the line ends of Windows', (text) => described(text.replaceAll('\n', '\r\n')), 'private-key'],
  ['within a text in JSON', (text) => described(JSON.stringify({ private_key: text })), 'private-key'],
  ['in base64 once more', (text) => described(Buffer.from(text).toString('base64')), 'private-key'],
  ['in base64 once more, in lines', (text) => described(Buffer.from(text).toString('base64').replaceAll(/.{64}/g, '$&\n')), 'private-key'],
  ['in DER and base64', (text) => described(derOf(text, 'pkcs8')), 'private-key'],
  ['in DER and base64, in the older form', (text) => described(derOf(text, 'sec1')), 'private-key'],
  ['of PGP', (text) => described(text.replaceAll('PRIVATE KEY', 'PGP PRIVATE KEY BLOCK')), 'private-key'],
  ['among the certificates of a trust store', (text) => ({ apis: { a: API }, trustStores: { b: { certificates: text } } }), 'private-key'],
  ['in place of the path of a trust store', (text) => ({ apis: { a: API }, trustStores: { b: { certificates: { file: text } } } }), 'bad-value'],
]

for (const [what, configuration, code] of CASES)
  test(`a private key ${what} is refused, and not repeated`, () => {
    const file = join(folder, 'gatehouse.yaml')
    writeFileSync(file, JSON.stringify({ gatehouse: 1, ...configuration(key) }), { mode: 0o600 })
    const { ok, faults } = loadConfiguration(file, { policies: [], nowMs: 0 })
    assert.equal(ok, false)
    assert.ok(
      faults.some((fault) => fault.code === code),
      JSON.stringify(faults),
    )
    const told = JSON.stringify(faults)
    for (const line of key.split('\n').filter((text) => text !== '' && !text.startsWith('-'))) assert.ok(!told.includes(line.slice(0, 24)), told)
  })

test('every case ran', () => assert.equal(CASES.length, 17))

test('what only looks like one is none', async () => {
  const { certificate } = await makeCertificate({})
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const harmless = [
    certificate,
    new X509Certificate(certificate).raw.toString('base64'),
    Buffer.from(certificate).toString('base64'),
    publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    'Many words of a description without any sign between them that would end it',
    'M'.repeat(400),
    `M${' '.repeat(30_000)}!`,
    'Private keys stand in files of their own, never here',
  ]
  for (const text of harmless) assert.deepEqual(keysInTheOpen({ a: [text] }), [], text)
})
