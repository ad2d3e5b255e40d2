// Kinds are a table: what holds for one level of names holds for two.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameAt, writtenPath } from './fault-place.ts'
import { configurationOf, isNameOf, KINDS, objectAt, objectsOf } from './kinds.ts'

const VERSION = KINDS.find(({ kind }) => kind === 'version')!

test('objects of two levels are named api@version, and go back to where they stood', () => {
  const configuration = { versions: { shop: { v1: { a: 1 }, v2: {} }, books: { v1: {} } }, apis: { shop: {} } }
  const objects = objectsOf(configuration)
  assert.deepEqual(
    objects.map(({ kind, name }) => `${kind}/${name}`),
    ['api/shop', 'version/shop@v1', 'version/shop@v2', 'version/books@v1'],
  )
  assert.deepEqual(configurationOf(objects), configuration)
})

test('a place is named by its object and the way inside of it', () => {
  assert.deepEqual(objectAt(['versions', 'shop', 'v1', 'openapi']), { key: 'version/shop@v1', rest: ['openapi'] })
  assert.equal(objectAt(['versions', 'shop']), undefined)
  assert.equal(objectAt(['gateway', 'listen']), undefined)
  const places: [path: (string | number)[], place: string][] = [
    [['apis', 'shop', 'policies', 'rate-limit', 'limit'], 'console:api/shop:policies.rate-limit.limit'],
    [['apis', 'shop', 'hosts', 0], 'console:api/shop:hosts[0]'],
    [['apis', 'shop', 'operations', 'GET /a', 'public'], 'console:api/shop:operations["GET /a"].public'],
    [['apis', 'shop'], 'console:api/shop:'],
    [['apis'], 'console:apis'],
    [[], 'console:'],
  ]
  for (const [path, place] of places) assert.equal(nameAt(path), place)
  assert.equal(writtenPath(['a.b', 'c']), '["a.b"].c')
})

test('a name that would lead elsewhere is no name', () => {
  const [api] = KINDS
  for (const name of ['a', 'a-b.c_d', 'A1']) assert.ok(isNameOf(api!, name), name)
  for (const name of ['', 'a/b', 'a@b', '..', '__proto__', 'constructor', 'prototype', 'a'.repeat(65), 'a b', 'a\u0000', '-a'])
    assert.ok(!isNameOf(api!, name), name)
  assert.ok(isNameOf(VERSION, 'shop@v1'))
  for (const name of ['shop', 'shop@', '@v1', 'a@b@c', 'shop@constructor']) assert.ok(!isNameOf(VERSION, name), name)
})

test('a patch says when it ends and what it protects, as far as it is one', () => {
  const patch = KINDS.find(({ kind }) => kind === 'patch')!
  const ends: [value: unknown, endsMs: number | undefined][] = [
    [{ expires: '2026-11-24' }, Date.UTC(2026, 10, 24)],
    [{ expires: '2026-11-24T01:00:00+01:00' }, Date.UTC(2026, 10, 24)],
    [{ expires: '2026-02-30' }, undefined],
    [{ expires: 5 }, undefined],
    [{}, undefined],
    ['2026-11-24', undefined],
    [null, undefined],
  ]
  for (const [value, endsMs] of ends) assert.equal(patch.endsMs!(value), endsMs, JSON.stringify(value))
  assert.deepEqual(patch.guards!('p', { api: 'shop' }), ['shop'])
  assert.deepEqual(patch.guards!('p', { api: 'shop', version: 'v1' }), ['shop@v1'])
  assert.deepEqual(patch.guards!('p', { api: ['shop'] }), [])
})
