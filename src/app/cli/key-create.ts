// gatehouse key create: a credential in the running Gatehouse, or the lines for a file.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock } from '../../base/clock.ts'
import { keyDigest, mintKey } from '../../base/keys.ts'
import { loadConfiguration } from '../../catalog/resolve.ts'
import { tokenFile } from '../../management/admin-token.ts'
import { policies } from '../compose.ts'
import { quickstartFile } from '../quickstart.ts'
import type { Settings } from '../settings.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const keyHelp = `gatehouse key create --consumer NAME [--expires DATE] [--config FILE]

Makes an API key for a consumer in the Gatehouse that runs with FILE (without it: the quickstart's) and prints the secret once.
When none runs, it prints the secret and the hash line to put into the file.

DATE is a date such as 2027-01-31 (its first instant, UTC) or a time such as 2027-01-31T12:00:00Z.

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

export async function keyCreate(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { consumer: { type: 'string' }, expires: { type: 'string' }, config: { type: 'string' } },
  })
  const { consumer, expires } = values
  if (positionals.length > 0) return misused(`unknown word '${positionals[0]}'`, 'key')
  if (consumer === undefined || !/^[A-Za-z0-9._-]{1,64}$/.test(consumer)) return misused('key create needs --consumer NAME', 'key')
  if (expires !== undefined && (!/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(expires) || Number.isNaN(Date.parse(expires))))
    return misused('--expires is a date such as 2027-01-31', 'key')
  const resolution = loadConfiguration(resolve(values.config ?? quickstartFile), { policies, nowMs: Math.floor(systemClock().nowUs() / 1000) })
  if (!resolution.ok) {
    complain('the configuration has faults: see gatehouse check')
    return 1
  }
  const { host, port } = resolution.control.listen
  const token = settings.adminToken ?? readToken(resolution.dataFolder)
  const answer =
    token === undefined ? undefined : await ask(`http://${host.includes(':') ? `[${host}]` : host}:${port}/api/v1/consumers/${consumer}/keys`, token, expires)
  if (answer === undefined) {
    const secret = mintKey()
    print(secret)
    print(`hash: "sha256:${keyDigest(secret)}"`)
    complain('no running Gatehouse was reached: put the hash line under consumers.NAME.keys; the secret is shown only now')
    return 0
  }
  if (answer.status !== 201) {
    complain(`refused: ${answer.detail}`)
    return 1
  }
  print(answer.detail)
  return 0
}

function readToken(dataFolder: string): string | undefined {
  try {
    return readFileSync(tokenFile(dataFolder), 'utf8').trim()
  } catch {
    return undefined
  }
}

/** Undefined when nobody listens there. `detail` is the secret, or the reason of a refusal. */
async function ask(url: string, token: string, expires: string | undefined): Promise<{ readonly status: number; readonly detail: string } | undefined> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(expires === undefined ? {} : { expires }),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
  } catch {
    return undefined
  }
  const body = (await response.json()) as { secret?: string; detail?: string }
  return { status: response.status, detail: (response.status === 201 ? body.secret : body.detail) ?? 'no reason was given' }
}
