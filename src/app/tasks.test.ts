// Tasks repeat, never overlap, and end when they are told to.
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Tasks } from './tasks.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise(setImmediate)
}

test('a task runs again an interval after its end, and a failure is told and stops nothing', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const reports: unknown[] = []
  const tasks = new Tasks((cause) => reports.push(cause))
  let runs = 0
  let finish = (): void => {}
  tasks.every(1000, async () => {
    runs++
    if (runs === 1) throw new Error('once')
    await new Promise<void>((resolve) => (finish = resolve))
  })
  mock.timers.tick(999)
  assert.equal(runs, 0)
  mock.timers.tick(1)
  await settle()
  assert.equal(runs, 1)
  assert.equal(reports.length, 1)
  mock.timers.tick(1000)
  await settle()
  mock.timers.tick(10_000)
  await settle()
  assert.equal(runs, 2, 'the second run has not ended: there is no third')
  const closed = tasks.close()
  finish()
  await closed
  mock.timers.tick(10_000)
  await settle()
  assert.equal(runs, 2)
})
