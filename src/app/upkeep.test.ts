// Upkeep: checkpoints reach the places that remember them, failures are told once, and a node whose envelope key was rotated away seals nothing more.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MemoryStore } from '../adapters/memory/store.ts'
import { commit } from '../catalog/revisions/commit.ts'
import { listRevisions } from '../catalog/revisions/history.ts'
import { recordNode } from '../catalog/revisions/nodes.ts'
import { readHead, readState } from '../catalog/revisions/state.ts'
import { IdempotentUse } from '../management/idempotency.ts'
import { EgressFailed } from '../ports/egress.ts'
import { everyEntry, StoreUnavailable } from '../ports/store.ts'
import { KeyedEnvelope } from '../secrets/envelope.ts'
import { newEnvelopeKey } from '../secrets/envelope-key.ts'
import { checkUnder, keyChecks, ONLY } from '../secrets/key-records.ts'
import { rotateEnvelope } from '../secrets/rotation.ts'
import { parseCheckpoints } from '../trail/checkpoint.ts'
import { ENTRIES } from '../trail/records.ts'
import { Trail } from '../trail/trail.ts'
import { SEALED_COLLECTIONS } from './sealed-collections.ts'
import { Upkeep } from './upkeep.ts'

const EVENT = { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' } as const

test('checkpoints are brought to file and webhook; what stays out of reach is told once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upkeep-'))
  const [store, envelope, lines] = [new MemoryStore(), new KeyedEnvelope(newEnvelopeKey()), [] as string[]]
  await store.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(envelope)))
  const trail = new Trail(envelope, async () => {})
  const checkpoints = { every: 3_600_000, file: 'checkpoints', webhook: 'https://hooks.example' }
  const upkeep = new Upkeep({
    ...{ store, trail, envelope, nowMs: () => 1, warn: (line) => void lines.push(line), file: join(folder, 'gatehouse.yaml') },
    egress: { fetch: () => Promise.reject(new EgressFailed('connection refused')) },
    announce: async () => {},
    settings: () => ({ checkpoints }) as never,
  })
  try {
    for (let i = 0; i < 3; i++) {
      await store.write((writing) => trail.append(writing, EVENT, 1))
      await upkeep.checkpoint()
    }
    assert.deepEqual(
      parseCheckpoints(readFileSync(join(folder, 'checkpoints'), 'utf8'))?.map(({ size }) => size),
      [2, 3, 4],
    )
    assert.deepEqual(lines, ['the checkpoint of the trail did not reach its webhook, failed: connection refused'])
  } finally {
    await upkeep.close()
    rmSync(folder, { recursive: true })
  }
})

test('what is remembered of requests with an idempotency key is forgotten after a day, whether or not another comes', async () => {
  const [store, envelope, actor] = [new MemoryStore(), new KeyedEnvelope(newEnvelopeKey()), { kind: 'person', id: 'person_ada' } as const]
  let nowMs = 1
  const upkeep = new Upkeep({
    ...{ store, trail: new Trail(envelope, async () => {}), envelope, nowMs: () => nowMs, warn: () => {}, file: '/nowhere/gatehouse.yaml' },
    egress: { fetch: () => Promise.reject(new EgressFailed('none')) },
    announce: async () => {},
    settings: () => ({ checkpoints: { every: 3_600_000 } }) as never,
  })
  const kept = () => store.read(async (reading) => (await reading.scan({ name: 'idempotency' }, { limit: 100 })).length)
  try {
    for (let i = 0; i < 20; i++)
      await store.write((writing) => new IdempotentUse(new Uint8Array(32), actor, 'createConsumer', `key ${i}`, i).keep(writing, nowMs, undefined))
    nowMs += 24 * 3_600_000
    await upkeep.forget()
    assert.equal(await kept(), 20)
    nowMs += 1
    await upkeep.forget()
    assert.equal(await kept(), 0)
  } finally {
    await upkeep.close()
  }
})

test('when another node rotates the envelope key, this one says so and seals nothing more', async () => {
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const [store, here, elsewhere] = [new MemoryStore(), new KeyedEnvelope(from), new KeyedEnvelope(from)]
  await store.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(here)))
  const trail = new Trail(here, async () => {})
  await store.write((writing) => trail.append(writing, EVENT, 1))
  let said: (line: string) => void = () => {}
  const heard = new Promise<string>((resolve) => (said = resolve))
  const upkeep = new Upkeep({
    ...{ store, trail, envelope: here, nowMs: () => 1, warn: (line) => said(line), file: '/nowhere/gatehouse.yaml' },
    egress: { fetch: () => Promise.reject(new EgressFailed('none')) },
    announce: async () => {},
    settings: () => ({ checkpoints: { every: 3_600_000 } }) as never,
  })
  try {
    const sealed = here.seal(Buffer.from('before'), 'a')
    const outcome = await rotateEnvelope({ store, envelope: elsewhere, to, collections: SEALED_COLLECTIONS, nowMs: 2 })
    assert.ok(!('refused' in outcome))
    assert.match(await heard, new RegExp(`${from.id} was rotated by another node`))
    assert.throws(() => here.seal(Buffer.from('after'), 'a'), StoreUnavailable)
    assert.equal(Buffer.from(here.open(sealed, 'a')).toString(), 'before')
    await assert.rejects(store.write((writing) => trail.append(writing, EVENT, 3)))
  } finally {
    await upkeep.close()
  }
})

test('the node whose clock is behind tells of the other one, once', async () => {
  const [store, envelope, lines] = [new MemoryStore(), new KeyedEnvelope(newEnvelopeKey()), [] as string[]]
  await store.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(envelope)))
  const upkeep = new Upkeep({
    ...{
      store,
      envelope,
      trail: new Trail(envelope, async () => {}),
      nowMs: () => 100_000,
      warn: (line) => void lines.push(line),
      file: '/nowhere/gatehouse.yaml',
    },
    egress: { fetch: () => Promise.reject(new EgressFailed('none')) },
    announce: async () => {},
    settings: () => ({ checkpoints: { every: 3_600_000 } }) as never,
  })
  for (const [id, atMs] of [
    ['node_same', 101_000],
    ['node_behind', 60_000],
    ['node_ahead', 130_400],
  ] as const)
    await store.write((writing) => recordNode(writing, { id, startedMs: 1, atMs, revision: 1, fileDigest: '' }))
  await upkeep.compareClocks()
  await upkeep.compareClocks()
  await upkeep.close()
  assert.deepEqual(lines, ['the clock of node_ahead is at least 30 s ahead of the clock here: let both be set by NTP'])
})

test('old revisions are pruned as the setting says, and the trail says which and why; without it all are kept', async () => {
  const [store, envelope] = [new MemoryStore(), new KeyedEnvelope(newEnvelopeKey())]
  await store.write(async (writing) => writing.put(keyChecks, ONLY, checkUnder(envelope)))
  const trail = new Trail(envelope, async () => {})
  const day = 86_400_000
  for (const [i, name] of ['a', 'b', 'c'].entries())
    await store.write(async (w) => {
      const changes = [{ kind: 'api', name, value: {} }]
      await commit(w, await readHead(w), await readState(w, 'console'), { owner: 'console', author: EVENT.actor, message: 'm', nowMs: i * day, changes })
    })
  let revisions: { readonly for: number; readonly newest: number } | undefined
  const upkeep = new Upkeep({
    ...{ store, trail, envelope, nowMs: () => 2 * day, warn: assert.fail, file: '/nowhere/gatehouse.yaml' },
    egress: { fetch: () => Promise.reject(new EgressFailed('none')) },
    announce: async () => {},
    settings: () => ({ retention: { revisions } }) as never,
  })
  const kept = async () => (await store.read((reading) => listRevisions(reading, 10))).map(({ number }) => number)
  try {
    await upkeep.prune()
    assert.deepEqual(await kept(), [3, 2, 1])
    revisions = { for: day, newest: 1 }
    await upkeep.prune()
    await upkeep.prune()
    assert.deepEqual(await kept(), [3, 2])
    const told = (await store.read((reading) => Array.fromAsync(everyEntry(reading, ENTRIES))))
      .map(({ value }) => value.entry)
      .filter(({ act }) => act === 'catalog.prune')
    assert.deepEqual(
      told.map(({ actor, outcome, object, detail }) => ({ actor, outcome, object, detail })),
      [{ actor: EVENT.actor, outcome: 'done', object: { kind: 'revision', name: '1' }, detail: { from: 1, through: 1, keptForMs: day, newest: 1 } }],
    )
  } finally {
    await upkeep.close()
  }
})
