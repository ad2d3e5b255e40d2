// The way from a command to the Gatehouse that runs with a configuration: its control listener, and the admin token beside its store.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { type Configuration, loadConfiguration } from '../../catalog/resolving/resolve.ts'
import { Connection } from '../../client/connection.ts'
import { tokenFile } from '../../management/admin-token.ts'
import { policies } from '../compose.ts'
import { quickstartFile } from '../quickstart.ts'
import type { Settings } from '../settings.ts'
import { complain, type ExitCode } from './usage.ts'

export const nowMs = (): number => Math.floor(systemClock().nowUs() / 1000)

/** The configuration in a file, without it the quickstart's; an exit code when it has faults, which was said. */
export function configurationOf(file: string | undefined): Configuration | ExitCode {
  const resolution = loadConfiguration(resolve(file ?? quickstartFile), { policies, nowMs: nowMs() })
  if (resolution.ok) return resolution
  complain('the configuration has faults: see gatehouse check')
  return 1
}

/** Undefined when there is no token to show: then nothing ever ran there. */
export function connectionTo({ control, dataFolder }: Configuration, settings: Settings, timeoutMs?: number): Connection | undefined {
  const token = settings.adminToken ?? readToken(dataFolder)
  const { host, port } = control.listen
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
  return token === undefined ? undefined : new Connection({ url, token, ...(timeoutMs !== undefined && { timeoutMs }) })
}

function readToken(dataFolder: string): string | undefined {
  try {
    return readFileSync(tokenFile(dataFolder), 'utf8').trim()
  } catch {
    return undefined
  }
}
