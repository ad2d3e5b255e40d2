// Runs the benchmark itself on nginx: it measures, writes its results, and leaves no process and no file behind on any way out.
// Slow (some 6 s) because it is the real thing: a warm-up and a round of load.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('./bench.ts', import.meta.url))

type Run = { readonly process: ChildProcess; readonly output: () => string; readonly ended: Promise<number | null> }

/** All that a run starts carries the folder in its arguments, and all that it writes lies in it. */
async function withRun(args: readonly string[], use: (run: Run, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-test-'))
  const child = spawn(process.execPath, [entry, ...args, '--results', join(folder, 'results.json')], { env: { ...process.env, TMPDIR: folder } })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  try {
    await use({ process: child, output: () => output, ended }, folder)
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

function processesOf(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const command = /^\d+$/.test(pid) && pid !== String(process.pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : ''
      return command.includes(join(folder, 'gatehouse-bench-')) ? [command.replaceAll('\0', ' ')] : []
    } catch {
      return []
    }
  })
}

/** A killed process stands in the list until its new parent has taken note; the test's own limit ends this wait if none does. */
async function untilGone(folder: string): Promise<void> {
  while (processesOf(folder).length > 0) await delay(10)
}

test('a run prints a table, writes its results and cleans up', async () => {
  await withRun(['--only', 'plain-get', '--proxies', 'nginx', '--rounds', '1', '--seconds', '1'], async ({ ended, output }, folder) => {
    assert.equal(await ended, 0, output())
    assert.match(output(), /plain-get: .*\n.*CPU us\/request.*\n {2}nginx +\d/)
    const results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))
    assert.ok(results.cases[0].rows[0].samples[0].cpuMicros > 1)
    await untilGone(folder)
    assert.deepEqual(readdirSync(folder), ['results.json'])
  })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`a run that ${signal} ends takes all of its processes with it`, async () => {
    await withRun(['--only', 'plain-get', '--proxies', 'nginx'], async ({ process: run, ended, output }, folder) => {
      while (processesOf(folder).length === 0 && run.exitCode === null) await delay(10)
      run.kill(signal)
      assert.equal(await ended, signal === 'SIGINT' ? 130 : 143, output())
      await untilGone(folder)
      assert.deepEqual(readdirSync(folder), [])
    })
  })
}

test('an unknown case is wrong usage and the message names the known ones', async () => {
  await withRun(['--only', 'nonsense'], async ({ ended, output }) => {
    assert.equal(await ended, 2)
    assert.match(output(), /No case is named nonsense\. There are: plain-get,/)
  })
})
