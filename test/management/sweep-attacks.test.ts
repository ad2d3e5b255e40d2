// What one would try at every operation alike: names that are no names, members that nobody declared, cursors by hand.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { operations } from '../../src/management/operations/index.ts'
import { cursorOf } from '../../src/management/pages.ts'
import { scenarios } from './scenarios/index.ts'
import { type Asker, withWorld } from './world.ts'

const askerOf = (operation: string): Asker => {
  const all = scenarios[operation]!.may.split(' ')
  return (all.includes('owner') ? 'owner' : all[0]) as Asker
}

/** No name, id or number of anything is one of these. */
const NAMES = [
  '..%2f..%2fetc%2fpasswd',
  '%00',
  '__proto__',
  "x'%20OR%20'1'='1",
  '%ff',
  '%F0%9F%98%80',
  'a'.repeat(3000),
  '%0d%0aX-Evil:%201',
  '-1',
  '$%7B7*7%7D',
]

describe('in the path', () => {
  const named = operations.filter(({ path }) => path.includes('{'))
  test('a name that is none is refused by every operation that takes one, for each of its names', () =>
    withWorld(async (made) => {
      let tried = 0
      for (const { name, method, path } of named)
        for (const parameter of path.match(/\{[^}]+\}/g)!)
          for (const evil of NAMES) {
            const at = path.replace(parameter, evil).replaceAll(/\{[^}]+\}/g, 'x')
            const told = await made.as(askerOf(name), method, at, { headers: { 'if-match': '*' }, ...(method !== 'GET' && { body: {} }) })
            assert.ok([400, 404, 415].includes(told.status), `${name} ${at.slice(0, 80)}: ${told.short} ${told.body.slice(0, 200)}`)
            assert.equal(told.headers['x-evil'], undefined)
            tried++
          }
      assert.ok(tried >= 10 * named.length && named.length > 50, `${tried} at ${named.length}`)
    }))
})

describe('in the body (mass assignment)', () => {
  const written = operations.filter(({ body, bodyMedia }) => body !== undefined && bodyMedia === undefined)
  for (const { name, method } of written)
    test(`${name} takes no member that it does not declare`, () =>
      withWorld(async (made) => {
        const asker = askerOf(name)
        const { path, body = {}, headers } = await scenarios[name]!.good(made, asker)
        const text = JSON.stringify(body)
        const [, rest] = /^\{(.*)\}$/s.exec(text)!
        for (const more of [
          '"isAdmin":true',
          '"__proto__":{"isAdmin":true}',
          '"constructor":{}',
          '"id":"person_owner00000000000000"',
          '"permissions ":["*"]',
        ]) {
          const told = await made.as(asker, method, path, { headers: headers ?? {}, body: `{${more}${rest === '' ? '' : ','}${rest}}` })
          assert.equal(told.short, '400 management.invalid', `${more}: ${told.body.slice(0, 300)}`)
        }
        assert.equal((await made.as(asker, method, path, { headers: headers ?? {}, body: text })).status < 300, true, 'without them it is done')
      }))
  test('all operations with a body were tried', () => assert.ok(written.length >= 45, `${written.length}`))
})

describe('in the cursor', () => {
  const listing = operations.filter(({ method, query }) => method === 'GET' && query !== undefined)
  const KEYS = ['!', '0', 'a', 'person_', 'person_bob', 'console/api/', 'file/', 'draft_', 'berries/', 'blues/', 'key_', '~', '!/!', 'zzz']
  for (const { name, method } of listing)
    test(`${name} tells by no cursor what it does not tell without one`, async () => {
      for (const asker of ['ada', 'viewer', 'owner'] as const)
        await withWorld(async (made) => {
          const { path, ...sent } = await scenarios[name]!.good(made, asker)
          const mark = path.includes('?') ? '&' : '?'
          const items = async (cursor?: string): Promise<readonly string[]> => {
            const { json } = await made.as(asker, method, `${path}${mark}limit=200${cursor ? `&cursor=${cursor}` : ''}`, sent)
            return Array.isArray(json?.['items']) ? (json['items'] as unknown[]).map((each) => JSON.stringify(each)) : []
          }
          const all = await items()
          for (const key of KEYS) for (const item of await items(cursorOf(key))) assert.ok(all.includes(item), `${asker} at ${key}: ${item}`)
        })
    })
  test('all listings were tried', () => assert.ok(listing.length >= 15, `${listing.length}`))
})
