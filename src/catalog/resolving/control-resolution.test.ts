// Where people reach the console, by what is written and what its certificates name; and what of TLS on the control listener contradicts itself.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { makeCertificate } from '../../../test/support/certificate-maker.ts'
import { consoleOrigin } from './control-resolution.ts'
import { loadConfiguration } from './resolve.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-control-'))
after(() => rmSync(folder, { recursive: true }))
const CERTIFICATES = { here: ['console.example', 'localhost'], wild: ['*.example', 'console.example'], away: ['console.example'] } as const
before(async () => {
  for (const [name, names] of Object.entries(CERTIFICATES)) {
    const made = await makeCertificate({ names })
    writeFileSync(join(folder, `${name}.pem`), made.certificate)
    writeFileSync(join(folder, `${name}.key`), made.key, { mode: 0o600 })
  }
  const six = await makeCertificate({ addresses: ['2001:db8::1'] })
  writeFileSync(join(folder, 'six.pem'), six.certificate)
  writeFileSync(join(folder, 'six.key'), six.key, { mode: 0o600 })
})

function load(control: object) {
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, JSON.stringify({ gatehouse: 1, control, apis: { a: { path: '/', upstream: 'http://127.0.0.1:9001', public: true } } }), { mode: 0o600 })
  return loadConfiguration(file, { policies: [], nowMs: Date.UTC(2026, 10, 24) })
}
const listen = (address: string, name: string) => ({ address, tls: { certificates: [{ cert: `${name}.pem`, key: `${name}.key` }] } })

const ORIGINS: readonly (readonly [control: object, origin: string])[] = [
  [{}, 'http://localhost:8081'],
  [{ listen: listen('https://127.0.0.1:8481', 'here') }, 'https://localhost:8481'],
  [{ listen: listen('https://127.0.0.1:8481', 'away') }, 'https://console.example:8481'],
  [{ listen: listen('https://0.0.0.0:443', 'here'), exposed: true }, 'https://console.example'],
  [{ listen: listen('https://10.0.0.5:8481', 'wild'), exposed: true }, 'https://console.example:8481'],
  [{ listen: listen('https://[2001:db8::1]:8481', 'six'), exposed: true }, 'https://[2001:db8::1]:8481'],
  [{ listen: listen('https://10.0.0.5:8481', 'away'), exposed: true, origin: 'https://gatehouse.example.org' }, 'https://gatehouse.example.org'],
]
test('the console is where the file says, else where its certificate is believed', () => {
  for (const [control, origin] of ORIGINS) {
    const loaded = load(control)
    assert.ok(loaded.ok, JSON.stringify(loaded.faults))
    assert.equal(consoleOrigin(loaded.control), origin)
  }
  assert.equal(ORIGINS.length, 7)
})

const asking = {
  address: 'https://127.0.0.1:8481',
  tls: { certificates: [{ cert: 'here.pem', key: 'here.key' }], clients: { mode: 'required', ca: 'here.pem' } },
}
const FAULTS: readonly (readonly [control: object, codes: readonly string[]])[] = [
  [{ listen: asking }, ['not-available']],
  [{ listen: { address: 'https://127.0.0.1:8481', tls: { acme: ['console.example'] } } }, ['not-available']],
  [{ listen: 'https://127.0.0.1:8481' }, ['tls-missing']],
  [{ listen: { address: 'https://127.0.0.1:8481' } }, ['tls-missing']],
  [{ listen: listen('http://127.0.0.1:8481', 'here') }, ['contradiction']],
  [{ listen: listen('https://127.0.0.1:8481', 'none') }, ['file-missing', 'file-missing']],
  [{ listen: { address: 'https://127.0.0.1:8481', tls: { certificates: [{ cert: 'here.pem', key: 'away.key' }] } } }, ['key-mismatch']],
  [{ listen: listen('https://10.0.0.5:8481', 'away') }, ['control-exposed']],
  [{ listen: listen('https://127.0.0.1:8481', 'here'), exposed: true }, ['exposed-loopback']],
  [{ listen: 'http://10.0.0.5:8481', exposed: true }, ['exposed-in-clear']],
  [{ listen: listen('https://127.0.0.1:8481', 'here'), origin: 'http://localhost:8481' }, ['contradiction']],
  [{ listen: { ...listen('https://127.0.0.1:8481', 'here'), https: 'refuse' } }, ['unknown-key']],
]
test('what cannot be meant is a fault', () => {
  for (const [control, codes] of FAULTS)
    assert.deepEqual(
      load(control).faults.map(({ code }) => code),
      codes,
      JSON.stringify(control),
    )
  assert.equal(FAULTS.length, 12)
})
