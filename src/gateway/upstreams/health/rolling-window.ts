// What was counted lately: two halves of a window, of which the older one is forgotten as a whole.

export class RollingWindow {
  requests = 0
  failures = 0
  latencyMs = 0
  private readonly halfMs: number
  private before = { requests: 0, failures: 0, latencyMs: 0 }
  private sinceMs = 0

  constructor(windowMs: number) {
    this.halfMs = Math.max(1, windowMs / 2)
  }

  /** True when a half was over: what is counted now holds for at least half of the window. */
  roll(nowMs: number): boolean {
    const passed = nowMs - this.sinceMs
    if (passed < this.halfMs) return false
    const { requests, failures, latencyMs } = this
    // After a silence nothing of what was counted is recent.
    this.before = passed < 2 * this.halfMs ? { requests, failures, latencyMs } : { requests: 0, failures: 0, latencyMs: 0 }
    this.requests = this.failures = this.latencyMs = 0
    this.sinceMs = nowMs
    return true
  }
  count(failed: boolean, latencyMs: number): void {
    this.requests++
    if (failed) this.failures++
    else this.latencyMs += latencyMs
  }
  clear(): void {
    this.requests = this.failures = this.latencyMs = 0
    this.before = { requests: 0, failures: 0, latencyMs: 0 }
  }

  get allRequests(): number {
    return this.requests + this.before.requests
  }
  get allFailures(): number {
    return this.failures + this.before.failures
  }
  /** Of those that succeeded; NaN where none did. */
  get meanLatencyMs(): number {
    return (this.latencyMs + this.before.latencyMs) / (this.allRequests - this.allFailures)
  }
}
