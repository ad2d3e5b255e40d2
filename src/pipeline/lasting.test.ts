// What lets a stream go on: every policy that can tell, and of the identify policies those that `authenticate` asks for.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Exchange } from './exchange.ts'
import { Lasting, type LastingPolicy } from './lasting.ts'
import { Principal } from './slots.ts'

const yes = (): boolean => true
const no = (): boolean => false
const breaks = (): boolean => {
  throw new Error('broken')
}
const key = (still: LastingPolicy['still']): LastingPolicy => ({ policy: 'api-key', stage: 'identify', still, letsStrangersPass: false })
const certificate = (still: LastingPolicy['still']): LastingPolicy => ({ policy: 'client-certificate', stage: 'identify', still, letsStrangersPass: true })
const filter = (still: LastingPolicy['still']): LastingPolicy => ({ policy: 'ip-filter', stage: 'admit', still, letsStrangersPass: false })

describe('an exchange under way', () => {
  const cases: readonly (readonly [name: string, by: string | undefined, authenticate: 'any' | 'all', policies: readonly LastingPolicy[], holds: boolean])[] = [
    ['without policies goes on', undefined, 'any', [], true],
    ['goes on while all say yes', 'api-key', 'any', [filter(yes), key(yes)], true],
    ['ends when an address is denied', 'api-key', 'any', [filter(no), key(yes)], false],
    ['ends when its key is', 'api-key', 'any', [filter(yes), key(no)], false],
    ['goes on by a policy that cannot tell', 'api-key', 'any', [key(undefined), filter(undefined)], true],
    ['ends by a policy that breaks', 'api-key', 'any', [filter(breaks), key(yes)], false],
    ['ends by an identify policy that breaks', 'api-key', 'any', [key(breaks)], false],
    ['that nobody was known for ends once somebody must be', undefined, 'any', [key(no)], false],
    ['that nobody was known for ends before a policy that cannot tell', undefined, 'any', [key(undefined)], false],
    ['that nobody was known for goes on where strangers may pass', undefined, 'any', [certificate(yes)], true],
    ['that nobody was known for goes on where one of two lets strangers pass', undefined, 'any', [key(no), certificate(yes)], true],
    ['of all that nobody was known for ends where one of two does not', undefined, 'all', [key(no), certificate(yes)], false],
    ['of all that nobody was known for goes on where each does', undefined, 'all', [certificate(yes)], true],
    ['ends when its own policy is gone and another is there', 'api-key', 'any', [certificate(yes)], false],
    ['goes on by its own policy, whatever another would say', 'api-key', 'any', [certificate(no), key(yes)], true],
    ['does not go on by another policy than its own', 'api-key', 'any', [certificate(yes), key(no)], false],
    ['goes on by one of two of its kind', 'api-key', 'any', [key(no), key(yes)], true],
    ['of all goes on while each says yes', 'api-key', 'all', [certificate(yes), key(yes)], true],
    ['of all ends with one', 'api-key', 'all', [certificate(no), key(yes)], false],
    ['of all that nobody was known for ends before a policy that cannot tell', undefined, 'all', [certificate(yes), key(undefined)], false],
  ]
  for (const [name, by, authenticate, policies, holds] of cases) {
    test(name, () => {
      const x = new Exchange()
      if (by !== undefined) x.set(Principal, { consumer: 'acme', credential: 'key_1', by })
      assert.equal(new Lasting(policies, authenticate).holds(x, 0), holds)
    })
  }
})
