// The trail of the real program: acts over its API, an export by its command, verified alone and against remembered checkpoints, and a store edited behind its back.
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { Connection } from '../../src/client/connection.ts'
import { createKey } from '../../src/client/generated/keys.ts'
import { getCheckpoint, searchTrail } from '../../src/client/generated/trail.ts'
import { gatehouse } from '../support/gatehouse-command.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

const APIS = { books: { path: '/books', upstream: 'http://127.0.0.1:9', policies: { 'api-key': { header: 'X-API-Key' } } } }
const CONFIGURATION = {
  store: 'sqlite:./data/gatehouse.db',
  settings: { checkpoints: { every: '1s', file: 'checkpoints.txt' } },
  apis: APIS,
  consumers: { shop: { apis: ['books'] } },
}

describe('the trail of a running Gatehouse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-trail-e2e-'))
  const path = (name: string): string => join(folder, name)
  let gateway: RunningGateway
  let connection: Connection
  const start = async (): Promise<void> => {
    gateway = await startGateway(CONFIGURATION, { folder })
    connection = new Connection({ url: `http://127.0.0.1:${gateway.controlPort}`, token: readFileSync(path('data/admin-token'), 'utf8').trim() })
  }
  const makeKeys = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await createKey(connection, { parameters: { consumer: 'shop' }, body: { label: `key ${i}` } })
  }
  before(start)
  after(async () => {
    await gateway.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Until the file of checkpoints covers what was done. */
  async function remembered(): Promise<string> {
    const size = Number((await getCheckpoint(connection)).value.split('\n')[1])
    for (;;) {
      try {
        const text = readFileSync(path('checkpoints.txt'), 'utf8')
        if (text.includes(`\n${size}\n`)) return text
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  it('exports what was done, verified alone as unanchored, and with the file of checkpoints as anchored', async () => {
    await makeKeys(5)
    await remembered()
    copyFileSync(path('checkpoints.txt'), path('kept.txt'))
    const exported = await gatehouse('trail', 'export', '--output', path('trail.jsonl'), '--config', gateway.configFile)
    assert.deepEqual([exported.code, exported.err], [0, ''])
    assert.equal(statSync(path('trail.jsonl')).mode & 0o777, 0o600)
    const text = readFileSync(path('trail.jsonl'), 'utf8')
    assert.equal(text.split('"act":"key.create"').length - 1, 5)
    assert.match(text, /"act":"trail\.export"/)
    const alone = await gatehouse('trail', 'verify', path('trail.jsonl'))
    assert.equal(alone.code, 0, alone.out)
    assert.match(alone.out, /unanchored/)
    const anchored = await gatehouse('trail', 'verify', path('trail.jsonl'), '--checkpoint', path('kept.txt'))
    assert.equal(anchored.code, 0, anchored.out)
    assert.match(anchored.out, /anchored: continues the remembered checkpoint/)
    const again = await gatehouse('trail', 'export', '--output', path('trail.jsonl'), '--config', gateway.configFile)
    assert.deepEqual([again.code, /is there already/.test(again.err)], [2, true])
    const piped = await gatehouse('trail', 'export', '--config', gateway.configFile)
    assert.match(piped.out, /^\{"format":"gatehouse-trail\/1"[\s\S]*"kind":"end"[^\n]*\n$/)
  })

  it('shows an entry that was edited in the store while Gatehouse was stopped', async () => {
    await gateway.stop()
    copyFileSync(path('data/gatehouse.db'), path('whole.db'))
    const database = new DatabaseSync(path('data/gatehouse.db'))
    const one = `SELECT max(key) FROM record WHERE collection = 'trail-entry' AND value LIKE '%"key.create"%'`
    const edit = `UPDATE record SET value = replace(value, '"admin-token"', '"anonymous"') WHERE collection = 'trail-entry' AND key = (${one})`
    assert.equal(Number(database.prepare(edit).run().changes), 1)
    database.close()
    await start()
    const exported = await gatehouse('trail', 'export', '--output', path('edited.jsonl'), '--config', gateway.configFile)
    assert.equal(exported.code, 0, exported.err)
    const judged = await gatehouse('trail', 'verify', path('edited.jsonl'), '--checkpoint', path('kept.txt'))
    assert.equal(judged.code, 1, judged.out)
    assert.match(judged.out, /wrong-root/)
  })

  it('adds nothing to a trail whose end was edited: acts are refused from then on', async () => {
    await gateway.stop()
    for (const suffix of ['', '-wal', '-shm']) rmSync(path(`data/gatehouse.db${suffix}`), { force: true })
    copyFileSync(path('whole.db'), path('data/gatehouse.db'))
    await start()
    await makeKeys(1)
    const size = (await searchTrail(connection)).value.items[0]!.index + 1
    const database = new DatabaseSync(path('data/gatehouse.db'), { timeout: 5000 })
    database.prepare(`UPDATE record SET value = replace(value, '"size":${size}', '"size":${size - 1}') WHERE collection = 'trail-head'`).run()
    database.close()
    await assert.rejects(makeKeys(1), /mistake|could not be handled/)
    assert.match(gateway.log(), /altered by somebody without the envelope key/)
  })
})
