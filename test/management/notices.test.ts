// Webhooks are told of every act that the trail is told of: for each operation, what it leaves in the trail is what waits for a webhook that asks for all.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../../src/management/operations/index.ts'
import { contextOf, waitingMessages } from '../../src/outbox/outbox.ts'
import { everyEntry } from '../../src/ports/store.ts'
import type { WebhookContent } from '../../src/ports/webhook.ts'
import { ENTRIES } from '../../src/trail/records.ts'
import { scenarios } from './scenarios/index.ts'
import { FILE, type World, world } from './world.ts'

const SIEM = 'siem'
const file = { ...FILE, settings: { webhooks: { [SIEM]: { url: 'https://siem.example/hook', secret: { secret: SIEM }, events: ['*'] } } } }

async function acts({ store }: World): Promise<string[]> {
  const entries = await store.read((reading) => Array.fromAsync(everyEntry(reading, ENTRIES)))
  return entries.flatMap(({ value: { entry } }) => (entry.outcome === 'done' ? [entry.act] : [])).sort()
}
async function told({ store, plane: { services } }: World): Promise<string[]> {
  const prefix = `webhook:${SIEM}~`
  const waiting = await store.read((reading) => Array.fromAsync(everyEntry(reading, waitingMessages, prefix)))
  return waiting
    .map(({ value }) => JSON.parse(Buffer.from(services.envelope.open(value.sealed, contextOf(value.id))).toString()) as WebhookContent)
    .map(({ body }) => (JSON.parse(body) as { type: string }).type)
    .sort()
}

test('each operation leaves in the outbox what it leaves in the trail', async () => {
  let counted = 0
  for (const operation of operations) {
    const scenario = scenarios[operation.name]!
    const [asker] = scenario.may.replace('admin token', 'admin').split(' ')
    const made = await world({ file })
    try {
      const { path, ...sent } = await scenario.good(made, (asker || 'owner') as never)
      await made.as((asker || 'owner') as never, operation.method, path, sent)
      // What a scenario put there by itself, of an account or of a dead letter, is no act.
      const [left, heard] = [await acts(made), await told(made)]
      const missing = left.filter((act) => !heard.includes(act))
      assert.deepEqual(missing, [], `${operation.name}: in the trail and not told`)
      assert.equal(left.length, heard.filter((type) => left.includes(type)).length, `${operation.name}: ${left} is told as ${heard}`)
      if (operation.act !== undefined && left.includes(operation.act)) counted++
    } finally {
      await made.close()
    }
  }
  assert.ok(counted > 60, `${counted} operations with an act of their own were looked at`)
})
