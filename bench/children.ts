// Starts the processes of a benchmark run, pinned and logged to files, and sees that none outlives it on any way out.

import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type Launch = {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly cores: readonly number[] | null
  readonly folder: string
  /** Where standard output goes, when it is data (haproxy's access log) and not only a log. */
  readonly stdout?: string
  readonly env?: Readonly<Record<string, string>>
}

export type Child = { readonly name: string; readonly pid: number; readonly logFile: string; readonly hasEnded: () => boolean; stop(): Promise<void> }

const running = new Set<ChildProcess>()
let folderOfRun: string | null = null

/** A folder in the system's temporary one for configurations and logs of this run, readable by its owner only, removed at the end. */
export function runFolder(): string {
  folderOfRun ??= mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  return folderOfRun
}

/** Starts one process in a process group of its own, so that its workers can be ended with it. */
export function launch({ name, command, args, cores, folder, stdout, env }: Launch): Child {
  const logFile = join(folder, `${name}.log`)
  const log = openSync(logFile, 'a', 0o600)
  const out = stdout === undefined ? log : openSync(stdout, 'a', 0o600)
  const pinned = cores === null ? [command, ...args] : ['taskset', '-c', cores.join(','), command, ...args]
  const child = spawn(pinned[0]!, pinned.slice(1), { cwd: folder, detached: true, stdio: ['ignore', out, log], env: { ...process.env, ...env } })
  closeSync(log)
  if (out !== log) closeSync(out)
  running.add(child)
  let ended = false
  const gone = new Promise<void>((resolve) => {
    child.once('close', () => {
      ended = true
      running.delete(child)
      resolve()
    })
    child.once('error', () => resolve())
  })
  const stop = async () => {
    if (!ended) {
      child.kill('SIGTERM')
      // A timer that holds nothing open: when the process ends first, the race is over and the loop may end too.
      await Promise.race([gone, delay(5000, undefined, { ref: false })])
    }
    endGroup(child)
    await Promise.race([gone, delay(2000, undefined, { ref: false })])
  }
  return { name, pid: child.pid ?? -1, logFile, hasEnded: () => ended, stop }
}

/** Runs a process to its end and gives its standard output; rejects with its standard error when it fails. */
export function run(command: string, args: readonly string[], cores: readonly number[] | null, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const pinned = cores === null ? [command, ...args] : ['taskset', '-c', cores.join(','), command, ...args]
  const child = spawn(pinned[0]!, pinned.slice(1), { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  running.add(child)
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      running.delete(child)
      if (code === 0) resolve(out)
      else reject(new Error(`${command} ended with ${code}: ${errors.trim() || out.trim()}`))
    })
  })
}

/** The last lines of a log, for a message about a process that failed. */
export function tail(logFile: string, lines = 12): string {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  } catch {
    return ''
  }
}

/** Must be called once before anything starts: ends all processes and removes the folder on exit, signals and uncaught faults. */
export function cleanUpOnEveryExit(): void {
  process.on('exit', () => {
    for (const child of running) endGroup(child)
    if (folderOfRun !== null) rmSync(folderOfRun, { recursive: true, force: true, maxRetries: 3 })
  })
  // A shell reports a process that a signal ended as 128 + its number; exit() runs the handler above, a default signal would not.
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.on(signal, () => {
      process.stderr.write(`\n${signal}: ending ${running.size} processes\n`)
      process.exit(128 + number)
    })
  }
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // ESRCH: the whole group has ended already, which is what was wanted.
  }
}
