// The directory over the management API: file and store side by side, secrets that are told once, and reports that tell nobody anything.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { mintKey } from '../../src/base/keys.ts'
import { recordCalls } from '../../src/directory/usage-book.ts'
import { waitingMessages } from '../../src/outbox/outbox.ts'
import { acme, edited, FILED_KEY, keyOf } from './scenarios/directory-house.ts'
import { type World, world } from './world.ts'

type Items = { items: Record<string, unknown>[]; next?: string }

describe('the directory', () => {
  let made: World
  beforeEach(async () => void (made = await world()))
  afterEach(async () => {
    assert.deepEqual(made.reports, [])
    await made.close()
  })
  const as = (method: string, path: string, body?: object, headers = {}) => made.as('owner', method, path, { headers, ...(body && { body }) })
  async function all(path: string, limit: number): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = []
    let next: string | undefined
    do {
      const { json, status } = await as('GET', `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${next ? `&cursor=${next}` : ''}`)
      assert.equal(status, 200)
      found.push(...(json as Items).items)
      next = (json as Items).next
    } while (next !== undefined)
    return found
  }

  test('consumers of files stand among those of the store, once each, whatever the size of a page', async () => {
    for (const name of ['alpha', 'beta', 'gamma', 'zeta']) assert.equal((await as('POST', '/consumers', { name })).status, 201)
    for (const limit of [1, 2, 3, 50]) {
      const found = (await all('/consumers', limit)).map(({ name, owner }) => `${name} ${owner}`)
      assert.deepEqual(found, ['alpha store', 'beta store', 'filed file', 'gamma store', 'zeta store'])
    }
  })

  test('keys of files stand among those of the store, once each, and no answer holds what leads to a secret', async () => {
    await edited(made)
    const secrets = [await keyOf(made), await keyOf(made), await keyOf(made)]
    const ids = [FILED_KEY, ...secrets.map(({ key }) => key.id)].sort()
    for (const limit of [1, 2, 50])
      assert.deepEqual(
        (await all('/consumers/filed/keys', limit)).map(({ id }) => id),
        ids,
      )
    const { body } = await as('GET', '/consumers/filed/keys')
    for (const { secret, key } of secrets) for (const hidden of [secret, key.tag, key.sealed]) assert.ok(!body.includes(hidden))
    assert.ok(!body.includes('5'.repeat(64)))
  })

  test('a change that names another state than the present one is refused, and one that was made is seen in the tag', async () => {
    await acme(made)
    const etag = (await as('GET', '/consumers/acme')).headers['etag'] as string
    const changed = await as('PUT', '/consumers/acme', { title: 'One' }, { 'if-match': etag })
    assert.equal(changed.status, 200)
    assert.equal((await as('PUT', '/consumers/acme', { title: 'Two' }, { 'if-match': etag })).short, '412 management.stale')
    assert.equal((await as('PUT', '/consumers/acme', { title: 'Two' }, { 'if-match': changed.headers['etag'] as string })).status, 200)
  })

  test('a subscription to an API that is gone does not stand in the way of other changes, and cannot be made anew', async () => {
    await edited(made)
    await acme(made, { subscriptions: { cherries: { plan: 'gold', state: 'active' } } })
    await edited(made, { apis: { apples: { path: '/apples', upstream: 'http://apples.example', public: true } } })
    const body = { title: 'Other', subscriptions: [{ api: 'cherries', plan: 'gold' }] }
    assert.equal((await as('PUT', '/consumers/acme', body, { 'if-match': '*' })).status, 200)
    const again = await as('PUT', '/consumers/acme/subscriptions/cherries', { plan: 'silver' }, { 'if-match': '*' })
    assert.equal(again.short, '422 consumers.unknown-api')
  })

  test('a report of what nobody holds leaves nothing behind; one of a key ends it and is told once', async () => {
    const { secret, key } = await keyOf(made, (await acme(made, { team: 'reds' })).name)
    const contacts = [
      { kind: 'mail', to: 'reds@example.org' },
      { kind: 'webhook', to: 'https://reds.example/hook' },
    ]
    assert.equal((await as('PUT', '/teams/reds', { contacts }, { 'if-match': '*' })).status, 200)
    const looked = () => made.store.read(async (reading) => (await reading.scan(waitingMessages, { limit: 100 })).length)
    const report = (text: string) => made.as('stranger', 'POST', '/leaked-keys', { body: { key: text } })
    const sequence = async () => (await made.store.changes(0)).sequence
    const before = await sequence()
    for (const text of [mintKey(), 'x', secret.slice(0, -1), `${secret}a`]) assert.deepEqual([(await report(text)).status, await sequence()], [202, before])
    assert.equal((await report(secret)).status, 202)
    assert.equal(await looked(), 2)
    const after = await sequence()
    assert.equal((await report(secret)).status, 202)
    assert.deepEqual([await looked(), await sequence()], [2, after])
    const shown = (await as('GET', `/keys/${key.id}`)).json as Record<string, unknown>
    assert.ok(shown['revoked'])
    assert.match(String(shown['revokedFor']), /leaked/)
  })

  test('who calls an API is told with its versions; who owns it owns them', async () => {
    const lastMs = made.plane.nowMs()
    const apis = ['apples', 'apples@v1', 'apples@v2', 'applesauce', 'berries@v1']
    await made.store.write((w) => recordCalls(w, [...apis.map((api) => ({ api, consumer: 'filed', count: 4, lastMs }))], 86_400_000))
    const told = async (path: string) => ((await made.as('ada', 'GET', path)).json as Items).items.map(({ api, calls }) => `${api} ${calls}`)
    assert.deepEqual(await told('/apis/apples/callers'), ['apples 4', 'apples@v1 4', 'apples@v2 4'])
    assert.deepEqual(await told('/apis/apples@v2/callers'), ['apples@v2 4'])
    assert.deepEqual(await told('/usage'), ['apples 4', 'apples@v1 4', 'apples@v2 4'])
    assert.deepEqual(await told(`/usage?since=${encodeURIComponent(new Date(lastMs + 1).toISOString())}`), [])
    assert.equal((await made.as('ada', 'GET', '/apis/berries@v1/callers')).short, '404 management.unknown')
    assert.equal((await made.as('owner', 'GET', '/apis/applesauce/callers')).short, '404 management.unknown')
  })
})
