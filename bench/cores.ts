// Decides which cores the proxy under test and the load beside it run on.

import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'

export type Cores = {
  /** The proxy's own core, or null where nothing can be pinned. */
  readonly proxy: readonly number[] | null
  /** Load generator and upstream. */
  readonly load: readonly number[] | null
  /** All cores that this process may use. */
  readonly all: readonly number[] | null
}

/** Proxy on the first core that this process may use, load on the others; one core is shared, and without taskset nothing is pinned. */
export function chooseCores(): Cores {
  const all = allowedCores()
  if (all === null) return { proxy: null, load: null, all: null }
  return { proxy: all.slice(0, 1), load: all.length > 1 ? all.slice(1) : all, all }
}

/** What a reader must know of the placing. */
export function describeCores(cores: Cores): string {
  if (cores.proxy === null || cores.load === null) return `nothing is pinned (taskset is not installed), ${availableParallelism()} cores`
  if (cores.load === cores.all) return 'one core only: proxy, load and upstream share it'
  return `proxy on core ${cores.proxy.join(',')}, load and upstream on ${cores.load.join(',')}`
}

function allowedCores(): number[] | null {
  try {
    const answer = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
    return parseCoreList(answer.slice(answer.lastIndexOf(':') + 1))
  } catch {
    return null
  }
}

/** Reads a list such as `0,2-4`. */
export function parseCoreList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first, last = first] = part.split('-').map(Number)
      return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index)
    })
}
