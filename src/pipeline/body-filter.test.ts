// What becomes of a body whose filters cannot all be made.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BodyWay } from './body-filter.ts'

test('a filter that cannot be made fails its body and nothing else, and those that are made are given up', () => {
  for (const begins of ['put', 'end'] as const) {
    const cause = new Error('not made')
    const failures: unknown[] = []
    let abandoned = 0
    const sound = { waiting: 0, put: () => assert.fail(), end: () => assert.fail(), abandon: () => void abandoned++ }
    const unmade = (): never => {
      throw cause
    }
    const tail = { put: () => assert.fail(), end: () => assert.fail(), eased() {}, fail: (why: unknown) => void failures.push(why) }
    const way = new BodyWay([unmade, () => sound], tail)
    if (begins === 'put') way.put(Buffer.from('x'), 0, 1)
    way.end()
    assert.deepEqual(failures, [cause])
    assert.equal(abandoned, 1)
  }
})
