// Requests that are sent again with the same idempotency key: nothing is done twice, and what is remembered of them tells nobody what was in them.
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { canonicalJson } from '../../src/base/canonical-json.ts'
import { tag } from '../../src/people/secret-text.ts'
import { inWorld } from './world.ts'

inWorld('a back-up that is asked for twice is taken once: nothing is done aside for a repetition', async (made) => {
  const take = () => made.as('owner', 'POST', '/backups', { headers: { 'idempotency-key': 'nightly' } })
  const [first, again] = [await take(), await take()]
  assert.deepEqual([first.status, again.status, again.body, again.headers['idempotency-replayed']], [201, 201, first.body, 'true'])
  assert.equal(((await made.as('owner', 'GET', '/backups')).json!['items'] as unknown[]).length, 1)
})

inWorld('what is remembered of a request cannot be tried out without the key', async (made) => {
  const body = { message: 'hunter2' }
  assert.equal((await made.as('owner', 'POST', '/drafts', { headers: { 'idempotency-key': 'k' }, body })).status, 201)
  const [record] = await made.store.read((reading) => reading.scan<{ content: string }>({ name: 'idempotency' }, { limit: 10 }))
  const content = canonicalJson({ parameters: undefined, query: undefined, body })
  assert.equal(record!.value.content, tag(made.plane.repetitionKey, 'idempotent content', content))
  for (const encoding of ['hex', 'base64', 'base64url'] as const) assert.notEqual(record!.value.content, hash('sha256', content, encoding))
})
