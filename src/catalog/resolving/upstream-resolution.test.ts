// Upstreams under TLS come out of the configuration with what they trust and show, read once however many name it, and nothing of it in silence.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CLIENT_AUTH, type Made, makeCertificate, SERVER_AUTH } from '../../../test/support/certificate-maker.ts'
import { makeRevocationPem } from '../../../test/support/revocation-list-maker.ts'
import { DocumentCache } from '../reading/document-cache.ts'
import { readSources } from '../reading/sources.ts'
import { withConsole } from '../revisions/console-document.ts'
import { loadConfiguration, type Resolution, resolveSources } from './resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upstreams-'))
after(() => rmSync(folder, { recursive: true }))
const NOW_MS = Date.UTC(2026, 10, 24)
const OPTIONS = { policies: [], nowMs: NOW_MS }
const PIN = `sha256/${'A'.repeat(43)}=`
let authority: Made
let client: Made

const put = (name: string, text: string, mode = 0o600): void => {
  writeFileSync(join(folder, name), text)
  chmodSync(join(folder, name), mode)
}
before(async () => {
  authority = await makeCertificate({ subject: 'CN=authority', authority: true })
  client = await makeCertificate({ subject: 'CN=gateway', purposes: [CLIENT_AUTH], issuer: authority })
  const server = await makeCertificate({ names: ['shop.example'], purposes: [SERVER_AUTH], issuer: authority })
  put('ca.pem', authority.certificate, 0o644)
  put('client.pem', client.certificate, 0o644)
  put('client.key', client.key)
  put('open.key', client.key, 0o644)
  put('both.pem', client.certificate + client.key, 0o644)
  put('server.pem', server.certificate)
  put('server.key', server.key)
  put('list.pem', await makeRevocationPem(authority, [], { to: '2030-01-01' }))
  put('ended.pem', await makeRevocationPem(authority, [], { to: '2021-01-01' }))
})

function write(sections: object): string {
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, JSON.stringify({ gatehouse: 1, ...sections }), { mode: 0o600 })
  return file
}
const load = (sections: object): Resolution => loadConfiguration(write(sections), OPTIONS)
const one = (tls: object | undefined, url = 'https://shop.example/base'): Resolution =>
  load({ apis: { a: { path: '/', upstream: { url, ...(tls && { tls }) }, public: true } } })
const codes = (tls: object): string[] => one(tls).faults.map(({ code }) => code)
const noticed = (found: Resolution): string[] => found.notices.map(({ code }) => code)

test('an https:// address is verified by itself: its own name, TLS 1.2 at least, the authorities that Node brings, port 443', () => {
  const found = load({ apis: { a: { path: '/', upstream: 'https://shop.example/base', public: true } } })
  assert.ok(found.ok)
  const { upstream } = found.snapshot.apis[0]!
  assert.deepEqual([upstream.host, upstream.port, upstream.basePath, upstream.tls?.serverName], ['shop.example', 443, '/base', 'shop.example'])
  assert.deepEqual(found.snapshot.upstreamTrust, { [upstream.tls!.trust]: { profile: 'intermediate' } })
  assert.deepEqual(found.notices, [])
})

test('an upstream has all that its section says, its files are watched and change the digest', () => {
  const found = one({
    ca: { file: 'ca.pem' },
    certificate: { cert: 'client.pem', key: 'client.key' },
    pins: [PIN],
    serverName: 'SHOP.internal.',
    minVersion: '1.3',
    crl: ['list.pem'],
  })
  assert.ok(found.ok)
  const { tls } = found.snapshot.apis[0]!.upstream
  const { certificate, authorities, revocationLists, ...rest } = found.snapshot.upstreamTrust![tls!.trust]!
  assert.equal(tls!.serverName, 'shop.internal')
  assert.deepEqual(rest, { profile: 'modern', pins: [PIN.slice(7)], listsEndMs: Date.UTC(2030, 0, 1) })
  assert.deepEqual([authorities?.length, revocationLists?.length], [1, 1])
  assert.deepEqual(Object.keys(certificate!).sort(), ['chain', 'expiresMs', 'key', 'thumbprint'])
  for (const name of ['ca.pem', 'client.pem', 'client.key', 'list.pem']) assert.ok(found.files.includes(join(folder, name)), name)
})

test('APIs, versions, canaries and names that trust and show the same have it once, and are others once a file is', () => {
  const upstream = { url: 'https://shop.example', tls: { ca: { file: 'ca.pem' } } }
  const sections = {
    upstreams: { shared: upstream },
    apis: {
      a: { path: '/a', upstream: { ...upstream, url: 'https://a.example' }, public: true, canary: { upstream, share: '10%' } },
      b: { path: '/b', upstream: 'shared', public: true },
      c: { path: '/c', versioning: { by: 'path' } },
    },
    versions: { c: { v1: { upstream, public: true, state: 'active' } } },
  }
  const found = load(sections)
  assert.deepEqual(found.faults, [])
  assert.ok(found.ok)
  assert.equal(found.snapshot.apis.length, 4)
  assert.equal(new Set(found.snapshot.apis.map((api) => api.upstream.tls?.trust)).size, 1)
  assert.equal(Object.keys(found.snapshot.upstreamTrust!).length, 1)
  put('ca.pem', `${authority.certificate}again\n`)
  const again = load(sections)
  assert.ok(again.ok)
  assert.notEqual(again.digest, found.digest)
  // What the file says between certificates means nothing.
  assert.deepEqual(again.snapshot.apis, found.snapshot.apis)
})

test('what cannot be believed, shown or read is a fault where it is written', () => {
  const cases: readonly (readonly [object, readonly string[]])[] = [
    [{ ca: 'nowhere' }, ['unknown-trust-store']],
    [{ ca: { file: 'nowhere.pem' } }, ['file-missing']],
    [{ ca: { file: 'server.pem' } }, ['not-a-ca']],
    [{ ca: { file: 'both.pem' } }, ['private-key', 'not-a-ca']],
    [{ certificate: { cert: 'client.pem', key: 'open.key' } }, ['file-readable-by-others']],
    [{ certificate: { cert: 'both.pem', key: 'both.pem' } }, ['file-readable-by-others']],
    [{ certificate: { cert: 'client.pem', key: 'server.key' } }, ['key-mismatch']],
    [{ certificate: { cert: 'server.pem', key: 'server.key' } }, ['not-for-clients']],
    [{ certificate: { cert: 'client.key', key: 'client.pem' } }, ['file-readable-by-others']],
    [{ certificate: { cert: 'client.pem' } }, ['missing-key']],
    [{ crl: 'ca.pem' }, ['no-revocation-list']],
    [{ pins: [] }, ['empty']],
    [{ pins: ['sha1/AAAA'] }, ['bad-value']],
    [{ serverName: 'a..b' }, ['bad-host']],
    [{ insecure: true, ca: { file: 'ca.pem' } }, ['contradiction']],
    [{ insecure: true, pins: [PIN] }, ['contradiction']],
    [{ insecure: true, crl: 'list.pem' }, ['contradiction']],
  ]
  for (const [tls, expected] of cases) assert.deepEqual(codes(tls).sort(), [...expected].sort(), JSON.stringify(tls))
  assert.equal(cases.length, 17)
  assert.deepEqual(
    one({}, 'http://shop.example').faults.map(({ code }) => code),
    ['contradiction'],
  )
})

test('an upstream that is not verified, and a list that has ended, are told of at each load', () => {
  const found = one({ insecure: true })
  assert.deepEqual(noticed(found), ['upstream-insecure'])
  assert.match(found.notices[0]!.message, /whether it is shop\.example that answers/)
  assert.deepEqual(noticed(one({ insecure: false })), [])
  assert.deepEqual(noticed(one({ crl: 'ended.pem' })), ['outdated-revocation-list'])
})

test('the console names no file, even one that the file of the configuration names too; a trust store, and an upstream of the file, it may', () => {
  const tls = { ca: { file: 'ca.pem' }, certificate: { cert: 'client.pem', key: 'client.key' }, crl: 'list.pem' }
  const file = write({
    trustStores: { house: { certificates: { file: 'ca.pem' } } },
    upstreams: { filed: { url: 'https://shop.example', tls } },
    apis: {},
  })
  const sources = readSources(file, new DocumentCache())
  const withUpstream = (upstream: unknown): Resolution =>
    resolveSources(withConsole(sources, [{ kind: 'api', name: 'own', value: { path: '/own', upstream, public: true } }]), OPTIONS)
  const refused = withUpstream({ url: 'https://shop.example', tls })
  assert.deepEqual(
    refused.faults.map(({ place, code }) => `${place} ${code}`),
    [
      'console:api/own:upstream.tls.ca console-reference',
      'console:api/own:upstream.tls.ca.file console-file',
      'console:api/own:upstream.tls.certificate.cert console-file',
      'console:api/own:upstream.tls.crl console-file',
    ],
  )
  const byStore = withUpstream({ url: 'https://shop.example', tls: { ca: 'house' } })
  assert.deepEqual([byStore.faults, byStore.ok && byStore.snapshot.apis[0]?.upstream.reach], [[], []])
  const byName = withUpstream('filed')
  assert.deepEqual([byName.faults, byName.ok && byName.snapshot.apis[0]?.upstream.reach], [[], undefined])
})
