// The way from a command to the Gatehouse that runs with a configuration: its control listener, and the admin token beside its store.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import type { Configuration } from '../../catalog/resolving/resolve.ts'
import { Connection } from '../../client/connection.ts'
import { tokenFile } from '../../management/admin-token.ts'
import { loadWhole } from '../own-policies.ts'
import { quickstartFile } from '../quickstart.ts'
import type { Settings } from '../settings.ts'
import { secureFetch } from './secure-fetch.ts'
import { complain, type ExitCode } from './usage.ts'

export const nowMs = (): number => Math.floor(systemClock().nowUs() / 1000)

/** The configuration in a file, without it the quickstart's; an exit code when it has faults, which was said. */
export async function configurationOf(file: string | undefined): Promise<Configuration | ExitCode> {
  const resolution = await loadWhole(resolve(file ?? quickstartFile), nowMs())
  if (resolution.ok) return resolution
  complain('the configuration has faults: see gatehouse check')
  return 1
}

/** Undefined when there is no token to show: then nothing ever ran there. */
export function connectionTo({ control, dataFolder }: Configuration, { adminToken }: Pick<Settings, 'adminToken'>, timeoutMs: number): Connection | undefined {
  const token = adminToken ?? ownToken(dataFolder)
  if (token === undefined) return undefined
  const { host, port, tls } = control.listen
  const url = urlOf(tls ? 'https' : 'http', host, port)
  if (tls === undefined) return new Connection({ url, token, timeoutMs })
  // Who reads the configuration knows the very certificates: nothing else needs to vouch for them.
  return new Connection({ url, token, timeoutMs, fetch: secureFetch({ thumbprints: tls.certificates.map(({ thumbprint }) => thumbprint) }) })
}

/** Who listens on every address is reached by the loopback one. */
function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return `${scheme}://${near.includes(':') ? `[${near}]` : near}:${port}`
}

function ownToken(dataFolder: string): string | undefined {
  try {
    return readFileSync(tokenFile(dataFolder), 'utf8').trim()
  } catch {
    return undefined
  }
}
