// When checks turn into a verdict that all threads read.
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import type { ActiveHealth } from '../../../../model/resilience.ts'
import { ActiveChecks, type Checked } from './active-checks.ts'
import { HealthWords, healthMemory } from './health-words.ts'

const settings: ActiveHealth = {
  ...{ kind: 'tcp', method: 'GET', path: '/', statuses: [[200, 299]], service: '' },
  ...{ intervalMs: 1000, timeoutMs: 500, up: 2, down: 3, jitterPercent: 0 },
}
const checked = (name: string): Checked => ({
  ...{ key: name, name, settings },
  target: { host: name, port: 1, http2: false, basePath: '', lookup: () => assert.fail() },
})
const settled = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}
let ill: Set<string>
let asked: string[]
let told: string[]
let memory: SharedArrayBuffer
let checks: ActiveChecks
beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] })
  ill = new Set()
  asked = []
  told = []
  memory = healthMemory()
  checks = new ActiveChecks({
    ...{ memory, nowMs: () => 0, chance: () => 0, report: (text) => told.push(text) },
    check: async ({ host }) => {
      asked.push(host)
      return ill.has(host) ? 'it is ill' : undefined
    },
  })
})
afterEach(() => {
  checks.stop()
  mock.timers.reset()
})
const pass = async (times: number): Promise<void> => {
  for (let i = 0; i < times; i++) {
    mock.timers.tick(1000)
    await settled()
  }
}

test('a target goes down after as many failures in a row as are configured, and comes up after as many successes', async () => {
  const word = checks.watch([checked('a')]).get('a')!
  const words = new HealthWords(memory)
  const seen: boolean[] = []
  const look = async (isIll: boolean): Promise<void> => {
    if (isIll) ill.add('a')
    else ill.delete('a')
    await pass(1)
    seen.push(words.isUp(word))
  }
  for (const isIll of [false, true, true, false, true, true, true, false, true, false, false]) await look(isIll)
  assert.deepEqual(seen, [true, true, true, true, true, true, false, false, false, false, true])
  assert.deepEqual(told, ['a is not well, and no request goes there: it is ill', 'a is well again: requests go there'])
})
test('a publish keeps what is known of targets that stay, forgets the others, and counts new ones as up', async () => {
  const before = checks.watch([checked('a'), checked('b')])
  ill.add('a').add('b')
  await pass(4)
  const after = checks.watch([checked('a'), checked('c')])
  const words = new HealthWords(memory)
  assert.equal(after.get('a'), before.get('a'))
  assert.deepEqual([words.isUp(after.get('a')!), words.isUp(before.get('b')!), words.isUp(after.get('c')!)], [false, true, true])
  asked.length = 0
  await pass(2)
  assert.ok(!asked.includes('b'))
})
test('more targets than there are words count as up, and are told of', () => {
  const all = Array.from({ length: new HealthWords(memory).size + 1 }, (_, i) => checked(`t${i}`))
  const words = checks.watch(all)
  assert.equal(words.size, all.length - 1)
  assert.match(told.join(), /t4096 is taken to be up/)
})
test('when all has stopped nothing is asked', async () => {
  checks.watch([checked('a')])
  checks.stop()
  await pass(3)
  assert.deepEqual(asked, [])
})

test('targets that answer nobody keep no other from being asked', async () => {
  const answersNever = new ActiveChecks({
    ...{ memory, nowMs: () => 0, chance: () => 0, report: (text: string) => told.push(text) },
    check: ({ host }) => {
      asked.push(host)
      return host.startsWith('hangs') ? new Promise(() => {}) : Promise.resolve(undefined)
    },
  })
  answersNever.watch([...Array.from({ length: 200 }, (_, i) => checked(`hangs-${i}`)), checked('answers')])
  await pass(12)
  answersNever.stop()
  assert.ok(asked.includes('answers'))
  assert.equal(asked.filter((host) => host.startsWith('hangs')).length, 200, 'and each of them is asked once at a time')
})
