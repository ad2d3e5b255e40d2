// Who calls what: counted on each thread at the cost of one look-up by identity, gathered on the main thread.
import type { PrincipalValue } from '../pipeline/slots.ts'

/** Requests of one credential to one API since they were last told. */
export interface Use {
  readonly api: string
  /** Where it is told by operation. */
  readonly operation?: string
  readonly consumer: string
  readonly credential: string
  readonly count: number
  /** Milliseconds since the epoch. */
  readonly lastMs: number
}

/** Pairs of credential and API that a thread gathers before it tells them early. */
const ACTIVE_MAX = 8192

interface Cell {
  readonly api: string
  readonly principal: PrincipalValue
  count: number
  lastMs: number
}

/** By API. Policies keep one principal per credential: its cells stand on it, and go with it. */
const CELLS = Symbol('cells')
type Counted = PrincipalValue & { [CELLS]?: Map<string, Cell> }

/** What one thread counts. There is one meter a thread. */
export class UsageMeter {
  private active: Cell[] = []
  private readonly tell: (uses: readonly Use[]) => void

  constructor(tell: (uses: readonly Use[]) => void) {
    this.tell = tell
  }

  record(principal: Counted, api: string, nowMs: number): void {
    principal[CELLS] ??= new Map()
    let cell = principal[CELLS].get(api)
    if (cell === undefined) {
      cell = { api, principal, count: 0, lastMs: 0 }
      principal[CELLS].set(api, cell)
    }
    if (cell.count++ === 0) {
      this.active.push(cell)
      if (this.active.length >= ACTIVE_MAX) {
        cell.lastMs = nowMs
        this.flush()
        return
      }
    }
    // Requests end in another order than they began.
    if (nowMs > cell.lastMs) cell.lastMs = nowMs
  }

  /** Tells what was counted since the last time. */
  flush(): void {
    if (this.active.length === 0) return
    const uses = this.active.map(({ api, principal: { consumer, credential }, count, lastMs }) => ({ api, consumer, credential, count, lastMs }))
    for (const cell of this.active) cell.count = 0
    this.active = []
    this.tell(uses)
  }
}

/** What all threads told, until somebody takes it. */
export class UsageLedger {
  /** Requests that found no room. */
  lost = 0
  private uses = new Map<string, { -readonly [K in keyof Use]: Use[K] }>()
  private readonly max: number

  /** `max`: how many credentials times APIs are kept between two takings. */
  constructor(max = 200_000) {
    this.max = max
  }

  add(uses: readonly Use[]): void {
    for (const use of uses) {
      const key = `${use.credential}\0${use.api}\0${use.operation ?? ''}`
      const known = this.uses.get(key)
      if (known !== undefined) {
        known.count += use.count
        known.lastMs = Math.max(known.lastMs, use.lastMs)
      } else if (this.uses.size < this.max) this.uses.set(key, { ...use })
      else this.lost += use.count
    }
  }

  /** Everything since the last taking, or the first `limit` of it: the rest waits. Whoever cannot keep what it took gives it back with `add`. */
  take(limit = Number.POSITIVE_INFINITY): readonly Use[] {
    const taken: Use[] = []
    for (const [key, use] of this.uses) {
      if (taken.length >= limit) break
      taken.push(use)
      this.uses.delete(key)
    }
    return taken
  }
}

/** By credential, whatever the API: what the directory keeps as last use. */
export function usesByCredential(uses: readonly Use[]): { credential: string; count: number; lastMs: number }[] {
  const merged = new Map<string, { credential: string; count: number; lastMs: number }>()
  for (const { credential, count, lastMs } of uses) {
    const known = merged.get(credential)
    if (known === undefined) merged.set(credential, { credential, count, lastMs })
    else {
      known.count += count
      known.lastMs = Math.max(known.lastMs, lastMs)
    }
  }
  return [...merged.values()]
}
