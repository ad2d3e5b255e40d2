// Certificates of listeners come out of their files with every fault at the place that names the file.
import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Made, makeCertificate } from '../../../test/support/certificate-maker.ts'
import { readServerCertificate } from '../../certificates/server-certificate.ts'
import type { HeldCertificates } from './listener-certificates.ts'
import { loadConfiguration } from './resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-listeners-'))
after(() => rmSync(folder, { recursive: true }))
const NOW_MS = Date.UTC(2026, 10, 24)
let shop: Made
let past: Made
before(async () => {
  const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
  shop = await makeCertificate({ names: ['shop.example'], issuer: authority })
  past = await makeCertificate({ names: ['past.example'], issuer: authority, to: new Date('2026-01-01') })
  const put = (name: string, text: string, mode = 0o600): void => {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), mode)
  }
  put('shop.pem', shop.certificate, 0o644)
  put('shop.key', shop.key)
  put('group.key', shop.key, 0o640)
  put('sealed.key', createPrivateKey(shop.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'sesame' }) as string)
  put('passphrase', 'sesame\n')
  put('open.passphrase', 'sesame\n', 0o644)
  put('open.key', shop.key, 0o644)
  put('past.pem', past.certificate)
  put('past.key', past.key)
})

type Pair = readonly [cert: string, key: string, passphrase?: string]
function load(...pairs: readonly Pair[]) {
  const file = join(folder, 'gatehouse.yaml')
  const certificates = pairs.map(([cert, key, file]) => ({ cert, key, ...(file !== undefined && { passphrase: { file } }) }))
  const listen = [{ address: 'https://127.0.0.1:8443', tls: { certificates, minVersion: '1.3' } }]
  const apis = { a: { path: '/', upstream: 'http://127.0.0.1:9001', public: true } }
  // JSON is YAML, and has its places.
  writeFileSync(file, JSON.stringify({ gatehouse: 1, gateway: { listen }, apis }), { mode: 0o600 })
  return loadConfiguration(file, { policies: [], nowMs: NOW_MS })
}
const codes = (...pairs: readonly Pair[]): string[] => load(...pairs).faults.map(({ code }) => code)

test('a listener has its certificates, whose files are watched and change the digest', () => {
  const found = load(['shop.pem', 'shop.key'])
  assert.ok(found.ok)
  const [listener] = found.snapshot.gateway.listen
  assert.deepEqual([listener?.host, listener?.port, listener?.tls?.profile], ['127.0.0.1', 8443, 'modern'])
  assert.deepEqual(listener?.tls?.certificates[0]?.names, ['shop.example'])
  for (const name of ['shop.pem', 'shop.key']) assert.ok(found.files.includes(join(folder, name)))
  writeFileSync(join(folder, 'shop.pem'), `# again\n${shop.certificate}`)
  assert.notEqual(load(['shop.pem', 'shop.key']).digest, found.digest)
})

test('what does not fit, is missing or stands twice is a fault; an end that has come is told', () => {
  assert.deepEqual(codes(['shop.pem', 'past.key']), ['key-mismatch'])
  assert.deepEqual(codes(['shop.pem', 'none.key'], ['none.pem', 'shop.key']), ['file-missing', 'file-missing'])
  assert.deepEqual(codes(['shop.pem', 'shop.key'], ['shop.pem', 'group.key']), ['duplicate-item'])
  const ended = load(['past.pem', 'past.key'])
  assert.ok(ended.ok)
  assert.deepEqual(
    ended.notices.map(({ code }) => code),
    ['certificate-notice'],
  )
})

test('a private key that everyone can read is refused, one that a group shares is not', { skip: process.platform === 'win32' }, () => {
  assert.deepEqual(codes(['shop.pem', 'open.key']), ['file-readable-by-others'])
  assert.deepEqual(codes(['shop.pem', 'group.key']), [])
})

test('a key that is sealed is opened with the passphrase in a file, which is watched and as secret as a key', { skip: process.platform === 'win32' }, () => {
  const found = load(['shop.pem', 'sealed.key', 'passphrase'])
  assert.ok(found.ok, JSON.stringify(found.faults))
  assert.ok(found.files.includes(join(folder, 'passphrase')))
  assert.match(found.snapshot.gateway.listen[0]!.tls!.certificates[0]!.key, /^-----BEGIN PRIVATE KEY-----/)
  assert.deepEqual(codes(['shop.pem', 'sealed.key']), ['encrypted-private-key'])
  assert.deepEqual(codes(['shop.pem', 'sealed.key', 'shop.key']), ['bad-passphrase'])
  assert.deepEqual(codes(['shop.pem', 'sealed.key', 'open.passphrase']), ['file-readable-by-others'])
  assert.deepEqual(codes(['shop.pem', 'sealed.key', 'none']), ['file-missing'])
})

test('certificates by ACME stand behind those of files, and a stand-in only where nothing else covers the name', async () => {
  const got = readServerCertificate(past.certificate, past.key, NOW_MS).certificate!
  const held: HeldCertificates = {
    find: (name) => (name === 'got.example' ? { ...got, names: ['got.example'] } : undefined),
    standIn: (name) => ({ ...got, names: [name], thumbprint: `stand-in ${name}`, isTemporary: true }),
  }
  const shown = (listen: object[], given: HeldCertificates | null = held): readonly string[] => {
    const file = join(folder, 'gatehouse.yaml')
    const acme = { directory: 'https://acme.example/directory', termsOfServiceAgreed: true }
    const apis = { a: { path: '/', upstream: 'http://127.0.0.1:9001', public: true } }
    writeFileSync(file, JSON.stringify({ gatehouse: 1, gateway: { listen, acme }, apis }), { mode: 0o600 })
    const found = loadConfiguration(file, { policies: [], nowMs: NOW_MS, ...(given && { held: given }) })
    assert.deepEqual(found.faults, [])
    assert.ok(found.ok)
    return found.snapshot.gateway.listen.map(({ tls }) => tls!.certificates.map(({ names, isTemporary }) => `${names}${isTemporary ? '?' : ''}`).join())
  }
  const listener = (port: number, tls: object): object => ({ address: `https://127.0.0.1:${port}`, tls })
  const certificates = [{ cert: 'shop.pem', key: 'shop.key' }]
  assert.deepEqual(
    shown([
      listener(1, { acme: ['new.example', 'got.example'] }),
      listener(2, { acme: ['new.example', 'got.example', 'shop.example'], certificates }),
      listener(3, { certificates }),
    ]),
    ['got.example,new.example?', 'shop.example,got.example,new.example?', 'shop.example'],
  )
  // What only looks has none of it, and no fault.
  assert.deepEqual(shown([listener(1, { acme: ['new.example'] })], null), [''])
})
