// Starts a program, waits for a line that says it is ready, and stops it as an operator would.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
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

/** Loopback ports that were free a moment ago, all different. For programs that must be told their ports before they start. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return ports
}
