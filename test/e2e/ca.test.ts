// Certificate authorities of the real program by its command line: issued, judged by OpenSSL, revoked, across a rotation and a restore, their keys nowhere in the open.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as turn } from 'node:timers/promises'
import { SqliteStore } from '../../src/adapters/sqlite/store.ts'
import { authorities, sealedPlace } from '../../src/authority/records.ts'
import { Connection } from '../../src/client/connection.ts'
import { searchTrail } from '../../src/client/generated/trail.ts'
import { KeyedEnvelope } from '../../src/secrets/envelope.ts'
import { readEnvelopeKey } from '../../src/secrets/envelope-key.ts'
import { gatehouse } from '../support/gatehouse-command.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { filesShowing, tracesOf } from '../support/key-traces.ts'

const CONFIGURATION = {
  store: 'sqlite:./house/data/gatehouse.db',
  apis: { shop: { path: '/', upstream: 'http://127.0.0.1:9', policies: { 'api-key': { header: 'X-API-Key' } } } },
  consumers: { acme: { apis: ['shop'] }, bolt: { apis: ['shop'] } },
}

describe('gatehouse ca', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-ca-'))
  const path = (...names: string[]): string => join(folder, ...names)
  let gateway: RunningGateway
  before(async () => {
    mkdirSync(path('own'))
    gateway = await startGateway(CONFIGURATION, { folder })
  })
  after(async () => {
    await gateway?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const again = async (): Promise<void> => void (gateway = await startGateway(CONFIGURATION, { folder }))
  const ca = (...words: readonly string[]) => gatehouse('ca', ...words, '--config', gateway.configFile)
  const openssl = (...args: readonly string[]): { readonly code: number | null; readonly out: string } => {
    const { status, stdout, stderr } = spawnSync('openssl', args, { encoding: 'utf8' })
    return { code: status, out: stdout + stderr }
  }
  const fetched = async (name: string): Promise<Buffer> => Buffer.from(await (await fetch(`http://127.0.0.1:${gateway.controlPort}/ca/${name}`)).arrayBuffer())
  /** By the list and the certificate as the control listener shows them to everybody. */
  async function verify(file: string): Promise<{ readonly code: number | null; readonly out: string }> {
    writeFileSync(path('ca.crl'), await fetched('clients.crl'))
    writeFileSync(path('ca.pem'), await fetched('clients.pem'))
    openssl('crl', '-inform', 'DER', '-in', path('ca.crl'), '-out', path('crl.pem'))
    return openssl('verify', '-x509_strict', '-crl_check', '-purpose', 'sslclient', '-CAfile', path('ca.pem'), '-CRLfile', path('crl.pem'), file)
  }
  async function issue(name: string, ...words: readonly string[]): Promise<string> {
    const made = await ca('issue', '--consumer', 'acme', '--out', path('own', name), ...words)
    assert.equal(made.code, 0, made.err)
    return /^[0-9a-f]{32}/.exec(made.out)![0]
  }
  async function keyOfAuthority(): Promise<string> {
    const key = readEnvelopeKey(readFileSync(path('house/data/envelope.key'), 'utf8'))
    assert.ok(!('refused' in key))
    const store = await SqliteStore.open(path('house/data/gatehouse.db'))
    const { sealed } = (await store.read((reading) => reading.get(authorities, 'clients')))!
    await store.close()
    const pkcs8 = Buffer.from(new KeyedEnvelope(key).open(sealed, sealedPlace('clients')))
    return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }) as string
  }
  async function showsNothing(): Promise<void> {
    const keys = [await keyOfAuthority(), readFileSync(path('own/first.key'), 'utf8')]
    const { showing, looked } = filesShowing(folder, keys.flatMap(tracesOf), [path('own/first.key')])
    assert.deepEqual(showing, [])
    assert.ok(looked > 5)
    for (const trace of keys.flatMap(tracesOf)) assert.ok(!gateway.log().includes(trace))
  }

  test('makes an authority once', async () => {
    const made = await ca('init', '--crl-url', 'http://pki.example.org/ca/clients.crl')
    assert.equal(made.code, 0, made.err)
    assert.match(made.out, /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\n$/)
    assert.equal(made.out, (await fetched('clients.pem')).toString())
    const twice = await ca('init')
    assert.deepEqual([twice.code, /ca\.taken/.test(twice.err)], [1, true])
  })

  test('issues for a key that is made here, whose file its owner alone reads, and for a request', async () => {
    await issue('first', '--dns', 'agent.example.org', '--hours', '2', '--label', 'build server')
    assert.equal(statSync(path('own/first.key')).mode & 0o777, 0o600)
    const good = await verify(path('own/first.pem'))
    assert.equal(good.code, 0, good.out)
    assert.ok(openssl('pkey', '-in', path('own/first.key'), '-pubout').out.includes(openssl('x509', '-in', path('own/first.pem'), '-noout', '-pubkey').out))
    const over = await ca('issue', '--consumer', 'acme', '--out', path('own/first'))
    assert.deepEqual([over.code, /is there already/.test(over.err)], [2, true])

    openssl('req', '-new', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=somebody', '-keyout', path('own/k'), '-out', path('own/r.csr'))
    const asked = await ca('issue', '--consumer', 'bolt', '--csr', path('own/r.csr'))
    assert.equal(asked.code, 0, asked.err)
    assert.doesNotMatch(asked.out, /PRIVATE KEY/)
    writeFileSync(path('own/bolt.pem'), asked.out)
    assert.equal((await verify(path('own/bolt.pem'))).code, 0)
    assert.match(openssl('x509', '-in', path('own/bolt.pem'), '-noout', '-subject').out, /CN\s?=\s?bolt/)

    const shown = await ca('issue', '--consumer', 'bolt')
    assert.match(shown.out, /^-----BEGIN PRIVATE KEY-----[\s\S]+-----BEGIN CERTIFICATE-----/)
    await showsNothing()
  })

  test('says what is wrong, and leaves nothing behind', async () => {
    const wrong: readonly (readonly [words: readonly string[], code: number, says: RegExp])[] = [
      [['issue', '--consumer', 'nobody', '--out', path('own/none')], 1, /ca\.unknown-consumer/],
      [['issue', '--consumer', 'acme', '--name', 'other'], 1, /management\.unknown/],
      [['issue', '--consumer', 'acme', '--days', '31'], 1, /management\.invalid/],
      [['issue', '--consumer', 'acme', '--csr', path('own/first.key')], 1, /ca\.private-key/],
      [['issue', '--consumer', 'acme', '--csr', path('not-there')], 2, /there is no file/],
      [['issue', '--consumer', 'acme', '--days', '1', '--hours', '1'], 2, /both say/],
      [['issue'], 2, /--consumer/],
      [['revoke', 'xyz'], 2, /serial/],
      [['revoke', 'ab'], 1, /management\.unknown/],
      [['init', '--key', 'RSA'], 2, /--key/],
      [['turn'], 2, /four words/],
    ]
    for (const [words, code, says] of wrong) {
      const ended = await ca(...words)
      assert.equal(ended.code, code, `${words.join(' ')}: ${ended.err}`)
      assert.match(ended.err, says)
    }
    assert.equal(wrong.length, 11)
    assert.throws(() => statSync(path('own/none.key')))
    assert.match((await gatehouse('ca', '--help')).out, /^gatehouse ca init/)
  })

  test('revokes: the list says so at once, to everybody, and the trail who did it', async () => {
    const serial = await issue('second')
    assert.equal((await verify(path('own/second.pem'))).code, 0)
    const told = await ca('revoke', serial.replaceAll(/../g, '$&:').slice(0, -1).toUpperCase(), '--reason', 'keyCompromise', '--why', 'found in a paste')
    assert.equal(told.code, 0, told.err)
    assert.match((await verify(path('own/second.pem'))).out, /certificate revoked/)
    assert.match(openssl('crl', '-in', path('crl.pem'), '-CAfile', path('ca.pem'), '-noout', '-verify').out, /verify OK/)
    const response = await fetch(`http://127.0.0.1:${gateway.controlPort}/ca/clients.crl`)
    assert.deepEqual([response.headers.get('content-type'), response.headers.get('cache-control')], ['application/pkix-crl', 'public, max-age=300'])
    assert.match(openssl('x509', '-inform', 'DER', '-in', writeAs('ca.crt', await fetched('clients.crt')), '-noout', '-subject').out, /Gatehouse CA clients/)
    for (const name of ['none.crl', 'clients.key', '../api/v1/ca', 'clients']) {
      const { status } = await fetch(`http://127.0.0.1:${gateway.controlPort}/ca/${name}`)
      assert.ok(status === 404 || status === 401, `${name}: ${status}`)
    }
    const listed = await ca('list', '--state', 'revoked')
    assert.match(listed.out, new RegExp(`^ca clients  P-256  ends .*\\n${serial}  acme  revoked  ends .*  keyCompromise\\n$`))
    const { certificates } = JSON.parse((await ca('list', '--format', 'json', '--consumer', 'acme')).out) as { certificates: { label: string }[] }
    assert.deepEqual(certificates.map(({ label }) => label).sort(), ['', 'build server'])
    const to = new Connection({ url: `http://127.0.0.1:${gateway.controlPort}`, token: readFileSync(path('house/data/admin-token'), 'utf8').trim() })
    for (const [act, least] of [
      ['ca.create', 1],
      ['certificate.issue', 4],
      ['certificate.revoke', 1],
    ] as const)
      assert.ok((await searchTrail(to, { query: { act } })).value.items.length >= least, act)
  })
  const writeAs = (name: string, content: Buffer): string => {
    writeFileSync(path(name), content)
    return path(name)
  }

  test('a restore brings back nothing that was revoked since, and what was issued since can be revoked', async () => {
    const early = await issue('early')
    assert.equal((await gatehouse('backup', '--output', path('before.db'), '--config', gateway.configFile)).code, 0)
    assert.equal((await ca('revoke', early)).code, 0)
    const late = await issue('late')
    const numberOf = async (): Promise<bigint> => {
      await verify(path('own/early.pem'))
      return BigInt(/crlNumber=(0x[0-9A-F]+)/i.exec(openssl('crl', '-in', path('crl.pem'), '-noout', '-crlnumber').out)![1]!)
    }
    const number = await numberOf()
    await gateway.stop()
    const restored = await gatehouse('restore', path('before.db'), '--config', gateway.configFile, '--replace')
    assert.equal(restored.code, 0, restored.err)
    assert.match(restored.out, /stays so: 0 keys, 1 certificates/)
    await again()
    // Until it is signed anew there is none: an old one would say that what is revoked counts.
    while ((await fetch(`http://127.0.0.1:${gateway.controlPort}/ca/clients.crl`)).status === 503) await turn(200)
    const after = await numberOf()
    assert.ok(after > number, `${after} after ${number}`)
    assert.match((await verify(path('own/early.pem'))).out, /certificate revoked/)
    assert.equal((await verify(path('own/late.pem'))).code, 0)
    assert.equal((await ca('revoke', late)).code, 0)
    assert.match((await verify(path('own/late.pem'))).out, /certificate revoked/)
  })

  test('its key goes along with a rotation of the envelope key, and is in the open neither before nor after', async () => {
    await showsNothing()
    await gateway.stop()
    const rotated = await gatehouse('secrets', 'rotate', '--config', gateway.configFile)
    assert.equal(rotated.code, 0, rotated.err)
    await again()
    await issue('third')
    assert.equal((await verify(path('own/third.pem'))).code, 0)
    process.kill(gateway.pid, 'SIGKILL')
    await gateway.stop()
    await showsNothing()
  })
})
