// The world that the tests of operations stand in is as it says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PEOPLE, world } from './world.ts'

test('each person is known by their session, and a key can be made', async () => {
  const made = await world()
  for (const asker of [...(Object.keys(PEOPLE) as (keyof typeof PEOPLE)[]), 'admin', 'token', 'stranger'] as const) {
    const { status } = await made.as(asker, 'POST', '/consumers/filed/keys', { body: { label: 'x' } })
    const expected = { owner: 201, administrator: 201, admin: 201, token: 201, stranger: 401 } as Record<string, number>
    assert.equal(status, expected[asker] ?? 403, asker)
  }
  assert.deepEqual(made.reports, [])
  await made.close()
})
