// Webhooks hear of every act, whichever way its entry came into the trail, in the same transaction.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { contextOf, waitingMessages } from '../outbox/outbox.ts'
import type { WebhookContent } from '../ports/webhook.ts'
import { ActNotices, type Webhooks } from './act-notices.ts'

const NOW_MS = Date.UTC(2026, 10, 24)
const ALICE = { kind: 'person', id: 'person_alice' } as const
const BOB = { kind: 'person', id: 'person_bob' } as const
const asked = (...events: string[]): Webhooks => ({ siem: { url: 'https://hooks.example', secret: { secret: 'siem' }, events } })

function house(webhooks: Webhooks) {
  const [store, envelope, reports] = [new MemoryStore(), testEnvelope(), [] as string[]]
  const notices = new ActNotices(
    envelope,
    () => webhooks,
    (text) => void reports.push(text),
  )
  const told = async () => {
    const waiting = await store.read((reading) => reading.scan(waitingMessages, { limit: 100 }))
    const contents = waiting.map(({ value }) => JSON.parse(Buffer.from(envelope.open(value.sealed, contextOf(value.id))).toString()) as WebhookContent)
    return contents.map(({ body }) => JSON.parse(body) as { type: string; timestamp: string; data: Record<string, unknown> })
  }
  return { store, trail: notices.trail, reports, told }
}

test('the beginning, an act, an erasure and a rotation of the key are told, and what is rolled back is not', async () => {
  const { store, trail, told } = house(asked('*'))
  await store.write(async (writing) => {
    const index = await trail.append(writing, { act: 'key.create', actor: ALICE, outcome: 'done', personal: { name: 'Alice' }, detail: { n: 1 } }, NOW_MS)
    await trail.erase(writing, { fields: [{ index, name: 'name' }], requestedBy: ALICE, approvedBy: BOB, reason: 'request 7' }, NOW_MS)
    await trail.rotateKey(writing, ALICE, NOW_MS)
  })
  const lost = store.write(async (writing) => {
    await trail.append(writing, { act: 'key.revoke', actor: ALICE, outcome: 'done' }, NOW_MS)
    throw new Error('rolled back')
  })
  await assert.rejects(lost, /rolled back/)
  const messages = await told()
  assert.deepEqual(messages.map(({ type }) => type).sort(), ['key.create', 'trail.begin', 'trail.erase', 'trail.rotate-key'])
  const created = messages.find(({ type }) => type === 'key.create')!
  assert.deepEqual(created, { type: 'key.create', timestamp: '2026-11-24T00:00:00.000Z', data: { actor: ALICE, detail: { n: 1 } } })
  assert.ok(!JSON.stringify(messages).includes('Alice'), 'personal fields stay in the trail')
})

test('a webhook hears of what it asked for, and of nothing that was refused', async () => {
  for (const [events, heard] of [
    [['key.create'], 1],
    [['key.*'], 2],
    [['person.*', 'key'], 0],
  ] as const) {
    const { store, trail, told } = house(asked(...events))
    await store.write(async (writing) => {
      await trail.append(writing, { act: 'key.create', actor: ALICE, outcome: 'done' }, NOW_MS)
      await trail.append(writing, { act: 'key.revoke', actor: ALICE, outcome: 'done' }, NOW_MS)
      await trail.append(writing, { act: 'key.create', actor: ALICE, outcome: 'refused', code: 'keys.too-many' }, NOW_MS)
      await trail.append(writing, { act: 'keyring.create', actor: ALICE, outcome: 'done' }, NOW_MS)
    })
    assert.equal((await told()).length, heard, events.join())
  }
})

test('a detail that is too large for a message is told as the trail tells it: by its digest', async () => {
  const { store, trail, told, reports } = house(asked('*'))
  const event = { act: 'draft.put', actor: ALICE, outcome: 'done', detail: { text: 'x'.repeat(200_000) } } as const
  await store.write((writing) => trail.append(writing, event, NOW_MS))
  const { data } = (await told()).find(({ type }) => type === 'draft.put')!
  assert.match(JSON.stringify(data['detail']), /^\{"digest":"sha256:[0-9a-f]{64}","octets":200011\}$/)
  assert.deepEqual(reports, [])
})
