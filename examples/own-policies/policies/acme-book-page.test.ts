// What acme-book-page guarantees.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PolicyTest } from 'gatehouse/policy/testing'
import policy from './acme-book-page.ts'

const config = { books: 'http://books.example', stock: 'http://stock.example' }
const book = { id: 'b1', title: 'Persuasion', cost: 4, supplier: 'secret' }
const page = (fetched: ConstructorParameters<typeof PolicyTest>[2] & {}) => new PolicyTest(policy, config, fetched).send({ path: '/pages/b1' })

test('a page holds what a page holds, and nothing else that a service says', async () => {
  const { body } = await page({ fetched: { 'http://books.example/b1': { body: book }, 'http://stock.example/b1': { body: { inStock: 3, shelf: 'A' } } } })
  assert.deepEqual(body, { id: 'b1', title: 'Persuasion', inStock: 3 })
})

test('a service that answers something else than JSON is one that did not answer', async () => {
  const answers = [{ body: '<html>' }, { body: '[1]' }, { body: 'null' }, { status: 500, body: { inStock: 3 } }]
  for (const answer of answers) {
    const { status, body } = await page({ fetched: { 'http://books.example/b1': { body: book }, 'http://stock.example/b1': answer } })
    assert.deepEqual([status, (body as { inStock: unknown }).inStock], [200, null])
    assert.equal((await page({ fetched: { 'http://books.example/b1': answer, 'http://stock.example/b1': { body: { inStock: 3 } } } })).status, 503)
  }
})

test('nothing is asked for that the caller chose beyond an id', async () => {
  const test = new PolicyTest(policy, config)
  for (const path of ['/pages/../admin', '/pages/b1%3fx=1', '/pages/b1%2f..%2fadmin', '/pages/', '/pages/b1/', '/pages/B1'])
    assert.equal((await test.send({ path })).code, 'acme-book-page.unknown', path)
})
