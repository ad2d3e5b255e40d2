// Tests that CPU time is counted for the whole of a proxy: all threads, all workers, whatever its command is called.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { parseSystemStat, shareOfOthers } from './bystanders.ts'
import { cpuMicros, parseStat, processTree } from './cpu-time.ts'

test('a command whose name holds spaces and parentheses does not shift the fields', () => {
  const line = '4711 (a) S (b) c) S 4700 4711 4711 0 -1 4194560 1 0 0 0 250 130 7 8 20 0 12 0 100 0 0'
  assert.deepEqual(parseStat(line), { parent: 4700, cpuTicks: 380 })
})

test('time spent in a worker process counts for its parent', async () => {
  // The parent sleeps, its child burns 300 ms of CPU and then says so.
  const burn = 'const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end); console.log("done"); setInterval(() => {}, 1000)'
  const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(burn)}], { stdio: ['pipe', 'inherit', 'inherit'] })`
  const child = spawn(process.execPath, ['-e', parent], { detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    await once(child.stdout, 'data')
    assert.equal(processTree(child.pid!).length, 2)
    assert.ok(cpuMicros(child.pid!) >= 300_000, `${cpuMicros(child.pid!)} us`)
  } finally {
    process.kill(-child.pid!, 'SIGKILL')
    await once(child, 'close')
  }
})

test('a process that has ended has used nothing', () => {
  assert.equal(cpuMicros(2 ** 22 + 1), 0)
})

test('what others used is all that was busy less our own, as a share of all cores', () => {
  const before = { busyMicros: 1_000_000, ownMicros: 0, atMicros: 0, cores: 2 }
  assert.equal(shareOfOthers(before, { busyMicros: 2_500_000, ownMicros: 1_000_000, atMicros: 1_000_000, cores: 2 }), 0.25)
  assert.deepEqual(parseSystemStat('cpu  10 1 20 900 7 2 3 4 50 0\ncpu0 1 1 1\ncpu1 1 1 1\nintr 5\n'), { busyTicks: 40, cores: 2 })
})
