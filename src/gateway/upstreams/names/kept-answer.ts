// What is known of one name: asked again when it has lived its time, and kept when nobody can say better.
import type { Answered } from './questions.ts'

/** However short or long its answers say that they live. */
export const LIFE_MS_MIN = 1000
export const LIFE_MS_MAX = 3_600_000
/** After a question that brought nothing: doubled each time. */
const RETRY_MS = 1000
const RETRY_MS_MAX = 30_000
/** Who has an answer that has lived its time waits for so long for a better one. */
export const PATIENCE_MS = 1000
/** Up to so much of its life is taken off: thousands of gateways do not ask in the same instant. */
const JITTER = 0.1

export class KeptAnswer<T> {
  /** The last good one. The same object for as long as it says the same. */
  value: T | undefined
  /** When it was wanted last. */
  usedMs: number
  private untilMs = 0
  private failures = 0
  private asking: Promise<T> | undefined
  private cause: unknown
  private readonly patienceMs: number
  private readonly ask: () => Promise<Answered<T>>
  private readonly nowMs: () => number
  private readonly chance: () => number

  constructor(ask: () => Promise<Answered<T>>, nowMs: () => number, chance: () => number, patienceMs = PATIENCE_MS) {
    this.patienceMs = patienceMs
    this.ask = ask
    this.nowMs = nowMs
    this.chance = chance
    this.usedMs = nowMs()
  }

  /** It has lived its time, or there never was one. */
  get isDue(): boolean {
    return this.asking === undefined && this.nowMs() >= this.untilMs
  }

  /** It may not hold any more. */
  doubt(): void {
    this.untilMs = 0
  }

  /** What is known; asks when that has lived its time. Rejects only where nothing was ever known. */
  get(): Promise<T> {
    this.usedMs = this.nowMs()
    const { value } = this
    if (this.asking !== undefined || this.usedMs >= this.untilMs) return value === undefined ? this.renew() : this.renewedOr(value)
    return value === undefined ? Promise.reject(this.cause) : Promise.resolve(value)
  }
  /** Servers that keep silent must not hold up every new connection for as long as they are asked, and have targets taken for ill. */
  private renewedOr(value: T): Promise<T> {
    return new Promise((resolve, reject) => {
      const patience = setTimeout(resolve, this.patienceMs, value)
      this.renew()
        .then(resolve, reject)
        .finally(() => clearTimeout(patience))
    })
  }

  /** Asks. Never more than once at a time. */
  renew(): Promise<T> {
    this.asking ??= this.asked().finally(() => {
      this.asking = undefined
    })
    return this.asking
  }

  private async asked(): Promise<T> {
    try {
      const { value, ttlMs } = await this.ask()
      this.failures = 0
      const lifeMs = Math.min(LIFE_MS_MAX, Math.max(LIFE_MS_MIN, ttlMs))
      this.untilMs = this.nowMs() + Math.max(LIFE_MS_MIN, lifeMs * (1 - JITTER * this.chance()))
      if (this.value === undefined || JSON.stringify(this.value) !== JSON.stringify(value)) this.value = value
      return this.value
    } catch (cause) {
      this.cause = cause
      this.untilMs = this.nowMs() + Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.failures++)
      // That nobody answers, or that there is no such name any more, takes nothing away from who serves.
      if (this.value !== undefined) return this.value
      throw cause
    }
  }
}
