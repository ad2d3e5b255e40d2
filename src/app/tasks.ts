// What is done again and again beside the traffic: each task at its interval, never twice at once, and a failure of one stops no other.

export class Tasks {
  private readonly report: (cause: unknown) => void
  private readonly timers = new Set<NodeJS.Timeout>()
  private readonly running = new Set<Promise<void>>()
  private isClosed = false

  constructor(report: (cause: unknown) => void) {
    this.report = report
  }

  /** Runs `work` for the first time after one interval, then one interval after each end. None of it keeps the process alive. */
  every(intervalMs: number, work: () => Promise<void>): void {
    if (this.isClosed) return
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      const run = work()
        .catch(this.report)
        .finally(() => {
          this.running.delete(run)
          this.every(intervalMs, work)
        })
      this.running.add(run)
    }, intervalMs)
    timer.unref()
    this.timers.add(timer)
  }

  /** Begins nothing more, and waits for what runs. */
  async close(): Promise<void> {
    this.isClosed = true
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    await Promise.all(this.running)
  }
}
