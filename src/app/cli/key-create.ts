// gatehouse key create: a credential in the running Gatehouse, or the lines for a file.
import { parseArgs } from 'node:util'
import { keyDigest, mintKey } from '../../base/keys.ts'
import { visible } from '../../base/visible-text.ts'
import { NotReached, Refusal } from '../../client/connection.ts'
import { createKey } from '../../client/generated/keys.ts'
import type { Settings } from '../settings.ts'
import { connect, connectHelp, connectOptions, refusalText } from './connect.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const keyHelp = `gatehouse key create --consumer NAME [--expires DATE] [--label TEXT] [--config FILE | --url URL] [--token-file FILE]

Makes an API key for a consumer in a running Gatehouse and prints the secret once.
When none runs with --config, it prints the secret and the hash line to put into the file.

--expires DATE     a date such as 2027-01-31 (its first instant, UTC) or a time such as 2027-01-31T12:00:00Z
--label TEXT       what the key is for
${connectHelp}

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

export async function keyCreate(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { consumer: { type: 'string' }, expires: { type: 'string' }, label: { type: 'string' }, ...connectOptions },
  })
  const { consumer, expires, label } = values
  if (positionals.length > 0) return misused(`unknown word '${positionals[0]}'`, 'key')
  if (consumer === undefined || !/^[A-Za-z0-9._-]{1,64}$/.test(consumer)) return misused('key create needs --consumer NAME', 'key')
  if (expires !== undefined && (!/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(expires) || Number.isNaN(Date.parse(expires))))
    return misused('--expires is a date such as 2027-01-31', 'key')
  const connected = await connect(values, settings)
  if ('unusable' in connected) {
    complain(connected.unusable)
    return values.url === undefined && values['token-file'] === undefined ? 1 : 2
  }
  if ('absent' in connected) return forTheFile()
  // A day begins with its first instant.
  const moment = expires !== undefined && !expires.includes('T') ? `${expires}T00:00:00Z` : expires
  const body = { ...(label !== undefined && { label }), ...(moment !== undefined && { expires: moment }) }
  try {
    print(visible((await createKey(connected.to, { parameters: { consumer }, body })).value.secret))
    return 0
  } catch (cause) {
    if (cause instanceof NotReached && !cause.mayBeDone && values.url === undefined) return forTheFile()
    if (!(cause instanceof NotReached || cause instanceof Refusal)) throw cause
    complain(cause instanceof Refusal ? refusalText(cause) : cause.message)
    return cause instanceof Refusal ? 1 : 2
  }
}

function forTheFile(): ExitCode {
  const secret = mintKey()
  print(secret)
  print(`hash: "sha256:${keyDigest(secret)}"`)
  complain('no running Gatehouse was reached: put the hash line under consumers.NAME.keys; the secret is shown only now')
  return 0
}
