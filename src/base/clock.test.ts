// The clock never goes back, and clocks that share an offset agree.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { manualClock, systemClock, wallOffsetUs } from './clock.ts'

describe('the clock', () => {
  it('tells whole microseconds since the epoch, near to what the machine says', () => {
    const now = systemClock().nowUs()
    assert.equal(Number.isSafeInteger(now), true)
    assert.ok(Math.abs(now / 1000 - Date.now()) < 60_000)
  })

  it('never goes back', () => {
    const clock = systemClock()
    let last = clock.nowUs()
    for (let i = 0; i < 100_000; i++) {
      const now = clock.nowUs()
      assert.ok(now >= last)
      last = now
    }
  })

  it('two clocks on one offset agree to within the time between two readings', () => {
    const offset = wallOffsetUs()
    const [one, other] = [systemClock(offset), systemClock(offset)]
    const before = one.nowUs()
    const between = other.nowUs()
    const after = one.nowUs()
    // Two microseconds for rounding.
    assert.ok(between >= before - 1000 && between <= after + 1000)
  })

  it('moved by hand it stands still until it is moved', () => {
    const clock = manualClock(5)
    assert.equal(clock.nowUs(), 5)
    clock.advanceMs(1.5)
    assert.equal(clock.nowUs(), 1505)
  })
})
