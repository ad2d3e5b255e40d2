// What the scenarios of the directory have in common: consumers and keys of the store, and a file with plans.
import { sourcesOf } from '../../../src/catalog/revisions/conformance/fixtures.ts'
import { createConsumer } from '../../../src/directory/consumers.ts'
import { createKey, type MadeKey } from '../../../src/directory/keys.ts'
import { isRefused, type StoredConsumer } from '../../../src/directory/records.ts'
import { FILE, type World } from '../world.ts'

export const ANY = { 'if-match': '*' }
/** The key that the changed file holds. */
export const FILED_DIGEST = '5'.repeat(64)
export const FILED_KEY = `key_${FILED_DIGEST.slice(0, 12)}`

/** The request, once the world is prepared. */
export async function after<T>(prepared: Promise<unknown>, asked: T): Promise<T> {
  await prepared
  return asked
}

const act = ({ plane }: World) => ({ by: 'system', nowMs: plane.nowMs() })

/** A consumer of the store that may call apples. */
export async function acme(world: World, fields: Partial<StoredConsumer> = {}): Promise<StoredConsumer> {
  const given = { title: 'Acme', subscriptions: { apples: { state: 'active' } }, ...fields } as const
  const made = await world.store.write((writing) => createConsumer(writing, act(world), world.directory.file, 'acme', given))
  if (isRefused(made)) throw new Error(made.says)
  return made
}
export async function keyOf(world: World, consumer = 'filed', count = 1): Promise<MadeKey> {
  const made = await world.store.write(async (writing) => {
    let last: Awaited<ReturnType<typeof createKey>> | undefined
    for (let i = 0; i < count; i++) last = await createKey(writing, { digests: world.directory.digests }, act(world), world.directory.file, consumer)
    return last!
  })
  if (isRefused(made)) throw new Error(made.says)
  return made as MadeKey
}

/** The file is edited: an API on plans without a default, and a key. */
export function edited(world: World, more: object = {}): Promise<void> {
  const limits = [{ limit: 10, window: '1m' }]
  const cherries = { path: '/cherries', upstream: 'http://cherries.example', policies: { 'api-key': { header: 'X-API-Key' } }, plans: ['gold', 'silver'] }
  const file = {
    ...FILE,
    plans: { gold: { limits }, silver: { limits }, tin: { limits } },
    apis: { ...FILE.apis, cherries },
    consumers: { filed: { apis: ['apples'], keys: [{ hash: `sha256:${FILED_DIGEST}` }] } },
    ...more,
  }
  return world.catalog.fileChanged(sourcesOf(JSON.stringify(file)))
}
