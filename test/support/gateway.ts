// Starts the real program in a child process on ports that the system picks, with a configuration made for the test.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { freePorts } from './running-program.ts'

const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))

export interface RunningGateway {
  readonly port: number
  readonly controlPort: number
  readonly url: string
  readonly configFile: string
  readonly pid: number
  /** Everything printed so far. */
  log(): string
  /** The metrics page. */
  metrics(): Promise<string>
  /** SIGTERM, the end, the exit code; the folder is removed. */
  stop(): Promise<void>
}

interface Configuration {
  readonly gateway?: Readonly<Record<string, unknown>>
  readonly control?: Readonly<Record<string, unknown>>
  readonly [section: string]: unknown
}

/** `configuration` is what gatehouse.yaml holds; listeners, threads and the access log are filled in where it is silent. A string is a file that stands already. */
export async function startGateway(configuration: object | string, options: { threads?: number; folder?: string } = {}): Promise<RunningGateway> {
  const [port, controlPort] = (await freePorts(2)) as [number, number]
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const file = typeof configuration === 'string' ? configuration : join(folder, 'gatehouse.yaml')
  if (typeof configuration !== 'string')
    writeFileSync(file, stringify(filledIn(configuration as Configuration, port, controlPort, options.threads ?? 1)), { mode: 0o600 })
  const child = spawn(process.execPath, [launcher, 'start', file], { cwd: dirname(file), stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const ended = once(child, 'close')
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        printed += chunk
        if (/^ready$/m.test(printed)) resolve()
      })
    }
    ended.then(([code]) => reject(new Error(`gatehouse ended with ${code} before it was ready:\n${printed}`)), reject)
  })
  return {
    port,
    controlPort,
    url: `http://127.0.0.1:${port}`,
    configFile: file,
    pid: child.pid!,
    log: () => printed,
    metrics: async () => (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text(),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
      if (options.folder === undefined && existsSync(folder)) rmSync(folder, { recursive: true, force: true })
    },
  }
}

function filledIn(configuration: Configuration, port: number, controlPort: number, threads: number): object {
  return {
    gatehouse: 1,
    ...configuration,
    gateway: { listen: [`http://127.0.0.1:${port}`], threads, accessLog: 'off', ...configuration.gateway },
    control: { listen: `http://127.0.0.1:${controlPort}`, ...configuration.control },
  }
}
