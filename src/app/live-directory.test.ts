// A file's key that is revoked while the file is being read does not slip through, and last uses that cannot be written wait.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../adapters/memory/store.ts'
import { SharedCredentials } from '../adapters/shared-memory/shared-credentials.ts'
import { fileDirectory } from '../adapters/shared-memory/shared-directory.ts'
import { keyDigest } from '../base/keys.ts'
import { createKey, listKeys } from '../directory/keys.ts'
import { lastUse } from '../directory/last-use.ts'
import { reportLeaked } from '../directory/leaked-keys.ts'
import { type Store, StoreUnavailable, UncertainCommit } from '../ports/store.ts'
import { LiveDirectory } from './live-directory.ts'

const NOW_MS = 1_800_000_000_000
const content = (secret: string) => ({ consumers: [{ name: 'acme', apis: ['shop'] }], keys: [{ digest: keyDigest(secret), consumer: 'acme' }] })
const act = { by: 'person_1', nowMs: NOW_MS }

/** A store of which a test may change what calls do. */
function open(store: Store): LiveDirectory {
  return new LiveDirectory(
    { store, dataKey: new Uint8Array(32) },
    () => NOW_MS,
    () => {},
  )
}

test('a key that is reported between the reading of a file and its going live is dead', async () => {
  const memory = new MemoryStore()
  let between: (() => Promise<void>) | undefined
  const store: Store = {
    read: async (work) => {
      const result = await memory.read(work)
      const now = between
      between = undefined
      await now?.()
      return result
    },
    write: (work) => memory.write(work),
    changes: (since) => memory.changes(since),
    onChange: () => () => {},
    close: () => memory.close(),
  }
  const directory = open(store)
  await directory.start()
  directory.accept(await directory.admit(content('first')))
  const owned = { hasConsumer: () => true, ownerOfKey: () => 'acme' }
  const leak = async (): Promise<void> => {
    await store.write((writing) => reportLeaked(writing, directory.digests, act, owned, 'second'))
    await directory.catchUp()
  }
  between = leak
  const share = await directory.admit(content('second'))
  const credentials = new SharedCredentials(share.table.memory, directory.memory)
  assert.equal(credentials.findKey(keyDigest('second'), NOW_MS), undefined)
  await directory.stop()
})

test('the same content again is the same share: what threads keep at hand stays', async () => {
  const directory = open(new MemoryStore())
  await directory.start()
  const share = await directory.admit(content('first'))
  directory.accept(share)
  assert.equal(await directory.admit(content('first')), share)
  assert.notEqual(await directory.admit(content('second')), share)
  await directory.stop()
})

test('last uses that the store does not take wait for the next time', async () => {
  const memory = new MemoryStore()
  let fails = true
  const store: Store = {
    read: (work) => memory.read(work),
    write: (work) => (fails ? Promise.reject(new StoreUnavailable('no answer')) : memory.write(work)),
    changes: (since) => memory.changes(since),
    onChange: (heard) => memory.onChange(heard),
    close: () => memory.close(),
  }
  const directory = open(store)
  const use = (api: string) => ({ api, consumer: 'acme', credential: 'key_0123456789ab', count: 2, lastMs: NOW_MS })
  directory.used([use('shop')])
  await directory.stop()
  fails = false
  directory.used([use('bank')])
  await directory.stop()
  assert.deepEqual(await memory.read((reading) => lastUse(reading, 'key_0123456789ab')), { lastMs: NOW_MS, count: 4 })
})

test('the key that Gatehouse makes itself takes the place of the one before, and of nobody else’s', async () => {
  const directory = open(new MemoryStore())
  await directory.start()
  directory.accept(await directory.admit({ consumers: [{ name: 'acme', apis: ['shop'] }], keys: [] }))
  const { store } = directory as unknown as { store: Store }
  const ours = { by: 'system', nowMs: NOW_MS }
  const theirs = await store.write((writing) => createKey(writing, { digests: directory.digests }, act, directory.file, 'acme'))
  const seen: string[] = []
  const make = () => directory.replaceOwnKey(ours, 'acme', NOW_MS + 1000, async (_, key) => void seen.push(key.id))
  const secrets: string[] = []
  // More than a consumer may have valid at once, and more than it may have in all.
  for (let i = 0; i < 120; i++) {
    const made = await make()
    assert.ok('secret' in made && 'secret' in theirs)
    secrets.push(made.secret)
  }
  const credentials = new SharedCredentials(fileDirectory({ consumers: [], keys: [] }).memory, directory.memory)
  assert.equal(credentials.findKey(keyDigest(secrets[118]!), NOW_MS), undefined)
  const kept = await store.read((reading) => listKeys(reading, 'acme', { limit: 1000 }))
  assert.deepEqual(kept.items.map(({ id }) => id).toSorted(), [seen.at(-1)!, 'key' in theirs ? theirs.key.id : ''].toSorted())
  await directory.stop()
})

test('a key that was kept and is not live yet is told as uncertain, not as never kept', async () => {
  const memory = new MemoryStore()
  let isGone = false
  const store: Store = {
    read: (work) => memory.read(work),
    write: (work) => memory.write(work),
    changes: (since) => (isGone ? Promise.reject(new StoreUnavailable('gone')) : memory.changes(since)),
    onChange: () => () => {},
    close: () => memory.close(),
  }
  const directory = open(store)
  await directory.start()
  directory.accept(await directory.admit({ consumers: [{ name: 'acme', apis: ['shop'] }], keys: [] }))
  isGone = true
  await assert.rejects(
    directory.replaceOwnKey({ by: 'system', nowMs: NOW_MS }, 'acme', NOW_MS + 1000, async () => {}),
    UncertainCommit,
  )
  assert.equal((await store.read((reading) => listKeys(reading, 'acme'))).items.length, 1)
  isGone = false
  await directory.stop()
})
