// Looks at the whole catalog for somebody who only asks: one question at a time, the same one answered once, and only so many wait.
import type { CatalogPublishing } from '../catalog/revisions/catalog-publishing.ts'
import type { Operator } from '../model/operator.ts'
import { type Refused, refused } from './operation.ts'

/** Questions that wait or are answered: of all, and of one operator, so that nobody takes the turns of all. */
export const WAITING_MAX = 8
export const WAITING_OF_OPERATOR = 3
/** Answers that are kept for whoever asks the same, and how long: time alone can end things in a catalog. */
const KEPT_MAX = 16
const KEPT_MS = 10_000

export interface Question<T> {
  /** Names all that the answer hangs on, but for what is live here. */
  readonly key: string
  /** The answer can be as large as the catalog: it is shared by those who wait for it, and then let go. */
  readonly isLarge?: true
  answer(): Promise<T>
}
interface Known {
  readonly answer: Promise<unknown>
  /** Absent: not answered yet. */
  untilMs?: number
}

export class Resolving {
  private readonly catalog: Pick<CatalogPublishing, 'configuration'>
  private readonly nowMs: () => number
  private readonly known = new Map<string, Known>()
  private readonly waiting = new Map<string, number>()
  private live: unknown
  private turn: Promise<unknown> = Promise.resolve()

  constructor(catalog: Pick<CatalogPublishing, 'configuration'>, nowMs: () => number) {
    this.catalog = catalog
    this.nowMs = nowMs
  }

  async ask<T>({ actor }: Operator, { key, isLarge, answer }: Question<T>): Promise<T | Refused> {
    // What was found holds for the configuration that it was found with.
    if (this.live !== this.catalog.configuration) this.known.clear()
    this.live = this.catalog.configuration
    for (const [of, { untilMs = Number.POSITIVE_INFINITY }] of this.known) if (untilMs <= this.nowMs()) this.known.delete(of)
    const known = this.known.get(key)
    if (known) return known.answer as Promise<T>
    const who = `${actor.kind}:${actor.id}`
    const own = this.waiting.get(who) ?? 0
    const all = [...this.waiting.values()].reduce((sum, count) => sum + count, 0)
    if (all >= WAITING_MAX || own >= WAITING_OF_OPERATOR)
      return refused('rate-limited', { detail: 'Too much of the catalog is being looked at.', retryAfterMs: 1000 })
    this.waiting.set(who, own + 1)
    // Between two answers everybody else has a turn.
    const asked: Known = { answer: this.turn.then(() => new Promise<void>((resolve) => setImmediate(resolve))).then(answer) }
    this.turn = asked.answer.catch(() => {})
    this.keep(key, asked)
    try {
      const found = (await asked.answer) as T
      asked.untilMs = isLarge ? 0 : this.nowMs() + KEPT_MS
      return found
    } catch (cause) {
      asked.untilMs = 0
      throw cause
    } finally {
      if (asked.untilMs === 0 && this.known.get(key) === asked) this.known.delete(key)
      const left = this.waiting.get(who)! - 1
      if (left > 0) this.waiting.set(who, left)
      else this.waiting.delete(who)
    }
  }

  private keep(key: string, asked: Known): void {
    this.known.delete(key)
    this.known.set(key, asked)
    const [oldest] = this.known.keys()
    if (this.known.size > KEPT_MAX) this.known.delete(oldest!)
  }
}
