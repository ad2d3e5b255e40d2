// What ACME changes in a running Gatehouse: names come and go; a listener that begins to prove names by TLS is opened for it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { makeCertificate } from '../../test/support/certificate-maker.ts'
import { type Configuration, loadConfiguration } from '../catalog/resolving/resolve.ts'
import { needsRestart } from './needs-restart.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-restart-'))
after(() => rmSync(folder, { recursive: true }))

test('names under `acme` change without a restart, the first one that is proved by TLS does not', async () => {
  const made = await makeCertificate({ names: ['files.example'] })
  writeFileSync(join(folder, 'a.pem'), made.certificate, { mode: 0o600 })
  writeFileSync(join(folder, 'a.key'), made.key, { mode: 0o600 })
  const load = (names: readonly string[], challenge: string): Configuration => {
    const file = join(folder, 'gatehouse.yaml')
    const tls = { certificates: [{ cert: 'a.pem', key: 'a.key' }], ...(names.length > 0 && { acme: names }) }
    const acme = names.length > 0 && { acme: { directory: 'https://ca.example/directory', termsOfServiceAgreed: true, challenge } }
    const gateway = { listen: ['http://127.0.0.1:1', { address: 'https://127.0.0.1:2', tls }], ...acme }
    const apis = { a: { path: '/', upstream: 'http://127.0.0.1:9001', public: true } }
    writeFileSync(file, JSON.stringify({ gatehouse: 1, gateway, apis }), { mode: 0o600 })
    const found = loadConfiguration(file, { policies: [], nowMs: Date.UTC(2026, 10, 24) })
    assert.deepEqual(found.faults, [])
    assert.ok(found.ok)
    return found
  }
  const cases: readonly (readonly [before: Configuration, now: Configuration, parts: readonly string[]])[] = [
    [load(['a.example'], 'tls-alpn-01'), load(['b.example', 'c.example'], 'tls-alpn-01'), []],
    [load([], ''), load(['a.example'], 'http-01'), []],
    [load(['a.example'], 'http-01'), load([], ''), []],
    [load([], ''), load(['a.example'], 'tls-alpn-01'), ['gateway.listen']],
    [load(['a.example'], 'http-01'), load(['a.example'], 'tls-alpn-01'), ['gateway.listen']],
  ]
  for (const [before, now, parts] of cases) assert.deepEqual(needsRestart(before, now), parts)
})
