// Counters in shared memory: limits that are exact over all threads of the process, at the cost of one hash and one compare-and-swap.
import { KeyedHash } from '../../base/keyed-hash.ts'
import { type Counters, type Limiter, type LimitRule, ruleFault, type Taken } from '../../ports/counters.ts'
import { type Algorithm, algorithmOf } from './algorithm.ts'
import { CounterTable, type Fingerprint } from './counter-table.ts'

export { type CounterTableUse, counterMemory, counterTableUse, recoverCounters } from './counter-table.ts'

/** Names whose fingerprints a limiter keeps at hand; past that it forgets all and starts anew. */
const KNOWN_MAX = 4096
/** What a caller without a place is told to wait. */
const FULL_RETRY_MS = 1000

/**
 * The counters of one thread over memory that all threads share. `secret` is 16 random octets, the same for all of them: it decides where keys live and
 * what their fingerprints are, so that nobody can aim at a neighbourhood or at another's counter.
 */
export function sharedCounters(memory: SharedArrayBuffer, secret: Uint8Array): Counters {
  const table = new CounterTable(memory)
  const root = new KeyedHash(secret)
  return {
    limiter(scope: string, rule: LimitRule): Limiter {
      const wrong = ruleFault(rule)
      if (wrong !== undefined) throw new RangeError(`this limit ${wrong}`)
      const { algorithm, limit, windowMs, burst = limit } = rule
      // Every limiter hashes under a secret of its own: equal keys of two limits have nothing in common.
      root.hash(JSON.stringify([scope, algorithm === 'token-bucket' ? 'gcra' : algorithm, limit, windowMs, burst]))
      return new SharedLimiter(table, new KeyedHash(new Uint8Array(root.words.slice().buffer)), algorithmOf(rule))
    },
  }
}

interface Known extends Fingerprint {
  /** Where it was seen last. */
  place: number
}

class SharedLimiter implements Limiter {
  private readonly known = new Map<string, Known>()
  private readonly taken: Taken = { admitted: false, remaining: 0, resetMs: 0, retryAfterMs: 0, full: false }
  private readonly table: CounterTable
  private readonly names: KeyedHash
  private readonly algorithm: Algorithm

  constructor(table: CounterTable, names: KeyedHash, algorithm: Algorithm) {
    this.table = table
    this.names = names
    this.algorithm = algorithm
  }

  take(key: string, nowUs: number): Taken {
    const { table, algorithm, taken } = this
    table.begin(nowUs)
    const known = this.lookUp(key)
    taken.full = false
    for (;;) {
      const place = table.find(known, known.place)
      if (place >= 0) {
        known.place = place
        if (algorithm.decide(table.restMs, table.low, nowUs, taken)) {
          if (table.swap(place, algorithm.restMs, algorithm.low)) return taken
        } else if (table.isUnchanged(place)) return taken
      } else {
        algorithm.decide(0, 0, nowUs, taken)
        const inserted = table.insert(known, algorithm.restMs, algorithm.low, nowUs)
        if (inserted >= 0) {
          known.place = inserted
          return taken
        }
        if (inserted === -2) return this.full()
      }
    }
  }

  peek(key: string, nowUs: number): Taken {
    const { table, algorithm, taken } = this
    table.begin(nowUs)
    const known = this.lookUp(key)
    taken.full = false
    for (;;) {
      const place = table.find(known, known.place)
      if (place < 0) {
        algorithm.decide(0, 0, nowUs, taken)
        return taken
      }
      known.place = place
      algorithm.decide(table.restMs, table.low, nowUs, taken)
      if (table.isUnchanged(place)) return taken
    }
  }

  private full(): Taken {
    const { taken } = this
    taken.admitted = false
    taken.remaining = 0
    taken.resetMs = FULL_RETRY_MS
    taken.retryAfterMs = FULL_RETRY_MS
    taken.full = true
    return taken
  }

  private lookUp(key: string): Known {
    const found = this.known.get(key)
    if (found !== undefined) return found
    if (this.known.size >= KNOWN_MAX) this.known.clear()
    this.names.hash(key)
    const words = this.names.words
    const made = { w0: words[0] === 0 ? 1 : words[0]!, w1: words[1]!, w2: words[2]!, w3: words[3]!, place: -1 }
    this.known.set(key, made)
    return made
  }
}
