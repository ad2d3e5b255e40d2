// The nearest known name is proposed when one is near, and nothing is proposed when none is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearestName, suggestion } from './fault.ts'

const NAMES = ['ip-filter', 'cors', 'rate-limit', 'request-size', 'api-key']

test('a slip of the finger finds the name that was meant', () => {
  for (const [written, meant] of [
    ['api-kye', 'api-key'],
    ['apikey', 'api-key'],
    ['API-KEY', 'api-key'],
    ['rate-limits', 'rate-limit'],
    ['ratelimit', 'rate-limit'],
    ['ip-fliter', 'ip-filter'],
    ['crs', 'cors'],
  ] as const) {
    assert.equal(nearestName(written, NAMES), meant, written)
  }
})

test('a name that is far from all is met with silence, or with the list when it is short', () => {
  assert.equal(nearestName('waf', NAMES), undefined)
  assert.equal(suggestion('waf', NAMES), `; known here: ${NAMES.join(', ')}`)
  assert.equal(
    suggestion(
      'waf',
      Array.from({ length: 13 }, (_, i) => `operation-${i}`),
    ),
    '',
  )
  assert.equal(suggestion('waf', []), '')
})

test('names of any length are compared in bounded time', () => {
  assert.equal(nearestName('a'.repeat(1e6), NAMES), undefined)
  assert.equal(nearestName('', NAMES), undefined)
})
