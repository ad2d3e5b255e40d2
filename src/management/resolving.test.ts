// Who only asks takes turns: the same question is answered once, different ones one by one, and too many are refused.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CatalogPublishing } from '../catalog/revisions/catalog-publishing.ts'
import type { Operator } from '../model/operator.ts'
import { Resolving, WAITING_MAX, WAITING_OF_OPERATOR } from './resolving.ts'

const operator = (id: string): Operator => ({ actor: { kind: 'person', id }, permissions: new Map(), ownTeams: [], recentAuth: false })
function house() {
  const made = { nowMs: 1000, catalog: { configuration: {} as CatalogPublishing['configuration'] }, asked: [] as string[], running: 0, most: 0 }
  const resolving = new Resolving(made.catalog, () => made.nowMs)
  const ask = (who: string, key: string, isLarge?: true) =>
    resolving.ask(operator(who), {
      key,
      ...(isLarge && { isLarge }),
      async answer() {
        made.asked.push(key)
        made.most = Math.max(made.most, ++made.running)
        await new Promise((resolve) => setImmediate(resolve))
        made.running--
        if (key === 'broken') throw new Error('it broke')
        return { key }
      },
    })
  return { ...made, made, ask }
}

test('a hundred who ask the same at once are answered once, and whoever comes a little later too', async () => {
  const { made, ask } = house()
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(`person${i}`, 'a')))
  for (const answer of answers) assert.deepEqual(answer, { key: 'a' })
  await ask('late', 'a')
  assert.deepEqual(made.asked, ['a'])
  made.nowMs += 10_000
  await ask('later', 'a')
  assert.deepEqual(made.asked, ['a', 'a'], 'time alone can make it another answer')
  made.catalog.configuration = {} as CatalogPublishing['configuration']
  await ask('later', 'a')
  assert.equal(made.asked.length, 3, 'another configuration is another answer')
})

test('different questions are answered one at a time; one operator waits with few, and all together with a bound', async () => {
  const { made, ask } = house()
  const refusedOf = (answers: readonly object[]): number => answers.filter((answer) => 'refused' in answer && answer.refused === 'rate-limited').length
  const own = await Promise.all(Array.from({ length: 20 }, (_, i) => ask('one', `own${i}`)))
  assert.equal(refusedOf(own), 20 - WAITING_OF_OPERATOR)
  const all = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`person${i}`, `all${i}`)))
  assert.equal(refusedOf(all), 20 - WAITING_MAX)
  assert.equal(made.asked.length, WAITING_OF_OPERATOR + WAITING_MAX)
  assert.equal(made.most, 1)
  assert.deepEqual(await ask('one', 'again'), { key: 'again' }, 'what is done counts no more')
})

test('what breaks is told to who waits, and is neither kept nor in the way of the next', async () => {
  const { made, ask } = house()
  const [one, two, other] = await Promise.allSettled([ask('a', 'broken'), ask('b', 'broken'), ask('c', 'whole')])
  assert.deepEqual([one.status, two.status, other.status], ['rejected', 'rejected', 'fulfilled'])
  await assert.rejects(() => ask('a', 'broken'), /it broke/)
  assert.deepEqual(made.asked, ['broken', 'whole', 'broken'])
})

test('what is large is shared, and not kept', async () => {
  const { made, ask } = house()
  await Promise.all([ask('a', 'large', true), ask('b', 'large', true)])
  assert.deepEqual(made.asked, ['large'])
  await ask('a', 'large', true)
  assert.deepEqual(made.asked, ['large', 'large'])
})
