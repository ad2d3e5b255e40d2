// A listener as it comes, seen by scanners of others' making: what they find is what RFC 9325 wants, and nothing besides. Slow (most of a minute) for testssl.sh.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { makeCertificate, SERVER_AUTH } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const run = promisify(execFile)
const DAY_MS = 86_400_000
/** Its certificate is one that a public authority could have issued: named, for servers, for 90 days, with places to ask for its revocation (nobody asks). */
const REVOCATION = { crl: 'http://127.0.0.1:1/list', ocsp: 'http://127.0.0.1:1/ocsp' }

/** What testssl.sh finds: `severity` is DEBUG, INFO, OK, WARN, LOW, MEDIUM, HIGH, CRITICAL or FATAL. */
interface Finding {
  readonly id: string
  readonly severity: string
  readonly finding: string
}
const ALONE = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', PHONE_OUT: 'false' }
/** WARN tells that testssl.sh could not do something itself. */
const OWN_TROUBLES: ReadonlyMap<string, string> = new Map([
  ['engine_problem', "this OpenSSL has no GOST: a fact of the scanner's machine"],
  ['sessionresumption_ticket', 'it hangs up before the ticket of TLS 1.3 has come, at times; resumption is held by src/gateway/doors/door.test.ts'],
])

describe('a listener as it comes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-scan-'))
  let gateway: RunningGateway
  let upstream: SwiftUpstream
  let ports: number[] = []
  before(async () => {
    const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    writeFileSync(join(folder, 'authority.pem'), authority.certificate)
    upstream = await startSwiftUpstream()
    const [from, to] = [new Date(Date.now() - DAY_MS), new Date(Date.now() + 89 * DAY_MS)]
    for (const [name, key] of [
      ['ecdsa', 'P-256'],
      ['rsa', 'RSA-2048'],
    ] as const) {
      const subject = 'CN=shop.example'
      const made = await makeCertificate({
        subject,
        names: ['shop.example'],
        key,
        issuer: authority,
        from,
        to,
        purposes: [SERVER_AUTH],
        revocation: REVOCATION,
      })
      writeFileSync(join(folder, `${name}.pem`), made.certificate, { mode: 0o600 })
      writeFileSync(join(folder, `${name}.key`), made.key, { mode: 0o600 })
    }
    ports = await freePorts(2)
    const certificates = ['ecdsa', 'rsa'].map((name) => ({ cert: `${name}.pem`, key: `${name}.key` }))
    const listen = ports.map((port, i) => ({ address: `https://127.0.0.1:${port}`, tls: { certificates, ...(i === 1 && { profile: 'modern' }) } }))
    gateway = await startGateway(
      { gateway: { listen }, apis: { a: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true, policies: { 'secure-headers': {} } } } },
      { threads: 2, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  async function scan(port: number) {
    const { stdout } = await run('sslscan', ['--xml=-', '--sni-name=shop.example', `127.0.0.1:${port}`], { timeout: 120_000 })
    const all = (pattern: RegExp): string[] => [...new Set([...stdout.matchAll(pattern)].map(([, ...found]) => found.join(' ')))].sort()
    return {
      protocols: all(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g),
      ciphers: all(/<cipher status="\w+" sslversion="(TLSv[\d.]+)" bits="\d+" cipher="([A-Z0-9_-]+)"/g),
      groups: all(/<group sslversion="TLSv[\d.]+" bits="\d+" name="(\w+)/g),
      renegotiation: all(/<renegotiation supported="(\d)"/g),
      heartbleed: all(/vulnerable="(1)"/g),
      signatures: all(/<signature-algorithm>([^<]+)</g),
    }
  }
  const modern = ['TLSv1.3 TLS_AES_128_GCM_SHA256', 'TLSv1.3 TLS_AES_256_GCM_SHA384', 'TLSv1.3 TLS_CHACHA20_POLY1305_SHA256']

  test('speaks TLS 1.2 and 1.3 with forward secrecy and authenticated encryption, does not renegotiate, and nothing else (sslscan)', async () => {
    const { ciphers, signatures, ...rest } = await scan(ports[0]!)
    assert.deepEqual(rest, {
      protocols: ['tls 1.2', 'tls 1.3'],
      groups: ['secp256r1', 'secp384r1', 'x25519'],
      renegotiation: ['0'],
      heartbleed: [],
    })
    const kinds = ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305']
    const older = ['ECDSA', 'RSA'].flatMap((key) => kinds.map((kind) => `TLSv1.2 ECDHE-${key}-${kind}`))
    assert.deepEqual(ciphers, [...older, ...modern])
    assert.ok(
      signatures.every((signature) => /sha256/i.test(signature)),
      signatures.join(),
    )
  })

  test('speaks TLS 1.3 alone where the profile is modern (sslscan)', async () => {
    const { protocols, ciphers } = await scan(ports[1]!)
    assert.deepEqual({ protocols, ciphers }, { protocols: ['tls 1.3'], ciphers: modern })
  })

  test('gives testssl.sh nothing to find above LOW: no old protocol, no known attack, a trusted chain, HTTPS for a year (testssl.sh)', async () => {
    const found = join(folder, 'testssl.json')
    // Protocols, ciphers, forward secrecy, certificates and defaults, fields of the response, attacks. Not the simulations of clients: they find nothing, they tell.
    const checks = ['--protocols', '--standard', '--pfs', '--server-defaults', '--headers', '--vulnerable']
    // Nobody else is asked and the scan stays on the loopback address; one name is looked up, `invalid.` (RFC 2606), when it tries what OpenSSL can do.
    const alone = ['--nodns=none', '--ip=127.0.0.1', `--add-ca=${join(folder, 'authority.pem')}`]
    const args = [...checks, ...alone, '--quiet', '--color=0', '--warnings=off', '--jsonfile', found, `shop.example:${ports[0]}`]
    const { stdout } = await run('testssl', args, { timeout: 300_000, maxBuffer: 2 ** 24, env: { ...ALONE, HOME: folder, TMPDIR: folder } }).catch(
      // Its exit code counts what it could not do: what it found is what counts here.
      (cause: { stdout?: string }) => ({ stdout: cause.stdout ?? String(cause) }),
    )
    const findings = JSON.parse(readFileSync(found, 'utf8')) as Finding[]
    assert.ok(findings.length > 100, stdout)
    const harmless = ({ id, severity }: Finding): boolean => ['OK', 'INFO', 'LOW'].includes(severity) || (severity === 'WARN' && OWN_TROUBLES.has(id))
    assert.deepEqual(
      findings.filter((finding) => !harmless(finding)),
      [],
    )
    const of = (id: string): string => findings.find((finding) => finding.id === id)?.finding ?? `${id} was not looked at`
    for (const id of ['SSLv2', 'SSLv3', 'TLS1', 'TLS1_1']) assert.equal(of(id), 'not offered')
    assert.match(of('TLS1_2'), /^offered/)
    assert.match(of('TLS1_3'), /^offered/)
    for (const id of ['cert_chain_of_trust <cert#1>', 'cert_chain_of_trust <cert#2>']) assert.match(of(id), /^passed/)
    assert.match(of('HSTS_time'), /^365 days/)
    for (const id of [
      'heartbleed',
      'CCS',
      'ticketbleed',
      'ROBOT',
      'secure_client_renego',
      'CRIME_TLS',
      'POODLE_SSL',
      'SWEET32',
      'FREAK',
      'DROWN',
      'LOGJAM',
      'BEAST',
      'LUCKY13',
    ])
      assert.match(of(id), /^not vulnerable/, id)
  })
})
