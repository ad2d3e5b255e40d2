// The envelope key from a command: no shell, no environment but the little it is given, bounded in time and output.
import { spawn } from 'node:child_process'
import { type EnvelopeKey, KEY_TEXT_MAX, type KeyRefusal, readEnvelopeKey } from './envelope-key.ts'

export const KEY_COMMAND_MS_MAX = 10_000

export interface KeyCommand {
  /** The program as an absolute path, and its arguments as they are: nothing reads them but the program. */
  readonly command: readonly string[]
  readonly folder: string
  /** The whole environment of the program. */
  readonly environment: { readonly [name: string]: string }
  readonly timeoutMs?: number
}

/** Runs the command and reads the key from its standard output. What it says on standard error is dropped: it may hold what must not be logged. */
export function readKeyCommand({ command, folder, environment, timeoutMs = KEY_COMMAND_MS_MAX }: KeyCommand): Promise<EnvelopeKey | KeyRefusal> {
  const [program, ...words] = command
  if (program === undefined) return Promise.resolve({ refused: 'the command for the envelope key is empty' })
  return new Promise((resolve) => {
    // A group of its own: what the program starts in turn ends with it, and cannot hold its output open.
    const child = spawn(program, words, { cwd: folder, env: { ...environment }, shell: false, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
    const output = Buffer.alloc(KEY_TEXT_MAX)
    let filled = 0
    let isOver = false
    const finish = (outcome: EnvelopeKey | KeyRefusal): void => {
      // Once: by the second time its number may be another program's.
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      output.fill(0)
      child.stdout.destroy()
      killGroup(child.pid)
      resolve(outcome)
    }
    const refuse = (why: string): void => finish({ refused: `the command for the envelope key ${why}` })
    const timer = setTimeout(() => refuse(`took longer than ${timeoutMs} ms`), timeoutMs)
    child.on('error', (error: NodeJS.ErrnoException) => refuse(`cannot be started (${error.code ?? 'unknown reason'})`))
    child.stdout.on('data', (octets: Buffer) => {
      if (filled + octets.length > KEY_TEXT_MAX) return refuse('wrote more than a key')
      filled += octets.copy(output, filled)
    })
    child.on('close', (code, signal) => {
      if (code !== 0) return refuse(`ended with ${signal ?? `exit code ${code}`}`)
      const key = readEnvelopeKey(output.toString('latin1', 0, filled))
      finish('refused' in key ? { refused: `the command for the envelope key wrote none: ${key.refused}` } : key)
    })
  })
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // All of it has ended already.
  }
}
