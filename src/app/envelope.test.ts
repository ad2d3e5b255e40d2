// The key that the environment or the configuration gives opens the envelope; both at once open nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryStore } from '../adapters/memory/store.ts'
import { Secret } from '../base/secret.ts'
import { envelopeKeyText, newEnvelopeKey } from '../secrets/envelope-key.ts'
import { envelopeLines, openConfiguredEnvelope } from './envelope.ts'

const key = newEnvelopeKey()
const given = new Secret(envelopeKeyText(key))
const nothing = { envelopeKey: undefined, secret: () => undefined, commandEnvironment: {} }
const folder = (): string => mkdtempSync(join(tmpdir(), 'gatehouse-envelope-'))

test('the variable, and a variable that the configuration names', async () => {
  for (const [configured, settings] of [
    [undefined, { ...nothing, envelopeKey: given }],
    [{ env: 'GATEHOUSE_ENVELOPE_KEY' }, { ...nothing, envelopeKey: given }],
    [{ env: 'MY_KEY' }, { ...nothing, secret: (name: string) => (name === 'MY_KEY' ? given : undefined) }],
  ] as const) {
    const opened = await openConfiguredEnvelope(new MemoryStore(), configured, folder(), settings)
    assert.ok(!('refused' in opened) && opened.envelope.keyId === key.id)
    assert.deepEqual(envelopeLines(opened), [])
  }
})

test('with nothing said a key is made beside the store, its path is told, and the key is not', async () => {
  const data = folder()
  const store = new MemoryStore()
  const first = await openConfiguredEnvelope(store, undefined, data, nothing)
  assert.ok(!('refused' in first))
  const lines = envelopeLines(first).join('\n')
  assert.ok(lines.includes(`made in ${join(data, 'envelope.key')}`) && lines.includes('apart from the store'))
  assert.ok(!lines.includes(readFileSync(join(data, 'envelope.key'), 'utf8').trim()))
  const second = await openConfiguredEnvelope(store, undefined, data, nothing)
  assert.ok(!('refused' in second))
  assert.deepEqual(envelopeLines(second), [`envelope key ${first.envelope.keyId} from ${join(data, 'envelope.key')}`])
})

test('a variable beside another source is refused', async () => {
  const opened = await openConfiguredEnvelope(new MemoryStore(), { file: '/nowhere' }, folder(), { ...nothing, envelopeKey: given })
  assert.ok('refused' in opened && opened.refused.includes('take one of them away'))
})
