// Which versions of nghttp2 are taken for safe, and that the one we run on is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unsafeFor } from './guards.ts'

test('a version is unsafe for each attack that a later one learnt to withstand', () => {
  for (const [version, attacks] of [
    ['1.56.0', 3],
    ['1.57.0', 2],
    ['1.60.9', 2],
    ['1.61.0', 1],
    ['1.66.5', 1],
    ['1.67.0', 0],
    ['1.100.0', 0],
    ['2.0.0', 0],
    ['0.99.0', 3],
    ['', 3],
    ['x', 3],
  ] as const)
    assert.equal(unsafeFor(version).length, attacks, version)
  assert.equal(unsafeFor(undefined).length, 3)
})
test('the version that we run on withstands all of them', () => assert.deepEqual(unsafeFor(process.versions['nghttp2']), []))
