// gatehouse start [FILE]: runs everything until SIGTERM or SIGINT.
import { resolve } from 'node:path'
import { cwd, stderr, stdout } from 'node:process'
import { parseArgs } from 'node:util'
import { faultLines } from '../../catalog/check.ts'
import { upstreamUrl } from '../../model/upstream-url.ts'
import { type Quickstart, quickstartFile, startQuickstart } from '../quickstart.ts'
import { RefusedConfiguration } from '../refused-configuration.ts'
import { Running } from '../running.ts'
import type { Settings } from '../settings.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const startHelp = `gatehouse start [FILE]

Runs the gateway and the control listener with the configuration in FILE, until SIGTERM, SIGINT or SIGHUP; then open requests finish. A second signal
ends it at once.
Without FILE it runs the quickstart: a sample API behind a gateway, with a first key.

Exit: 0 after draining, 1 when the configuration is refused, 2 when it could not run.`

export async function start(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {} })
  if (positionals.length > 1) return misused('start takes one file at the most', 'start')
  const file = positionals[0]
  // Before anything else, so that no signal finds it without a listener.
  const stop = new Promise<void>((resolve) => {
    let isAsked = false
    for (const [signal, code] of SIGNALS)
      process.on(signal, () => {
        // A second one means at once, whichever it is.
        if (isAsked) process.exit(code)
        isAsked = true
        resolve()
      })
  })
  // Whoever reads what is printed may end first, as at Ctrl-C behind a pipe: that must not end the draining.
  for (const stream of [stdout, stderr]) stream.on('error', () => {})
  let running: Running | undefined
  let quickstart: Quickstart | undefined
  try {
    running = await Running.start(resolve(file ?? quickstartFile), settings, { say: print, warn: complain })
    if (file === undefined) quickstart = await startQuickstart(running)
  } catch (cause) {
    await running?.stop()
    if (cause instanceof RefusedConfiguration) {
      complain(`${file ?? quickstartFile} is refused`)
      print(faultLines(cause.faults, cwd()))
      return 1
    }
    complain(cause instanceof Error ? cause.message : String(cause))
    return 2
  }
  announce(running, quickstart)
  await stop
  print('draining: open requests finish, new ones are refused')
  await running.stop()
  await quickstart?.stop()
  // Whatever still holds the process, such as a receiver that never answers: nobody waits for it any more.
  setTimeout(() => process.exit(0), LAST_MS).unref()
  return 0
}

/** With the exit codes that shells give them. */
const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
  ['SIGHUP', 129],
] as const
const LAST_MS = 1000

function announce(running: Running, quickstart: Quickstart | undefined): void {
  print(`gateway     ${running.urls.join('  ')}  (${running.threadCount} ${running.threadCount === 1 ? 'thread' : 'threads'})`)
  for (const { name, path, hosts, upstream, reached } of running.apis) {
    const others = (upstream.targets?.length ?? 1) - 1
    const goes = upstream.host === 'retired.invalid' ? 'retired' : `${upstreamUrl(upstream)}${others > 0 ? ` and ${others} more` : ''}`
    const how = running.insecure.some(({ api }) => api === name) ? '  (its certificate is not verified: insecure)' : ''
    if (reached !== 'canary') print(`  api       ${name}: ${hosts.join(' ') || 'any host'} ${path || '/'} -> ${goes}${how}`)
  }
  print(`control     ${running.controlUrl}  (/metrics /livez /readyz)`)
  if (running.tokenFile !== undefined) print(`admin token ${running.tokenFile}`)
  if (quickstart) for (const line of quickstart.words(running)) print(line)
  print('ready')
}
