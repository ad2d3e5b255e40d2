// Starts the proxies of a case and keeps those that prove to do its work; says of every other why it is absent.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { runFolder, tail } from './children.ts'
import type { Cores } from './cores.ts'
import type { Options } from './options.ts'
import { checkLimit, checkWork } from './preflight.ts'
import type { Place, ProxyServer, Running } from './proxy-server.ts'
import type { Absence } from './results.ts'
import type { Work } from './work.ts'

/** What a case is handed to run with. */
export type Bench = {
  readonly options: Options
  readonly cores: Cores
  readonly upstream: string
  readonly proxies: readonly ProxyServer[]
  readonly say: (text: string) => void
}

export type Started = { readonly running: Running; readonly folder: string }

let starts = 0

/** A folder of one start's own. */
export function newFolder(name: string): string {
  const folder = join(runFolder(), `${++starts}-${name.replaceAll(/[^a-z]/g, '-')}`)
  mkdirSync(folder, { mode: 0o700 })
  return folder
}

/** Starts the proxy and checks all of its work; gives the reason for which its row must be left out instead of throwing. */
export async function startChecked(
  proxy: ProxyServer,
  work: Work,
  bench: Bench,
  place: { cores: Place['cores']; threads: number },
): Promise<Started | Absence> {
  if (proxy.version() === null) return { proxy: proxy.name, reason: 'not installed', failed: false }
  const reason = proxy.cannot(work)
  if (reason !== null) return { proxy: proxy.name, reason, failed: false }
  bench.say(`starting ${proxy.name} and checking its work`)
  const start = async (part: Work, check: (running: Running, part: Work) => Promise<void>): Promise<Started> => {
    const folder = newFolder(proxy.name)
    const running = await proxy.start(part, { ...place, upstream: bench.upstream, folder })
    try {
      await check(running, part)
    } catch (fault) {
      await running.child.stop()
      const log = tail(running.child.logFile)
      throw new Error(`${(fault as Error).message}${log === '' ? '' : `\n${log}`}`)
    }
    return { running, folder }
  }
  try {
    if (work.limit !== null) {
      // The measured limit is out of reach, so a second start with a low one shows that the limit works at all.
      const low = await start({ ...work, limit: { ...work.limit, requests: 5 } }, checkLimit)
      await low.running.child.stop()
    }
    return await start(work, checkWork)
  } catch (fault) {
    return { proxy: proxy.name, reason: (fault as Error).message, failed: true }
  }
}
