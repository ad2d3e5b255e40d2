// What the command line of the benchmark says, read into one value or refused with a sentence.

import { parseArgs } from 'node:util'

export type Options = {
  /** Interleaved rounds a case is measured for. */
  readonly rounds: number
  /** Whole seconds of load in one round of one proxy. */
  readonly seconds: number
  /** Names of the cases to run, or null for all of them. */
  readonly only: readonly string[] | null
  /** Names of the proxies to compare, or null for all that are installed. */
  readonly proxies: readonly string[] | null
  /** Launcher of the Gatehouse under test: another checkout's can be measured with the same cases. */
  readonly gatehouse: string
  /** The JSON file that the results go to. */
  readonly results: string
}

/** What stands when the command line says nothing of it. */
export type Defaults = Pick<Options, 'gatehouse' | 'results'>

export const usage = `Usage: npm run bench -- [--rounds N] [--seconds S] [--only CASE,...] [--proxies NAME,...] [--gatehouse LAUNCHER] [--results FILE]

  --rounds N            interleaved rounds per case (default 7)
  --seconds S           seconds of load per round and proxy (default 3)
  --only CASE,...       cases to run; a name also takes those that begin with it (kong takes all of kong's)
  --proxies NAME,...    proxies to compare; nginx is what the ratios refer to
  --gatehouse LAUNCHER  bin/gatehouse of another checkout
  --results FILE        where the JSON goes (default bench/results/latest.json)
  --list                names of the cases
`

export class UsageFault extends Error {}

/** Reads the arguments; throws UsageFault with a sentence for the person who typed them. `'help'` and `'list'` ask for text only. */
export function readOptions(args: readonly string[], defaults: Defaults): Options | 'help' | 'list' {
  const values = parse(args)
  if (values.help) return 'help'
  if (values.list) return 'list'
  return {
    rounds: wholePositive('--rounds', values.rounds),
    seconds: wholePositive('--seconds', values.seconds),
    only: names(values.only),
    proxies: names(values.proxies),
    gatehouse: values.gatehouse ?? defaults.gatehouse,
    results: values.results ?? defaults.results,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string', default: '7' },
        seconds: { type: 'string', default: '3' },
        only: { type: 'string' },
        proxies: { type: 'string' },
        gatehouse: { type: 'string' },
        results: { type: 'string' },
        help: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    }).values
  } catch (fault) {
    throw new UsageFault((fault as Error).message)
  }
}

function wholePositive(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new UsageFault(`${option} wants a whole number above 0, found ${JSON.stringify(text)}.`)
  return value
}

function names(text: string | undefined): readonly string[] | null {
  const list = text?.split(',').filter((name) => name !== '')
  return list === undefined || list.length === 0 ? null : list
}
