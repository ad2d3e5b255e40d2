// The control listener over TLS: by curl and openssl, by the command line, with certificates that are replaced while it runs.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Made, makeCertificate } from '../support/certificate-maker.ts'
import { gatehouse } from '../support/gatehouse-command.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const REPLACEMENTS = 20

async function run(program: string, ...args: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (out += chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out }
}

describe('the control listener over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-control-tls-'))
  const path = (...names: string[]): string => join(folder, ...names)
  let authority: Made
  let shown: Made
  let gateway: RunningGateway
  let port = 0
  let token = ''
  const replace = (name: string, text: string): void => {
    writeFileSync(path(`${name}.new`), text, { mode: 0o600 })
    renameSync(path(`${name}.new`), path(name))
  }
  async function show(subject: string): Promise<void> {
    shown = await makeCertificate({ subject: `CN=${subject}`, names: ['console.example', 'localhost'], addresses: ['127.0.0.1'], issuer: authority })
    replace('control.key', shown.key)
    replace('control.pem', shown.certificate)
  }
  const configuration = () => ({
    store: 'sqlite:./data/gatehouse.db',
    control: { listen: { address: `https://127.0.0.1:${port}`, tls: { certificates: [{ cert: 'control.pem', key: 'control.key' }] } } },
    apis: { shop: { path: '/', upstream: 'http://127.0.0.1:9', policies: { 'api-key': { header: 'X-API-Key' } } } },
    consumers: { acme: { apis: ['shop'] } },
  })
  before(async () => {
    authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    writeFileSync(path('ca.pem'), authority.certificate)
    ;[port] = (await freePorts(1)) as [number]
    await show('0')
    gateway = await startGateway(configuration(), { folder })
    token = readFileSync(path('data/admin-token'), 'utf8').trim()
  })
  after(async () => {
    await gateway?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const curl = (...args: readonly string[]) => run('curl', '-sS', '-i', '--max-time', '20', '--cacert', path('ca.pem'), ...args)
  const at = (name: string, where: string): readonly string[] => ['--resolve', `${name}:${port}:127.0.0.1`, `https://${name}:${port}${where}`]

  test('is what the start says, and answers over TLS alone, 1.2 or newer', async () => {
    assert.match(gateway.log(), new RegExp(`^control {5}https://127\\.0\\.0\\.1:${port}`, 'm'))
    assert.match((await curl(...at('localhost', '/livez'))).out, /^HTTP\/1\.1 200 /)
    assert.equal((await run('curl', '-sS', '-i', '--max-time', '20', `http://127.0.0.1:${port}/livez`)).out.includes('200'), false)
    for (const [version, speaks] of [
      ['1.1', false],
      ['1.2', true],
      ['1.3', true],
    ] as const) {
      const { out } = await run(
        'sh',
        '-c',
        `echo | timeout 10 openssl s_client -connect 127.0.0.1:${port} -tls${version.replace('.', '_')} -cipher ALL@SECLEVEL=0 2>&1`,
      )
      assert.equal(out.includes(`Protocol: TLSv${version}`) || out.includes(`New, TLSv${version}`), speaks, out)
    }
  })

  test('says HSTS under a name, and not where the name belongs to a whole machine or is none', async () => {
    assert.match((await curl(...at('console.example', '/livez'))).out, /^Strict-Transport-Security: max-age=31536000\r$/m)
    for (const name of ['localhost', '127.0.0.1']) assert.doesNotMatch((await curl(...at(name, '/livez'))).out, /Strict-Transport-Security/i)
  })

  test('knows itself by the names of its certificates and by no other', async () => {
    for (const [host, status] of [
      ['console.example', 200],
      [`console.example:${port}`, 200],
      ['evil.example', 421],
    ] as const)
      assert.match((await curl('-H', `Host: ${host}`, ...at('localhost', '/livez'))).out, new RegExp(`^HTTP/1\\.1 ${status} `), host)
  })

  test('takes changes from pages of its own origin over TLS, and marks its cookies Secure', async () => {
    const post = (origin: string, where: string, body: object) =>
      curl(
        '-H',
        `Origin: ${origin}`,
        '-H',
        'Content-Type: application/json',
        '-H',
        `Authorization: Bearer ${token}`,
        '-d',
        JSON.stringify(body),
        ...at('localhost', where),
      )
    const owner = { name: 'Ada', mail: 'ada@example.org' }
    assert.match((await post(`http://localhost:${port}`, '/api/v1/owner', owner)).out, /management\.foreign-origin/)
    assert.match((await post(`https://console.example:${port}`, '/api/v1/owner', owner)).out, /management\.foreign-origin/)
    const made = await post(`https://localhost:${port}`, '/api/v1/owner', owner)
    assert.match(made.out, /^HTTP\/1\.1 201 /)
    const { secret } = JSON.parse(made.out.slice(made.out.indexOf('{'))) as { secret: string }
    const password = 'a long and winding password'
    const redeemed = await curl(
      ...['-H', `Origin: https://localhost:${port}`, '-H', 'Content-Type: application/json'],
      ...['-d', JSON.stringify({ secret, password }), ...at('localhost', '/api/v1/links/redemption')],
    )
    const cookies = redeemed.out.match(/^Set-Cookie: .*$/gim) ?? []
    assert.ok(cookies.length > 0, redeemed.out)
    for (const cookie of cookies) assert.match(cookie, /^Set-Cookie: __Host-gatehouse-.*; Secure/i)
  })

  test('says when its certificate ends', async () => {
    assert.match(
      (await curl(...at('localhost', '/metrics'))).out,
      new RegExp(`certificate_expires_timestamp_seconds\\{listener="https://127.0.0.1:${port}",name="console.example"`),
    )
  })

  test('the command line reaches it by its configuration, by its authority and by its public key, and nobody else in its place', async () => {
    const { configFile } = gateway
    writeFileSync(path('token'), token, { mode: 0o600 })
    const spki = createHash('sha256').update(Buffer.from(shown.parsed.publicKey.rawData)).digest('base64')
    const url = ['--url', `https://localhost:${port}`, '--token-file', path('token')]
    const ca = ['--ca', path('ca.pem')]
    assert.equal((await gatehouse('export', '--config', configFile)).code, 0)
    assert.equal((await gatehouse('key', 'create', '--consumer', 'acme', '--config', configFile)).code, 0)
    const backedUp = await gatehouse('backup', '--output', path('copy.db'), '--config', configFile)
    assert.deepEqual([backedUp.code, backedUp.err], [0, ''])
    assert.equal((await gatehouse('trail', 'export', '--output', path('trail.jsonl'), '--config', configFile)).code, 0)
    assert.equal((await gatehouse('export', ...url, ...ca)).code, 0)
    assert.equal((await gatehouse('export', ...url, ...ca, '--pin', `sha256/${spki}`)).code, 0)
    const wrong: readonly (readonly [words: readonly string[], says: RegExp])[] = [
      [url, /no Gatehouse answers at .*certificate/],
      [[...url, '--pin', `sha256/${spki}`], /no Gatehouse answers at .*certificate/],
      [[...url, ...ca, '--pin', `sha256/${'A'.repeat(43)}=`], /shown has the public key sha256\//],
      [['--url', `https://127.0.0.2:${port}`, '--token-file', path('token'), ...ca], /no Gatehouse answers/],
      [[...url, '--ca', path('control.key')], /private key/],
      [[...url, '--pin', 'sha256/short'], /--pin is sha256/],
      [['--config', configFile, ...ca], /--ca and --pin say whom to believe at --url/],
    ]
    for (const [words, says] of wrong) {
      const ended = await gatehouse('export', ...words)
      assert.equal(ended.code, 2, words.join(' '))
      assert.match(ended.err, says)
    }
    assert.equal(wrong.length, 7)
    // Somebody else's certificate where this configuration says that its Gatehouse listens: no token is sent there.
    mkdirSync(path('other/data'), { recursive: true })
    const other = await makeCertificate({ names: ['localhost'], issuer: authority })
    writeFileSync(path('other/control.pem'), other.certificate)
    writeFileSync(path('other/control.key'), other.key, { mode: 0o600 })
    copyFileSync(configFile, path('other/gatehouse.yaml'))
    writeFileSync(path('other/data/admin-token'), token, { mode: 0o600 })
    const impostor = await gatehouse('export', '--config', path('other/gatehouse.yaml'))
    assert.deepEqual([impostor.code, /is none of those in the configuration/.test(impostor.err)], [2, true], impostor.err)
  })

  test(`shows ${REPLACEMENTS} new certificates one after the other, while no request fails`, async () => {
    const answers = async (): Promise<string> => (await curl('-v', ...at('localhost', '/readyz'))).out
    for (let i = 1; i <= REPLACEMENTS; i++) {
      await show(`round-${i}`)
      for (;;) {
        const out = await answers()
        assert.match(out, /^HTTP\/1\.1 200 /m, gateway.log())
        if (out.includes(`round-${i}`)) break
      }
    }
  })
})
