// A file's key that is revoked while the file is being read does not slip through, and last uses that cannot be written wait.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../adapters/memory/store.ts'
import { SharedCredentials } from '../adapters/shared-memory/shared-credentials.ts'
import { keyDigest } from '../base/keys.ts'
import { lastUse } from '../directory/last-use.ts'
import { reportLeaked } from '../directory/leaked-keys.ts'
import { type Store, StoreUnavailable } from '../ports/store.ts'
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
