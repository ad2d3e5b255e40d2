// Reach: how far each permission of an operator goes, and that it ends at the teams and the APIs that are named.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Operator, reachesApi, reachOf } from './operator.ts'
import type { Permission } from './permissions.ts'

const holder: Operator = {
  actor: { kind: 'person', id: 'person_1' },
  permissions: new Map<Permission, 'all' | 'own'>([
    ['apis:read', 'all'],
    ['apis:write', 'own'],
  ]),
  ownTeams: ['books'],
  recentAuth: false,
}
const limited: Operator = { ...holder, apis: ['shop'] }

test("a permission reaches all APIs or those of one's own teams, and a token made for some APIs no other", () => {
  const cases = [
    [holder, 'apis:read', 'pay', 'pay', true],
    [holder, 'apis:write', 'shop', 'books', true],
    [holder, 'apis:write', 'pay', 'pay', false],
    [holder, 'apis:write', 'old', undefined, false],
    [holder, 'keys:read', 'shop', 'books', false],
    [limited, 'apis:read', 'shop', 'books', true],
    [limited, 'apis:read', 'pay', 'pay', false],
    [limited, 'apis:write', 'shop', 'books', true],
    [limited, 'apis:write', 'shop', 'pay', false],
  ] as const
  for (const [who, permission, api, owner, wanted] of cases) assert.equal(reachesApi(who, permission, api, owner), wanted, `${permission} ${api}`)
  assert.equal(cases.length, 9)
})

test('what belongs to no API is within reach of who reaches all, and never of a token made for some APIs', () => {
  assert.deepEqual([reachOf(holder, 'apis:read'), reachOf(holder, 'apis:write'), reachOf(holder, 'keys:read')], ['all', 'own', undefined])
  assert.deepEqual([reachOf(limited, 'apis:read'), reachOf(limited, 'apis:write')], ['own', 'own'])
})
