// The circuit breaker against a plain model of it, and what each state lets through.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Circuit } from '../../../model/resilience.ts'
import type { TargetOutcome } from '../target-health.ts'
import { CircuitBreaker, REFUSED } from './circuit-breaker.ts'

const settings: Circuit = { scope: 'target', errorPercent: 50, minimum: 4, windowMs: 10_000, openMs: 1000, probes: 2 }

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(settings)
  for (let i = 0; i < 4; i++) breaker.ended(breaker.begin(0), 'failed', 0)
  assert.equal(breaker.state, 'open')
  return breaker
}

test('it opens when the share of failures is reached, and not below the minimum', () => {
  const breaker = new CircuitBreaker(settings)
  const one = (outcome: TargetOutcome) => breaker.ended(breaker.begin(0), outcome, 0)
  one('failed')
  one('timeout')
  one('error')
  assert.equal(breaker.state, 'closed')
  one('ok')
  assert.equal(breaker.state, 'closed', 'only a failure opens')
  one('failed')
  assert.equal(breaker.state, 'open')
})
test('requests that were given up never open it, however many they are', () => {
  const breaker = new CircuitBreaker(settings)
  for (let i = 0; i < 1000; i++) breaker.ended(breaker.begin(0), 'abandoned', 0)
  assert.equal(breaker.state, 'closed')
})
test('open, it lets nothing through until its time is over, and then no more than its probes', () => {
  const breaker = opened()
  assert.equal(breaker.begin(999), REFUSED)
  assert.notEqual(breaker.begin(1000), REFUSED)
  assert.notEqual(breaker.begin(1000), REFUSED)
  assert.equal(breaker.begin(1000), REFUSED)
  assert.equal(breaker.state, 'half-open')
})
test('as many successes as there are probes close it, and one failure opens it again', () => {
  const closing = opened()
  const tickets = [closing.begin(1000), closing.begin(1000)]
  for (const ticket of tickets) closing.ended(ticket, 'ok', 1001)
  assert.equal(closing.state, 'closed')
  const opening = opened()
  const [first, second] = [opening.begin(1000), opening.begin(1000)]
  opening.ended(first!, 'ok', 1001)
  opening.ended(second!, 'error', 1001)
  assert.equal(opening.state, 'open')
  assert.equal(opening.begin(2000), REFUSED)
})
test('a probe that was given up frees its place and proves nothing', () => {
  const breaker = opened()
  for (let i = 0; i < 100; i++) breaker.ended(breaker.begin(1000), 'abandoned', 1000)
  assert.equal(breaker.state, 'half-open')
  assert.notEqual(breaker.begin(1000), REFUSED)
})
test('probes that never end keep nobody out for longer than it is open, and count when they do end', () => {
  const breaker = opened()
  const slow = [breaker.begin(1000), breaker.begin(1000)]
  assert.equal(breaker.begin(1999), REFUSED)
  const others = [breaker.begin(2000), breaker.begin(2000)]
  assert.ok(others.every((ticket) => ticket !== REFUSED))
  assert.equal(breaker.begin(2999), REFUSED, 'no more than its probes in each such time')
  breaker.ended(slow[0]!, 'ok', 2999)
  breaker.ended(others[0]!, 'ok', 2999)
  assert.equal(breaker.state, 'closed')
})
test('what began before it opened says nothing when it ends afterwards', () => {
  const breaker = new CircuitBreaker(settings)
  const early = Array.from({ length: 8 }, () => breaker.begin(0))
  for (const ticket of early.slice(0, 4)) breaker.ended(ticket, 'failed', 0)
  const probe = breaker.begin(1000)
  for (const ticket of early.slice(4)) breaker.ended(ticket, 'failed', 1000)
  assert.equal(breaker.state, 'half-open')
  breaker.ended(probe, 'ok', 1000)
  breaker.ended(breaker.begin(1000), 'ok', 1000)
  assert.equal(breaker.state, 'closed')
})

/** The same in the plainest way: all that ended in the window is kept in a list. Its window is cut as the breaker's is. */
class Model {
  state = 'closed'
  private list: { half: number; failed: boolean }[] = []
  private halfStart = 0
  private half = 0
  private until = 0
  private probing = new Set<object>()
  private wins = 0
  private generation = {}
  begin(now: number): object | undefined {
    if (this.state === 'open' && now >= this.until) this.turn('half-open')
    if (this.state === 'open') return undefined
    if (this.state === 'half-open' && now >= this.until) {
      this.probing = new Set()
      this.until = now + settings.openMs
    }
    if (this.state === 'half-open' && this.probing.size >= settings.probes) return undefined
    const ticket = { of: this.generation }
    if (this.state === 'half-open') this.probing.add(ticket)
    return ticket
  }
  ended(ticket: object, outcome: TargetOutcome, now: number): void {
    if ((ticket as { of: object }).of !== this.generation) return
    if (!this.probing.delete(ticket)) for (const first of [...this.probing].slice(0, 1)) this.probing.delete(first)
    if (outcome === 'abandoned') return
    if (this.state === 'half-open') {
      if (outcome !== 'ok') this.open(now)
      else if (++this.wins === settings.probes) this.turn('closed')
      return
    }
    const passed = now - this.halfStart
    if (passed >= settings.windowMs / 2) {
      this.half += passed < settings.windowMs ? 1 : 2
      this.halfStart = now
    }
    this.list = [...this.list.filter(({ half }) => half >= this.half - 1), { half: this.half, failed: outcome !== 'ok' }]
    const failures = this.list.filter(({ failed }) => failed).length
    if (outcome !== 'ok' && this.list.length >= settings.minimum && failures / this.list.length >= settings.errorPercent / 100) this.open(now)
  }
  private open(now: number): void {
    this.until = now + settings.openMs
    this.turn('open')
  }
  private turn(state: string): void {
    this.state = state
    this.generation = {}
    this.list = []
    this.probing = new Set()
    this.wins = 0
  }
}

test('it does what its model does, whatever begins and ends when', () => {
  const outcome = fc.constantFrom<TargetOutcome>('ok', 'ok', 'error', 'failed', 'timeout', 'abandoned')
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('begin' as const) }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(20), outcome }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(4000) }) },
  )
  let openings = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 40, maxLength: 120 }), (steps) => {
      const breaker = new CircuitBreaker(settings)
      const model = new Model()
      const underWay: [number, object][] = []
      let now = 0
      for (const each of steps) {
        if (each.kind === 'wait') now += each.ms
        else if (each.kind === 'begin') {
          const [ticket, wanted] = [breaker.begin(now), model.begin(now)]
          assert.equal(ticket === REFUSED, wanted === undefined)
          if (wanted !== undefined) underWay.push([ticket, wanted])
        } else if (underWay.length > 0) {
          const [[ticket, wanted]] = underWay.splice(each.which % underWay.length, 1) as [[number, object]]
          breaker.ended(ticket, each.outcome, now)
          model.ended(wanted, each.outcome, now)
        }
        assert.equal(breaker.state, model.state)
      }
      openings += breaker.openings
    }),
    { numRuns: 2000 },
  )
  assert.ok(openings > 100, `only ${openings} openings were seen`)
})
