// At the start the store gets the key it was sealed with, or nothing runs: no key is made for a store that had one.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { LossyStore } from '../../test/support/lossy-store.ts'
import { Secret } from '../base/secret.ts'
import { dataKey, readDataKey } from './data-keys.ts'
import { KeyedEnvelope } from './envelope.ts'
import { envelopeKeyText, newEnvelopeKey } from './envelope-key.ts'
import { keyChecks, ONLY } from './key-records.ts'
import type { KeySource } from './key-source.ts'
import { type OpenedEnvelope, openEnvelope } from './open-envelope.ts'

const world = { environment: () => undefined, commandEnvironment: {} }
const fresh = (): KeySource & { made: string } => ({ made: join(mkdtempSync(join(tmpdir(), 'gatehouse-open-')), 'envelope.key') })
const opened = (result: OpenedEnvelope | { refused: string }): OpenedEnvelope => {
  assert.ok(!('refused' in result), JSON.stringify(result))
  return result
}
const refusedBy = (result: OpenedEnvelope | { refused: string }): string => {
  assert.ok('refused' in result)
  return result.refused
}

test('the first start makes a key and the next ones use it', async () => {
  const store = new LossyStore()
  const source = fresh()
  const first = opened(await openEnvelope(store, source, world))
  assert.deepEqual([first.isMade, first.file], [true, source.made])
  const made = await store.write((writing) => dataKey(writing, first.envelope, 'api-key-mac'))
  const second = opened(await openEnvelope(store, source, world))
  assert.deepEqual([second.isMade, second.envelope.keyId], [false, first.envelope.keyId])
  const again = await store.read((reading) => readDataKey(reading, second.envelope, 'api-key-mac'))
  assert.ok(made.equals(again!))
})

describe('a wrong key is refused by name', () => {
  test('the file was replaced', async () => {
    const store = new LossyStore()
    const source = fresh()
    const first = opened(await openEnvelope(store, source, world))
    const other = newEnvelopeKey()
    writeFileSync(source.made, envelopeKeyText(other))
    assert.equal(
      refusedBy(await openEnvelope(store, source, world)),
      `this store was sealed with envelope key ${first.envelope.keyId}, the key given is ${other.id}`,
    )
    assert.equal(readFileSync(source.made, 'utf8'), envelopeKeyText(other))
  })

  test('the file is gone: none is made for a store that had one', async () => {
    const store = new LossyStore()
    const source = fresh()
    const first = opened(await openEnvelope(store, source, world))
    rmSync(source.made)
    const refused = refusedBy(await openEnvelope(store, source, world))
    assert.ok(refused.includes('there is no file') && refused.includes(first.envelope.keyId))
    assert.throws(() => readFileSync(source.made), /ENOENT/)
  })

  test('a check that was copied from another store does not prove a key by its id', async () => {
    const store = new LossyStore()
    const source = fresh()
    const { envelope } = opened(await openEnvelope(store, source, world))
    const forged = new KeyedEnvelope(newEnvelopeKey()).seal(Buffer.of(1), 'envelope/check')
    await store.write(async (writing) => writing.put(keyChecks, ONLY, { keyId: envelope.keyId, sealed: forged }))
    assert.match(refusedBy(await openEnvelope(store, source, world)), /was sealed with envelope key/)
  })

  test('the check was taken out of a store that holds sealed values', async () => {
    const store = new LossyStore()
    const source = fresh()
    const { envelope } = opened(await openEnvelope(store, source, world))
    await store.write((writing) => dataKey(writing, envelope, 'api-key-mac'))
    await store.write(async (writing) => writing.remove(keyChecks, ONLY))
    assert.match(refusedBy(await openEnvelope(store, source, world)), /no longer says under which key/)
  })
})

test('a file that the configuration names is never made', async () => {
  const { made } = fresh()
  assert.match(refusedBy(await openEnvelope(new LossyStore(), { file: made }, world)), /the envelope key is missing/)
  assert.throws(() => readFileSync(made), /ENOENT/)
})

test('of two that start at once on one empty store, one key counts', async () => {
  const store = new LossyStore()
  const results = await Promise.all([openEnvelope(store, fresh(), world), openEnvelope(store, fresh(), world)])
  assert.equal(results.filter((result) => 'refused' in result).length, 1)
})

test('a store that fails at the start leaves a key that the next start uses', async () => {
  for (const how of ['before the work', 'before the commit', 'after the commit'] as const) {
    const store = new LossyStore()
    const source = fresh()
    store.failAt({ at: 0, how })
    await assert.rejects(openEnvelope(store, source, world))
    const kept = readFileSync(source.made, 'utf8')
    store.failAt(undefined)
    opened(await openEnvelope(store, source, world))
    assert.equal(readFileSync(source.made, 'utf8'), kept)
  }
})

test('a variable opens the store that a file was made for, when it holds the same key', async () => {
  const store = new LossyStore()
  const source = fresh()
  opened(await openEnvelope(store, source, world))
  const text = readFileSync(source.made, 'utf8')
  renameSync(source.made, `${source.made}.away`)
  const result = opened(await openEnvelope(store, { env: 'KEY' }, { ...world, environment: () => new Secret(text) }))
  assert.deepEqual([result.isMade, result.file], [false, undefined])
})
