// The envelope key comes from where the operator said, and only in a way that nobody else could have read it.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { type EnvelopeKey, envelopeKeyText, newEnvelopeKey } from './envelope-key.ts'
import { readKeyCommand } from './key-command.ts'
import { createKeyFile, readKeyFile } from './key-file.ts'
import { keySource, readKeySource } from './key-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse-key-'))
const key = newEnvelopeKey()
const text = envelopeKeyText(key)
const world = { environment: () => undefined, commandEnvironment: {} }
const idOf = (read: EnvelopeKey | { refused: string } | undefined): string => (read === undefined ? 'none' : 'refused' in read ? read.refused : read.id)

function fileWith(name: string, content: string, mode = 0o600): string {
  const file = join(folder, name)
  writeFileSync(file, content, { mode })
  chmodSync(file, mode)
  return file
}

test('a key file is read when its owner alone can read it', () => {
  assert.equal(idOf(readKeyFile(fileWith('good', `${text}\n`))), key.id)
  assert.equal(idOf(readKeyFile(fileWith('read-only', text, 0o400))), key.id)
  assert.equal(readKeyFile(join(folder, 'absent')), undefined)
})

test('a key file that anybody else can read, write or run is refused', () => {
  const modes = [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610, 0o601]
  for (const mode of modes) assert.match(idOf(readKeyFile(fileWith(`mode-${mode}`, text, mode))), /by others than its owner/)
})

test('a link leads to a file that is checked itself', () => {
  symlinkSync(fileWith('loose', text, 0o644), join(folder, 'link'))
  assert.match(idOf(readKeyFile(join(folder, 'link'))), /by others/)
})

test('what is no file, and a file that holds no key, are refused without showing what they hold', () => {
  assert.match(idOf(readKeyFile(folder)), /is not a regular file|EISDIR/)
  assert.match(idOf(readKeyFile(fileWith('long', 'k'.repeat(5000)))), /holds more than a key$/)
  const shown = idOf(readKeyFile(fileWith('word', 'hunter2hunter2')))
  assert.match(shown, /holds no envelope key/)
  assert.ok(!shown.includes('hunter2'))
})

test("another user's key file is refused", { skip: getuid?.() !== 0 && 'only root can give a file away' }, async () => {
  const { chownSync } = await import('node:fs')
  const file = fileWith('foreign', text)
  chownSync(file, 12345, 12345)
  assert.match(idOf(readKeyFile(file)), /belongs to another user/)
})

test('a made key file is whole, its owner alone reads it, and it never replaces one', () => {
  const file = join(folder, 'deep/down/envelope.key')
  assert.ok(createKeyFile(file, key))
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(createKeyFile(file, newEnvelopeKey()), false)
  assert.equal(idOf(readKeyFile(file)), key.id)
  assert.deepEqual(readdirSync(join(folder, 'deep/down')), ['envelope.key'])
})

test('which source counts', () => {
  assert.deepEqual(keySource(undefined, '/data', false), { made: '/data/envelope.key' })
  assert.deepEqual(keySource(undefined, '/data', true), { env: 'GATEHOUSE_ENVELOPE_KEY' })
  assert.deepEqual(keySource({ file: '/k' }, '/data', false), { file: '/k' })
  assert.deepEqual(keySource({ env: 'GATEHOUSE_ENVELOPE_KEY' }, '/data', true), { env: 'GATEHOUSE_ENVELOPE_KEY' })
  assert.match(JSON.stringify(keySource({ file: '/k' }, '/data', true)), /take one of them away/)
})

test('a variable gives a key, and one that is unset or weak says so without showing it', async () => {
  const given = (value: string | undefined) =>
    readKeySource({ env: 'KEY' }, { ...world, environment: (name) => (name === 'KEY' && value !== undefined ? new Secret(value) : undefined) })
  const read = await given(text)
  assert.ok('keys' in read && read.keys[0]!.id === key.id)
  assert.deepEqual(await given(undefined), { missing: 'the environment variable KEY is not set' })
  const weak = JSON.stringify(await given('hunter2hunter2'))
  assert.ok(weak.includes('holds no envelope key') && !weak.includes('hunter2'))
})

const script = (name: string, lines: string): string => fileWith(name, `#!/bin/sh\n${lines}\n`, 0o700)
const run = async (command: readonly string[], environment: Record<string, string> = {}, timeoutMs?: number): Promise<string> =>
  idOf(await readKeyCommand({ command, folder, environment, ...(timeoutMs !== undefined && { timeoutMs }) }))

test('a command gives a key; its words reach it as they are, and no shell reads them', async () => {
  assert.equal(await run([script('show', `[ "$1" = '; echo $HOME *' ] && echo ${text}`), '; echo $HOME *']), key.id)
})

test('a command that fails, says too much, says nothing or is not there is refused without showing what it said', async () => {
  const wrong: [command: string[], wanted: RegExp][] = [
    [[script('fail', `echo ${text}; echo hunter2 >&2; exit 3`)], /ended with exit code 3$/],
    [[script('much', 'while :; do echo hunter2hunter2; done')], /wrote more than a key$/],
    [[script('silent', ':')], /wrote none/],
    [[script('word', 'echo hunter2hunter2')], /wrote none/],
    [[join(folder, 'not-there')], /cannot be started \(ENOENT\)$/],
    [[], /is empty$/],
  ]
  for (const [command, wanted] of wrong) {
    const shown = await run(command)
    assert.match(shown, wanted)
    assert.ok(!shown.includes('hunter2') && !shown.includes(text))
  }
})

test('a command that does not end is ended, with what it started, even while that holds its output open', async () => {
  const trace = join(folder, 'children')
  const command = [script('hang', `sleep 60 & echo $! > ${trace}; wait`)]
  // On a slow machine the program has started nothing by then: it gets twice the time.
  for (let timeoutMs = 200; !existsSync(trace) || readFileSync(trace, 'utf8') === ''; timeoutMs *= 2)
    assert.match(await run(command, { PATH: '/bin:/usr/bin' }, timeoutMs), /took longer than \d+ ms$/)
  const child = Number(readFileSync(trace, 'utf8'))
  // Killed is not gone: until it is collected it may stand as a zombie, which runs no more.
  const state = (): string => {
    try {
      return /^\d+ \(.*\) (\S)/.exec(readFileSync(`/proc/${child}/stat`, 'utf8'))?.[1] ?? ''
    } catch {
      return 'gone'
    }
  }
  while (!['gone', 'Z', 'X'].includes(state())) await new Promise((resolve) => setImmediate(resolve))
})

test('a command is told nothing of our environment but what it is handed', async () => {
  assert.equal(await run([script('nosy', `[ -z "$GATEHOUSE_CANARY$HOME$USER$npm_config_user_agent" ] && echo ${text}`)], { LANG: 'C' }), key.id)
})
