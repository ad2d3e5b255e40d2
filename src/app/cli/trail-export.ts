// gatehouse trail export: the trail of the running Gatehouse as one file, or on the standard output.
import { resolve } from 'node:path'
import { stdout } from 'node:process'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { writeLines } from '../../adapters/archive-file.ts'
import { NotReached, Refusal } from '../../client/connection.ts'
import { UnusableBackUp } from '../../ports/store.ts'
import type { Settings } from '../settings.ts'
import { configurationOf, connectionTo } from './running-gatehouse.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

/** As long as a trail of many millions of entries takes. */
const TIMEOUT_MS = 3_600_000

export async function trailExport(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { output: { type: 'string' }, config: { type: 'string' } } })
  if (positionals.length > 0) return misused(`unknown word '${positionals[0]}'`, 'trail')
  const configuration = await configurationOf(values.config)
  if (typeof configuration === 'number') return configuration
  const connection = connectionTo(configuration, settings, TIMEOUT_MS)
  try {
    if (connection === undefined) throw new NotReached('the control listener of this configuration', undefined)
    const body = await connection.stream('POST', '/trail/export', {})
    if (values.output === undefined) await pipeline(textsOf(body), stdout, { end: false })
    else {
      await writeLines(resolve(values.output), textsOf(body))
      print(`the trail is in ${values.output}: gatehouse trail verify ${values.output}`)
    }
    return 0
  } catch (cause) {
    if (cause instanceof Refusal) {
      complain(`refused: ${cause.message}`)
      return 1
    }
    complain(cause instanceof NotReached || cause instanceof UnusableBackUp ? cause.message : `the export broke off: ${(cause as Error).message}`)
    return 2
  }
}

async function* textsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of body) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}
