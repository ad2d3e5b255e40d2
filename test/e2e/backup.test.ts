// Back-up and restore of the real program: copied while writes go on, brought back into an empty folder, sealed all the way; and a rotation of the envelope key.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Connection } from '../../src/client/connection.ts'
import { createKey, listKeys, revokeKey } from '../../src/client/generated/keys.ts'
import { getSecret, putSecret } from '../../src/client/generated/secrets.ts'
import { getSystem } from '../../src/client/generated/system.ts'
import { searchTrail } from '../../src/client/generated/trail.ts'
import { gatehouse } from '../support/gatehouse-command.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

const CANARY = 'canary-7e31b0-do-not-sing'
const CONFIGURATION = {
  store: 'sqlite:./data/gatehouse.db',
  apis: { books: { path: '/books', upstream: 'http://127.0.0.1:9', policies: { 'api-key': { header: 'X-API-Key' } } } },
  consumers: { shop: { apis: ['books'] } },
}
const spellings = [CANARY, Buffer.from(CANARY).toString('hex'), ...[0, 1, 2].map((cut) => Buffer.from(CANARY.slice(cut)).toString('base64url').slice(0, 24))]
const showsNothing = (file: string): void => {
  const content = readFileSync(file).toString('latin1')
  for (const each of spellings) assert.ok(!content.includes(each), `${file} shows the canary`)
}

describe('back-up and restore', () => {
  const base = mkdtempSync(join(tmpdir(), 'gatehouse-backup-e2e-'))
  const path = (...names: string[]): string => join(base, ...names)
  const running = new Set<RunningGateway>()
  after(async () => {
    for (const each of running) await each.stop()
    rmSync(base, { recursive: true, force: true })
  })
  async function start(name: string) {
    mkdirSync(path(name), { recursive: true })
    const gateway = await startGateway(CONFIGURATION, { folder: path(name) })
    running.add(gateway)
    const token = readFileSync(path(name, 'data/admin-token'), 'utf8').trim()
    const connection = new Connection({ url: `http://127.0.0.1:${gateway.controlPort}`, token })
    return { gateway, connection, stop: () => gateway.stop().finally(() => running.delete(gateway)) }
  }
  const key = (to: Connection, label: string) => createKey(to, { parameters: { consumer: 'shop' }, body: { label } })
  /** A folder with the configuration and the envelope key of another, and nothing else. */
  function emptyLike(name: string, like: string): string {
    mkdirSync(path(name, 'data'), { recursive: true })
    copyFileSync(path(like, 'data/envelope.key'), path(name, 'data/envelope.key'))
    copyFileSync(path(like, 'gatehouse.yaml'), path(name, 'gatehouse.yaml'))
    return path(name, 'gatehouse.yaml')
  }

  it('takes a back-up while writes go on, and brings all of it back into an empty folder', async () => {
    const first = await start('first')
    await putSecret(first.connection, { parameters: { name: 'smtp' }, ifMatch: 'absent', body: { value: CANARY } })
    await key(first.connection, 'before')
    let isDone = false
    let made = 1
    const writing = (async () => {
      for (; !isDone && made < 90; made++) await key(first.connection, `during ${made}`)
    })()
    const taken = await gatehouse('backup', '--output', path('backup.db'), '--config', first.gateway.configFile)
    isDone = true
    await writing
    assert.deepEqual([taken.code, taken.err], [0, ''])
    assert.match(taken.out, /^[0-9a-f]{64} {2}/)
    assert.equal(statSync(path('backup.db')).mode & 0o777, 0o600)
    showsNothing(path('backup.db'))
    const again = await gatehouse('backup', '--output', path('backup.db'), '--config', first.gateway.configFile)
    assert.deepEqual([again.code, /is there already/.test(again.err)], [1, true])
    const onTop = await gatehouse('restore', path('backup.db'), '--config', first.gateway.configFile, '--replace')
    assert.deepEqual([onTop.code, /a Gatehouse runs on this store/.test(onTop.err)], [1, true])
    await first.stop()

    const config = emptyLike('second', 'first')
    const restored = await gatehouse('restore', path('backup.db'), '--config', config)
    assert.equal(restored.code, 0, restored.err)
    assert.match(restored.out, /catalog and trail \(\d+ entries\) verified/)
    assert.deepEqual(
      readdirSync(path('second/data')).filter((name) => name.startsWith('restoring')),
      [],
    )
    const twice = await gatehouse('restore', path('backup.db'), '--config', config)
    assert.deepEqual([twice.code, /the store is not empty/.test(twice.err)], [1, true])

    const second = await start('second')
    const { value } = await getSecret(second.connection, { parameters: { name: 'smtp' } })
    assert.equal(value.name, 'smtp')
    const { items } = (await searchTrail(second.connection, { query: { act: 'key.create', limit: 200 } })).value
    assert.ok(items.length >= 1 && items.length <= made, `${items.length} of ${made} keys`)
    assert.equal((await searchTrail(second.connection, { query: { act: 'store.restore' } })).value.items.length, 1)
    const exported = await gatehouse('trail', 'export', '--output', path('second.jsonl'), '--config', second.gateway.configFile)
    assert.equal(exported.code, 0, exported.err)
    assert.equal((await gatehouse('trail', 'verify', path('second.jsonl'))).code, 0)
    showsNothing(path('second.jsonl'))
    await second.stop()
  })

  it('refuses what is no back-up, what was altered, and a key that does not fit, and leaves the store as it was', async () => {
    const config = emptyLike('third', 'first')
    writeFileSync(path('nothing'), 'hello')
    const broken = readFileSync(path('backup.db'))
    broken.fill(0xff, 4096 * 3, 4096 * 3 + 2000)
    writeFileSync(path('broken.db'), broken)
    for (const name of ['nothing', 'broken.db']) {
      const refused = await gatehouse('restore', path(name), '--config', config)
      assert.equal(refused.code, 1, `${name}: ${refused.err}`)
    }
    assert.equal((await gatehouse('restore', path('not-there'), '--config', config)).code, 2)
    writeFileSync(path('third/data/envelope.key'), `${Buffer.from(Array.from({ length: 32 }, (_, i) => (i * i * 31 + 7) & 255)).toString('base64url')}\n`)
    const otherKey = await gatehouse('restore', path('backup.db'), '--config', config)
    assert.deepEqual([otherKey.code, /sealed with envelope key/.test(otherKey.err)], [1, true])
    // The store is as empty as it was: the right key takes it now.
    copyFileSync(path('first/data/envelope.key'), path('third/data/envelope.key'))
    assert.equal((await gatehouse('restore', path('backup.db'), '--config', config)).code, 0)
  })

  it('a key that was revoked after the back-up stays revoked, and --revive lets it count again', async () => {
    const house = await start('revoked')
    const [kept, lost] = [(await key(house.connection, 'kept')).value.key, (await key(house.connection, 'lost')).value.key]
    const { code } = await gatehouse('backup', '--output', path('before.db'), '--config', house.gateway.configFile)
    assert.equal(code, 0)
    await revokeKey(house.connection, { parameters: { key: lost.id }, ifMatch: '*', body: { why: 'found in a paste' } })
    await house.stop()
    const validAfter = async (...words: string[]) => {
      const restored = await gatehouse('restore', path('before.db'), '--config', house.gateway.configFile, '--replace', ...words)
      assert.equal(restored.code, 0, restored.err)
      const again = await start('revoked')
      const { items } = (await listKeys(again.connection, { parameters: { consumer: 'shop' } })).value
      await again.stop()
      return { out: restored.out, valid: items.filter(({ revoked }) => revoked === undefined).map(({ id }) => id) }
    }
    const safe = await validAfter()
    assert.match(safe.out, /what ended since the back-up stays so: 1 keys, 0 certificates, 0 tokens, 0 people, 0 erased fields/)
    assert.deepEqual(safe.valid, [kept.id])
    // Again: what the first restore knew, the second knows.
    assert.deepEqual((await validAfter()).valid, [kept.id])
    assert.deepEqual((await validAfter('--revive')).valid.sort(), [kept.id, lost.id].sort())
    assert.equal((await gatehouse('restore', path('before.db'), '--config', house.gateway.configFile, '--revive')).code, 2)
  })

  it('rotates the envelope key while Gatehouse is stopped: the new one opens everything, the old one nothing', async () => {
    const third = await start('third')
    const before = (await getSystem(third.connection)).value.envelope.keyId
    const refused = await gatehouse('secrets', 'rotate', '--config', third.gateway.configFile)
    assert.deepEqual([refused.code, /a Gatehouse runs on this store/.test(refused.err)], [1, true])
    await third.stop()
    const old = readFileSync(path('third/data/envelope.key'))
    const rotated = await gatehouse('secrets', 'rotate', '--config', third.gateway.configFile)
    assert.equal(rotated.code, 0, rotated.err)
    assert.match(rotated.out, /records are sealed under envelope key/)
    const again = await start('third')
    const { envelope } = (await getSystem(again.connection)).value
    assert.notEqual(envelope.keyId, before)
    assert.equal(envelope.stale, false)
    await putSecret(again.connection, { parameters: { name: 'smtp' }, ifMatch: '*', body: { value: CANARY } })
    const { items } = (await searchTrail(again.connection, { query: { act: 'secret.put', limit: 1 } })).value
    // The same value: the old one was opened under the new key to find that out.
    assert.match(items[0]!.detail!, /"rotated":false/)
    assert.equal((await searchTrail(again.connection, { query: { act: 'envelope.rotate' } })).value.items.length, 1)
    await again.stop()
    writeFileSync(path('third/data/envelope.key'), old)
    await assert.rejects(start('third'), /this store was sealed with envelope key/)
  })

  it('every command has its help, and wrong usage is 2', async () => {
    for (const words of [['backup'], ['restore'], ['secrets'], ['trail']]) {
      const helped = await gatehouse(...words, '--help')
      assert.equal(helped.code, 0)
      assert.match(helped.out, /^gatehouse /)
      assert.match(helped.out, /Exit: 0/)
    }
    for (const words of [['backup'], ['restore'], ['restore', 'x'], ['secrets'], ['secrets', 'turn'], ['trail', 'turn'], ['backup', '--wrong']])
      assert.equal((await gatehouse(...words)).code, 2, words.join(' '))
  })
})
