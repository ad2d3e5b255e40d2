// How often something may happen that costs us more than who causes it: so many times at once, and so many a second in the long run.

export class Allowance {
  private left: number
  private sinceMs: number
  private readonly most: number
  private readonly perMs: number

  constructor(most: number, aSecond: number, nowMs: number) {
    this.left = this.most = most
    this.perMs = aSecond / 1000
    this.sinceMs = nowMs
  }

  /** It happened. False when it happened too often. */
  take(nowMs: number): boolean {
    if (nowMs > this.sinceMs) {
      this.left = Math.min(this.most, this.left + (nowMs - this.sinceMs) * this.perMs)
      this.sinceMs = nowMs
    }
    return --this.left >= 0
  }
  /** Something happened that makes so many more of it honest. */
  earn(count: number): void {
    this.left = Math.min(this.most, this.left + count)
  }
}
