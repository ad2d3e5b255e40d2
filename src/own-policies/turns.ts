// The turns of one policy: for as long as its code runs, its thread says whose it is.
import type { BodyFilter, MakeBodyFilter } from '../pipeline/body-filter.ts'
import type { ThreadWords } from './watch-words.ts'

export class Turns {
  private readonly number: number
  private readonly words: ThreadWords | undefined

  /** Without `words` nobody watches. */
  constructor(number: number, words: ThreadWords | undefined) {
    this.number = number
    this.words = words
  }

  take<T>(act: () => T): T {
    const { words } = this
    if (words === undefined) return act()
    const before = words.enter(this.number)
    try {
      return act()
    } finally {
      words.leave(before)
    }
  }

  /** A filter of the policy, each of whose turns is marked. What it puts out runs the filters behind it in the same turn. */
  marked(make: MakeBodyFilter): MakeBodyFilter {
    if (typeof make !== 'function') throw new TypeError('a filter of a body is made by a function')
    return (sink) => {
      const filter = this.take(() => make(sink))
      if (typeof filter?.put !== 'function' || typeof filter.end !== 'function' || typeof filter.abandon !== 'function')
        throw new TypeError('a filter of a body has put, end, abandon and waiting')
      const its: BodyFilter = {
        get waiting() {
          const { waiting } = filter
          return Number.isSafeInteger(waiting) && waiting > 0 ? waiting : 0
        },
        put: (octets, start, end) => this.take(() => filter.put(octets, start, end)),
        end: () => this.take(() => filter.end()),
        abandon: () => {
          try {
            this.take(() => filter.abandon())
          } catch {
            // Nobody waits for this body any more: what holds others up, or leaves them open, would be all that came of it.
          }
        },
      }
      return its
    }
  }
}
