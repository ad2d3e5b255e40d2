// Starts a program, waits for a line that says it is ready, and stops it as an operator would.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

export interface RunningProgram {
  /** Everything printed so far, on both outputs. */
  output(): string
  /** Sends SIGTERM, waits for the end, and gives the exit code; null when a signal killed it. */
  stop(): Promise<number | null>
}

/** Resolves once a line matches `ready`; rejects with all that was printed if the program ends before. */
export async function runProgram(file: string, args: readonly string[], ready: RegExp, options: { cwd?: string } = {}): Promise<RunningProgram> {
  const child: ChildProcess = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const ended = once(child, 'close') as Promise<[number | null]>
  const isReady = new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        printed += chunk
        if (ready.test(printed)) resolve()
      })
    }
    ended.then(([code]) => reject(new Error(`ended with ${code} before it was ready:\n${printed}`)), reject)
  })
  await isReady
  return {
    output: () => printed,
    async stop() {
      child.kill('SIGTERM')
      const [code] = await ended
      return code
    },
  }
}

/**
 * Loopback ports that were free a moment ago, all different. For programs that must be told their ports before they start. Not from the system: what it
 * gives out it gives to whoever connects somewhere in the next moment, too. Each process has a stretch of its own below those.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  for (let tries = 0; ports.length < count; tries++) {
    if (tries > 10 * STRETCH) throw new Error('no port is free')
    const port = FIRST_PORT + (process.pid % STRETCHES) * STRETCH + (next++ % STRETCH)
    if (!ports.includes(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}
const FIRST_PORT = 10_000
const STRETCH = 100
const STRETCHES = 220
let next = 0

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const free = new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.once('listening', () => resolve(true))
  })
  server.listen(port, '127.0.0.1')
  if (!(await free)) return false
  await once(server.close(), 'close')
  return true
}
