// A request reaches the API of its host and of the longest prefix that ends where a segment ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Router } from './router.ts'

function router(): Router<string> {
  const made = new Router<string>()
  made.add([], '', 'root')
  made.add([], '/shop', 'shop')
  made.add([], '/shop/admin', 'admin')
  made.add(['books.example'], '', 'books')
  made.add(['books.example', 'alt.example'], '/v2', 'books 2')
  return made
}

const table: [host: string, path: string, api: string][] = [
  ['x', '/', 'root'],
  ['x', '/shop', 'shop'],
  ['x', '/shop/', 'shop'],
  ['x', '/shop/a/b', 'shop'],
  ['x', '/shopping', 'root'],
  ['x', '/shop/admin', 'admin'],
  ['x', '/shop/admin/x', 'admin'],
  ['x', '/shop/administrator', 'shop'],
  ['x', '/SHOP', 'root'],
  ['books.example', '/anything', 'books'],
  ['books.example', '/v2/x', 'books 2'],
  ['books.example', '/v20', 'books'],
  ['alt.example', '/v2', 'books 2'],
  ['alt.example', '/shop', 'shop'],
]
for (const [host, path, api] of table)
  test(`${host}${path} belongs to ${api}`, () =>
    assert.equal(
      router().find(() => host, path),
      api,
    ))

test('nothing is found where no API is', () => {
  const made = new Router<string>()
  made.add([], '/only', 'only')
  assert.equal(
    made.find(() => 'x', '/'),
    undefined,
  )
  assert.equal(
    made.find(() => 'x', '/onlyy'),
    undefined,
  )
})
