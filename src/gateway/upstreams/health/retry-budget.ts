// How many requests an upstream may be sent a second time: a share of those that it was sent a first time, so that retries never become a storm.
import type { Retries } from '../../../model/resilience.ts'

/** Retries that may come at once after a quiet time: as many as requests may be under way when a target goes away. */
const BURST = 64

export class RetryBudget {
  /** Retries that were not made because there was nothing left. */
  exhausted = 0
  private readonly share: number
  private readonly perMs: number
  private tokens: number
  private filledMs: number

  constructor({ budgetPercent, budgetPerSecond }: Pick<Retries, 'budgetPercent' | 'budgetPerSecond'>, nowMs: number) {
    this.share = budgetPercent / 100
    this.perMs = budgetPerSecond / 1000
    this.tokens = budgetPercent + budgetPerSecond > 0 ? Math.min(BURST, budgetPercent + budgetPerSecond) : 0
    this.filledMs = nowMs
  }

  /** A request is sent for the first time. */
  earn(): void {
    this.tokens = Math.min(BURST, this.tokens + this.share)
  }
  /** True when one may be sent again, which is then paid for. */
  spend(nowMs: number): boolean {
    this.tokens = Math.min(BURST, this.tokens + Math.max(0, nowMs - this.filledMs) * this.perMs)
    this.filledMs = Math.max(this.filledMs, nowMs)
    if (this.tokens < 1) {
      this.exhausted++
      return false
    }
    this.tokens--
    return true
  }
}
