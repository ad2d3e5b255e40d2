// A loop works when it is woken or when it said, goes on after trouble, and ends with what is under way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Loop } from './loop.ts'

/** A loop whose work is let go by hand. */
function held(longestMs = 1e9) {
  const ends: PromiseWithResolvers<number>[] = []
  let waiting: (() => void) | undefined
  const troubles: unknown[] = []
  const loop = new Loop({
    work: () => {
      const end = Promise.withResolvers<number>()
      ends.push(end)
      waiting?.()
      return end.promise
    },
    trouble: (cause) => troubles.push(cause),
    longestMs,
    shortestMs: 1,
  })
  const times = async (count: number): Promise<PromiseWithResolvers<number>> => {
    while (ends.length < count) await new Promise<void>((resolve) => (waiting = resolve))
    return ends[count - 1]!
  }
  return { loop, times, ends, troubles }
}

test('it works at once, again when it is woken, also while it works, and again when it said', async () => {
  const { loop, times, ends } = held()
  const first = await times(1)
  loop.wake()
  first.resolve(1e9)
  const second = await times(2)
  second.resolve(5)
  const third = await times(3)
  third.resolve(1e9)
  // Woken in its rest.
  await new Promise((resolve) => setImmediate(resolve))
  loop.wake()
  const fourth = await times(4)
  const stopped = loop.stop()
  fourth.resolve(0)
  await stopped
  assert.equal(ends.length, 4)
})

test('trouble ends nothing, and is followed by the longest rest', async () => {
  const { loop, times, troubles } = held(3)
  const first = await times(1)
  first.reject(new Error('gone'))
  const second = await times(2)
  assert.deepEqual(troubles.map(String), ['Error: gone'])
  const stopped = loop.stop()
  second.resolve(0)
  await stopped
})
