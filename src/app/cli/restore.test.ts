// A back-up of the embedded store goes into PostgreSQL and back, and nothing is replaced by what does not verify.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, it } from 'node:test'
import { startPostgres, withClient } from '../../../test/support/postgres.ts'
import { exportStore, importStore } from '../../adapters/store-archive.ts'
import { Secret } from '../../base/secret.ts'
import { SESSIONS } from '../../people/sessions.ts'
import { collection } from '../../ports/store.ts'
import { putSecret, readSecret } from '../../secrets/named-secrets.ts'
import { rotateKeyFile } from '../../secrets/rotate-key-file.ts'
import { openConfiguredEnvelope } from '../envelope.ts'
import { openFoundations } from '../foundations.ts'
import { openStore } from '../open-store.ts'
import type { Settings } from '../settings.ts'
import { backup } from './backup.ts'
import { restore } from './restore.ts'
import { configurationOf } from './running-gatehouse.ts'
import { secretsRotate } from './secrets-rotate.ts'

const settings: Settings = { adminToken: undefined, envelopeKey: undefined, noColor: true, secret: () => undefined, commandEnvironment: {} }
const notes = collection<number>('note')
const EVENT = { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' } as const
const NOW_MS = Date.UTC(2026, 10, 24)

describe('restore', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-restore-'))
  const path = (...names: string[]): string => join(folder, ...names)
  const restores = (): string[] => readdirSync(path('data')).filter((each) => /^(?:unfinished-)?restor/.test(each))
  after(() => rmSync(folder, { recursive: true, force: true }))
  /** A configuration of its own; all of them have one envelope key. */
  function configured(name: string, store: string): string {
    mkdirSync(path(name), { recursive: true })
    const api = { path: '/books', upstream: 'http://127.0.0.1:9', public: true }
    writeFileSync(path(`${name}.yaml`), JSON.stringify({ gatehouse: 1, store, envelope: { file: 'key' }, apis: { books: api } }))
    return path(`${name}.yaml`)
  }
  async function foundationsOf(file: string) {
    const configuration = await configurationOf(file)
    assert.ok(typeof configuration !== 'number')
    return { configuration, ...(await openFoundations(configuration, settings, { nowMs: NOW_MS, report: assert.fail })) }
  }
  writeFileSync(path('key'), `${Buffer.from(Array.from({ length: 32 }, (_, i) => (i * i * 37 + 11) & 255)).toString('base64url')}\n`, { mode: 0o600 })

  async function filled(file: string): Promise<void> {
    const { store, trail, envelope, close } = await foundationsOf(file)
    await store.write(async (writing) => {
      for (let i = 0; i < 900; i++) writing.put(notes, `n${i}`, i)
      await putSecret(writing, envelope, { name: 'smtp', value: new Secret('hunter2'), by: 'person_1', nowMs: NOW_MS })
      for (let i = 0; i < 600; i++) writing.put(SESSIONS, `digest-${i}`, { personId: 'person_1', createdAtMs: NOW_MS, provedAtMs: NOW_MS } as never)
      for (let i = 0; i < 20; i++) await trail.append(writing, EVENT, NOW_MS)
    })
    await close()
  }
  async function holdsAll(file: string, sessions = 0): Promise<void> {
    const { store, envelope, close } = await foundationsOf(file)
    await store.read(async (reading) => {
      assert.equal((await reading.scan(notes, { limit: 1000 })).length, 900)
      assert.equal((await reading.scan(SESSIONS, { limit: 1000 })).length, sessions)
      assert.equal((await readSecret(reading, envelope, 'smtp'))?.reveal(), 'hunter2')
    })
    await close()
  }

  it('goes from the embedded store into PostgreSQL, and from there back', async () => {
    const server = await startPostgres()
    try {
      const { host, port, user, database } = await server.database()
      const sqlite = configured('one', 'sqlite:./one/gatehouse.db')
      const postgres = configured('two', `postgres://${user}@${host}:${port}/${database}`)
      await filled(sqlite)
      assert.equal(await backup(['--output', path('one.db'), '--config', sqlite], settings), 0)
      assert.equal(await restore([path('one.db'), '--config', postgres], settings), 0)
      await holdsAll(postgres)
      assert.equal(await restore([path('one.db'), '--config', postgres], settings), 1)
      assert.equal(await backup(['--output', path('two.jsonl'), '--config', postgres], settings), 0)
      const third = configured('three', 'sqlite:./three/gatehouse.db')
      assert.equal(await restore([path('two.jsonl'), '--config', third], settings), 0)
      await holdsAll(third)
      mkdirSync(path('data/restoring-left-by-a-crash'), { recursive: true })
      assert.equal(await restore([path('two.jsonl'), '--config', postgres, '--replace'], settings), 0)
      await holdsAll(postgres)
      assert.deepEqual(restores(), [])

      // Breaks off in the middle: what the replaced store knew is in the file that is kept, and nothing starts before it is in place.
      const address = { host, port, user, database, password: '' }
      await withClient(address, async (client) => {
        await client.query(`CREATE FUNCTION stop() RETURNS trigger AS $$ BEGIN RAISE 'the disk is full'; END $$ LANGUAGE plpgsql`)
        await client.query(`CREATE TRIGGER stop BEFORE INSERT ON gatehouse_record FOR EACH ROW WHEN (NEW.collection = 'trail-head') EXECUTE FUNCTION stop()`)
      })
      assert.equal(await restore([path('two.jsonl'), '--config', postgres, '--replace'], settings), 2)
      await withClient(address, (client) => client.query('DROP TRIGGER stop ON gatehouse_record'))
      await assert.rejects(foundationsOf(postgres), /a restore into this store broke off/)
      const [kept] = restores()
      assert.equal(await restore([path('data', kept!), '--config', postgres, '--replace'], settings), 0)
      await holdsAll(postgres)
    } finally {
      await server.remove()
    }
  })

  it('leaves the store as it was when the trail of the back-up was edited', async () => {
    const [good, other] = [configured('good', 'sqlite:./good/gatehouse.db'), configured('other', 'sqlite:./other/gatehouse.db')]
    await filled(good)
    await filled(other)
    assert.equal(await backup(['--output', path('edited.db'), '--config', other], settings), 0)
    const database = new DatabaseSync(path('edited.db'))
    const edit = "UPDATE record SET value = replace(value, 'key.create', 'key.revoke') WHERE collection = 'trail-entry' AND key LIKE '%7'"
    assert.ok(Number(database.prepare(edit).run().changes) > 0)
    database.close()
    assert.equal(await restore([path('edited.db'), '--config', good, '--replace'], settings), 1)
    await holdsAll(good, 600)
  })

  it('half of a store that a restore left is not started with, and the same restore goes on', async () => {
    const file = configured('half', 'sqlite:./half/gatehouse.db')
    await filled(file)
    assert.equal(await backup(['--output', path('half.db'), '--config', file], settings), 0)
    const { configuration, store: whole, close } = await foundationsOf(file)
    const lines = await whole.read((reading) => Array.fromAsync(exportStore(reading)))
    await close()
    const { store } = await openStore(configuration.store, () => undefined)
    let reads = 0
    const broken = importStore(
      store,
      async function* () {
        yield* reads++ === 0 ? lines : lines.slice(0, 700)
      },
      { replace: true },
    )
    await assert.rejects(broken, /cut short/)
    await store.close()
    await assert.rejects(foundationsOf(file), /a restore into this store broke off/)
    assert.equal(await restore([path('half.db'), '--config', file, '--replace'], settings), 0)
    await holdsAll(file)
  })

  it('a rotation that broke off is gone on with by the same command', async () => {
    const file = configured('four', 'sqlite:./four/gatehouse.db')
    writeFileSync(
      path('four.yaml'),
      JSON.stringify({ gatehouse: 1, store: 'sqlite:./four/gatehouse.db', apis: { books: { path: '/b', upstream: 'http://127.0.0.1:9', public: true } } }),
    )
    await filled(file)
    const { configuration, close } = await foundationsOf(file)
    await close()
    // As a process leaves it that was killed while it sealed: nothing but the beginning is there.
    const { store } = await openStore(configuration.store, () => undefined)
    const opened = await openConfiguredEnvelope(store, undefined, configuration.dataFolder, settings)
    assert.ok('envelope' in opened)
    const broken = await rotateKeyFile(opened.file!, { store, envelope: opened.envelope, collections: [], nowMs: NOW_MS })
    assert.ok('refused' in broken && broken.refused === 'rotation.unregistered')
    await store.close()
    assert.equal(await secretsRotate(['--config', file], settings), 0)
    await holdsAll(file, 600)
  })
})
