// Who is put aside, for how long, and how many at most.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Health, PassiveHealth } from '../../../model/resilience.ts'
import type { TargetOutcome } from '../target-health.ts'
import { HealthGroup } from './health-group.ts'
import type { MemberHealth } from './member-health.ts'

const passive: PassiveHealth = {
  ...{ consecutive: 5, errorPercent: 50, windowMs: 10_000, minimum: 10, latencyFactor: 0, latencyOverMs: 100 },
  ...{ ejectMs: 1000, ejectMsMax: 8000, ejectedPercentMax: 50 },
}
interface Trial {
  readonly group: HealthGroup
  readonly members: readonly MemberHealth[]
  readonly told: string[]
  /** Whom active checks find down. */
  readonly down: Set<string>
  wait(ms: number): void
  now(): number
}
function trial(count: number, settings: Partial<PassiveHealth> = {}, health: Partial<Health> = {}): Trial {
  let now = 1000
  const told: string[] = []
  const down = new Set<string>()
  const group = new HealthGroup(
    { passive: { ...passive, ...settings }, panicPercent: 30, slowStartMs: 0, ...health },
    { nowMs: () => now, changed: (name, state, why) => told.push(`${name} ${state}: ${why}`), isChecked: (name) => () => !down.has(name) },
  )
  const members = group.setMembers(Array.from({ length: count }, (_, i) => `t${i}`))
  group.sweep(now)
  const wait = (ms: number) => {
    now += ms
    group.sweep(now)
  }
  return { group, members, told, down, wait, now: () => now }
}
const times = (member: MemberHealth, count: number, outcome: TargetOutcome, latencyMs = 1): void => {
  for (let i = 0; i < count; i++) member.ended(outcome, latencyMs)
}

test('failures in a row put a target aside; one success in between begins the count anew', () => {
  const { members, told } = trial(3)
  const [one] = members as [MemberHealth]
  times(one, 4, 'failed')
  one.ended('ok', 1)
  times(one, 4, 'timeout')
  assert.equal(one.state, 'up')
  one.ended('failed', 1)
  assert.equal(one.state, 'ejected')
  assert.deepEqual(told, ['t0 ejected: 5 failures in a row'])
})
test('what was given up says nothing', () => {
  const { members } = trial(3)
  times(members[0]!, 10_000, 'abandoned')
  assert.equal(members[0]!.state, 'up')
  assert.equal(members[0]!.window.allRequests, 0)
})
test('a share of failures puts a target aside when the others have less, and not when all have it', () => {
  const alone = trial(3)
  for (const member of alone.members.slice(1)) times(member, 20, 'ok')
  for (let i = 0; i < 5; i++) {
    alone.members[0]!.ended('ok', 1)
    alone.members[0]!.ended('error', 1)
  }
  assert.equal(alone.members[0]!.state, 'ejected')
  const all = trial(3)
  for (let i = 0; i < 100; i++) for (const member of all.members) member.ended('error', 1)
  // The first of them to get there may go, before anything is known of the others; never more than may.
  assert.ok(all.members.filter(({ isEjected }) => isEjected).length <= 1)
})
test('slowness puts a target aside when it is measured against at least two others', () => {
  const { members, wait } = trial(3, { latencyFactor: 3 })
  times(members[0]!, 20, 'ok', 500)
  times(members[1]!, 20, 'ok', 10)
  wait(5000)
  assert.equal(members[0]!.state, 'up')
  for (const [i, latencyMs] of [500, 10, 12].entries()) times(members[i]!, 20, 'ok', latencyMs)
  wait(5000)
  assert.deepEqual(
    members.map(({ state }) => state),
    ['ejected', 'up', 'up'],
  )
})
test('each time aside is twice the last, up to the longest, and the first again after a long good time', () => {
  const { members, wait } = trial(3)
  const [one] = members as [MemberHealth]
  const aside: number[] = []
  const fall = (): void => {
    while (!one.isEjected) one.ended('failed', 1)
    let ms = 0
    while (one.isEjected) {
      wait(250)
      ms += 250
    }
    aside.push(ms)
  }
  for (let i = 0; i < 6; i++) fall()
  wait(8000)
  fall()
  assert.deepEqual(aside, [1000, 2000, 4000, 8000, 8000, 8000, 1000])
})
test('one that came back is put aside again by its first failure, until a success', () => {
  const { members, wait } = trial(3)
  const [one] = members as [MemberHealth]
  times(one, 5, 'failed')
  wait(1000)
  one.ended('failed', 1)
  assert.equal(one.state, 'ejected')
  wait(2000)
  one.ended('ok', 1)
  one.ended('failed', 1)
  assert.equal(one.state, 'up')
})
test('a single target is never put aside', () => {
  const { members } = trial(1)
  times(members[0]!, 1000, 'failed')
  assert.equal(members[0]!.state, 'up')
})
test('when too few are left all are used, and one that is left is enough where that is not too few', () => {
  const three = trial(3)
  three.down.add('t0').add('t1')
  three.wait(250)
  assert.deepEqual(
    three.members.map((member) => member.available(three.now())),
    [false, false, true],
  )
  three.down.add('t2')
  three.wait(250)
  assert.deepEqual(
    three.members.map((member) => member.available(three.now())),
    [true, true, true],
  )
})
test('the share of one that comes back grows from a little to all', () => {
  const { members, wait, now } = trial(3, {}, { slowStartMs: 1000 })
  const [one, two] = members as [MemberHealth, MemberHealth]
  times(one, 5, 'failed')
  wait(1000)
  assert.equal(one.share(now()), 0.05)
  wait(500)
  assert.equal(one.share(now()), 0.5)
  wait(500)
  assert.equal(one.share(now()), 1)
  assert.equal(two.share(now()), 1)
})
test('targets that stay keep what is known of them, and of fewer targets fewer are aside', () => {
  const { group, members, told } = trial(4)
  for (const member of members.slice(0, 2)) times(member, 5, 'failed')
  assert.equal(told.length, 2)
  const [first, second] = group.setMembers(['t0', 't1'])
  assert.equal(first, members[0])
  assert.equal([first, second].filter((member) => member!.isEjected).length, 1)
})

test('whatever happens, no more than the cap is aside, somebody is always available, and time brings all back', () => {
  const outcome = fc.constantFrom<TargetOutcome>('ok', 'error', 'failed', 'failed', 'timeout', 'abandoned')
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(), outcome, times: fc.integer({ min: 1, max: 12 }), latencyMs: fc.nat(900) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(6000) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('check' as const), which: fc.nat() }) },
  )
  let ejections = 0
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 100 }), fc.array(step, { maxLength: 80 }), (count, cap, steps) => {
      const { members, down, wait, now } = trial(count, { ejectedPercentMax: cap, latencyFactor: 3 })
      for (const each of steps) {
        if (each.kind === 'wait') wait(each.ms)
        else if (each.kind === 'check') {
          const { name } = members[each.which % count]!
          if (!down.delete(name)) down.add(name)
          wait(250)
        } else times(members[each.which % count]!, each.times, each.outcome, each.latencyMs)
        const aside = members.filter(({ isEjected }) => isEjected)
        assert.ok(aside.length * 100 <= cap * count)
        for (const member of aside) assert.ok(!member.isUp)
        assert.ok(members.some((member) => member.available(now())))
      }
      ejections += members.reduce((sum, member) => sum + member.ejections, 0)
      down.clear()
      wait(8000)
      assert.ok(members.every(({ state }) => state === 'up'))
    }),
    { numRuns: 1000 },
  )
  assert.ok(ejections > 500, `only ${ejections} ejections were seen`)
})
