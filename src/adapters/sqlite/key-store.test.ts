// Keys in the embedded store outlive the process, and the store holds no secret.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { keyDigest, mintKey } from '../../base/keys.ts'
import { sqliteKeyStore } from './key-store.ts'

describe('the key store', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-keys-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('gives back after a restart what was added, in the order of digests', () => {
    const file = join(folder, 'keys.db')
    const secret = mintKey()
    const expiring = { digest: keyDigest(secret), consumer: "o'hara; DROP TABLE api_key", expiresMs: 1_900_000_000_000 }
    const lasting = { digest: keyDigest(mintKey()), consumer: 'acme' }
    const store = sqliteKeyStore(file)
    store.add(expiring)
    store.add(lasting)
    store.close()
    const again = sqliteKeyStore(file)
    assert.deepEqual(
      again.all(),
      [expiring, lasting].sort((a, b) => (a.digest < b.digest ? -1 : 1)),
    )
    assert.throws(() => again.add(lasting), /UNIQUE/)
    again.close()
    assert.equal(readFileSync(file).includes(secret), false)
  })
})
