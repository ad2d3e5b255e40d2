// The private keys of listeners stay in the operator's own files: whatever the running program writes, in all of its life, shows nothing of them.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as turn } from 'node:timers/promises'
import { connect } from 'node:tls'
import { Connection, Refusal } from '../../src/client/connection.ts'
import { createDraft, putDraftObject } from '../../src/client/generated/drafts.ts'
import { type KeyKind, type Made, makeCertificate } from '../support/certificate-maker.ts'
import { gatehouse } from '../support/gatehouse-command.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { filesShowing, tracesOf } from '../support/key-traces.ts'
import { freePorts } from '../support/running-program.ts'

const KINDS: readonly KeyKind[] = ['P-256', 'Ed25519', 'RSA-2048']
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-at-rest-'))
const path = (...names: string[]): string => join(folder, ...names)
const shown: Made[] = []
const running = new Set<RunningGateway>()
after(async () => {
  for (const each of running) await each.stop()
  rmSync(folder, { recursive: true, force: true })
})

const replace = (name: string, text: string): void => {
  writeFileSync(path(`${name}.new`), text, { mode: 0o600 })
  renameSync(path(`${name}.new`), path(name))
}
async function show(round: number): Promise<void> {
  for (const [i, key] of KINDS.entries()) {
    const made = await makeCertificate({ names: [`shop${i}.example`], key, subject: `CN=${round}-${i}` })
    shown.push(made)
    replace(`${i}.key`, made.key)
    replace(`${i}.pem`, made.certificate)
  }
}
/** A second signal would end it before it has written what it writes at its end. */
async function ended(pid: number): Promise<void> {
  try {
    for (;;) {
      process.kill(pid, 0)
      await turn(10)
    }
  } catch {}
}
/** What holds the keys by right. */
const own = KINDS.map((_, i) => path(`${i}.key`))
function showsNothing(when: string, told: string): void {
  assert.equal(shown.length % KINDS.length, 0)
  const traces = shown.flatMap(({ key }) => tracesOf(key))
  const { showing, looked } = filesShowing(folder, traces, own)
  assert.deepEqual(showing, [], when)
  assert.ok(looked >= 4, `${looked} files ${when}`)
  for (const trace of traces) assert.ok(!told.includes(trace), `the output shows a key ${when}`)
}

before(async () => {
  await show(0)
  // The looking itself finds a key where there is one.
  const all = filesShowing(folder, tracesOf(shown[0]!.key)).showing
  assert.deepEqual(all, [path('0.key')])
})

test('nothing that is written while it runs, publishes, backs up, is rotated and ends shows a key of a listener', async () => {
  const [port] = (await freePorts(1)) as [number]
  const certificates = KINDS.map((_, i) => ({ cert: `${i}.pem`, key: `${i}.key` }))
  const configuration = {
    store: 'sqlite:./data/gatehouse.db',
    gateway: { listen: [{ address: `https://127.0.0.1:${port}`, tls: { certificates } }], accessLog: { file: './data/access.log' } },
    apis: { shop: { path: '/', upstream: 'http://127.0.0.1:9', public: true } },
  }
  const start = async () => {
    const gateway = await startGateway(configuration, { folder, threads: 2 })
    running.add(gateway)
    return gateway
  }
  const subjectOf = (name: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', servername: name, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()!.subject)
        socket.destroy()
      }).once('error', reject)
    })

  let gateway = await start()
  assert.equal(await subjectOf('shop1.example'), 'CN=0-1')
  showsNothing('after the start', gateway.log())

  await show(1)
  while ((await subjectOf('shop2.example')) !== 'CN=1-2');
  // An edit with a key in the open is refused, and kept nowhere.
  const file = readFileSync(gateway.configFile, 'utf8')
  const open = shown
    .at(-1)!
    .key.split('\n')
    .map((line) => `        ${line}`)
  replace('gatehouse.yaml', file.replace('    public: true', `    public: true\n    owner: |\n${open.join('\n')}`))
  while (!/private-key/.test(gateway.log())) await subjectOf('shop0.example')
  replace('gatehouse.yaml', file)

  const token = readFileSync(path('data/admin-token'), 'utf8').trim()
  const to = new Connection({ url: `http://127.0.0.1:${gateway.controlPort}`, token })
  const draft = (await createDraft(to, { body: { message: 'a new API' } })).value.id
  const value = { path: '/plums', upstream: 'http://plums.example', public: true, key: shown.at(-1)!.key }
  await assert.rejects(putDraftObject(to, { parameters: { draft, kind: 'api', name: 'plums' }, ifMatch: 'absent', body: { value } }), (cause) => {
    assert.ok(cause instanceof Refusal && cause.code === 'drafts.bad-object')
    assert.match(JSON.stringify(cause.problem), /private-key/)
    return true
  })
  mkdirSync(path('out'))
  for (const [words, output] of [
    [['backup'], 'backup.db'],
    [['export'], 'catalog.yaml'],
    [['trail', 'export'], 'trail.jsonl'],
  ] as const)
    assert.equal((await gatehouse(...words, '--output', path('out', output), '--config', gateway.configFile)).code, 0)
  showsNothing('while it runs', gateway.log())

  // As a terminal's Ctrl-C.
  process.kill(gateway.pid, 'SIGINT')
  await ended(gateway.pid)
  await gateway.stop()
  running.delete(gateway)
  showsNothing('after Ctrl-C', gateway.log())

  copyFileSync(path('data/envelope.key'), path('out/old.key'))
  const rotated = await gatehouse('secrets', 'rotate', '--config', gateway.configFile)
  assert.equal(rotated.code, 0, rotated.err)
  gateway = await start()
  assert.equal(await subjectOf('shop0.example'), 'CN=1-0')
  process.kill(gateway.pid, 'SIGKILL')
  await gateway.stop()
  running.delete(gateway)
  showsNothing('after a rotation and a sudden end', gateway.log())
})
