// Versions of the library are judged by what they withstand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unsafeFor } from './guards.ts'

test('a version is said to be unsafe for the attacks that came to light after it, and one that is not known for all', () => {
  for (const [version, attacks] of [
    ['1.52.0', 3],
    ['1.57.0', 2],
    ['1.61.0', 1],
    ['1.66.9', 1],
    ['1.67.0', 0],
    ['1.70.0', 0],
    ['2.0.0', 0],
    ['0.99.0', 3],
    ['', 3],
    [undefined, 3],
    ['one.two', 3],
  ] as const)
    assert.equal(unsafeFor(version).length, attacks, String(version))
})
