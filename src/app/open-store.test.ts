// The store that a configuration names is the one that is opened, with its password from where it is kept.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { collection, StoreUnavailable } from '../ports/store.ts'
import { openStore } from './open-store.ts'

const notes = collection<number>('note')
const nothing = (): undefined => undefined

describe('openStore', () => {
  let folder = ''
  let server: PostgresServer
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-open-'))
    server = await startPostgres({ authentication: 'scram-sha-256' })
  })
  after(async () => {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  it('makes the folder of the embedded store for this account alone', async () => {
    const { store, backUp } = await openStore({ kind: 'sqlite', file: join(folder, 'new/data/gatehouse.db') }, nothing)
    await store.write(async (w) => w.put(notes, 'a', 1))
    await backUp.backUp(join(folder, 'back-up.db'))
    await store.close()
    assert.equal(statSync(join(folder, 'new/data')).mode & 0o777, 0o700)
  })

  it('takes the password of PostgreSQL from the environment or a file, and says what is missing without telling it', async () => {
    const { password, ...place } = await server.database()
    const settings = { kind: 'postgres', ...place, tls: false } as const
    const file = join(folder, 'password')
    writeFileSync(file, `${password}\n`)
    chmodSync(file, 0o600)
    for (const [reference, fromEnvironment] of [
      [{ env: 'STORE_PASSWORD' }, (name: string) => (name === 'STORE_PASSWORD' ? password : undefined)],
      [{ file }, nothing],
    ] as const) {
      const { store } = await openStore({ ...settings, password: reference }, fromEnvironment)
      await store.write(async (w) => w.put(notes, 'a', 1))
      await store.close()
    }
    writeFileSync(file, '\n')
    await assert.rejects(openStore({ ...settings, password: { file } }, nothing), /is empty/)
    await assert.rejects(openStore({ ...settings, password: { file: `${file}-gone` } }, nothing), /no file/)
    await assert.rejects(openStore({ ...settings, password: { env: 'GONE' } }, nothing), /GONE is not set/)
    const refused = (cause: unknown): boolean => cause instanceof StoreUnavailable && !cause.message.includes('not it')
    await assert.rejects(
      openStore({ ...settings, password: { env: 'X' } }, () => 'not it'),
      refused,
    )
    await assert.rejects(openStore(settings, nothing), StoreUnavailable)
    // It speaks no TLS: that is refused, not done without.
    await assert.rejects(
      openStore({ ...settings, tls: true, password: { env: 'X' } }, () => password),
      /SSL/,
    )
  })
})
