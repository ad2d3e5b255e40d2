// Does one piece of work again and again: at once when it is woken, else when it said itself; never twice at once, and never without a pause.

export interface LoopOptions {
  /** Answers how long it may rest, in milliseconds. */
  readonly work: () => Promise<number>
  readonly trouble: (cause: unknown) => void
  /** The longest rest: another node's clock, or a change that nobody told of. */
  readonly longestMs?: number
  /** The shortest, whatever happens. */
  readonly shortestMs?: number
}

export class Loop {
  private readonly options: LoopOptions
  private readonly running: Promise<void>
  private isStopped = false
  private isAwake = false
  private endRest = (): void => {}

  constructor(options: LoopOptions) {
    this.options = options
    this.running = this.run()
  }

  /** There may be something to do. */
  wake(): void {
    this.isAwake = true
    this.endRest()
  }
  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.endRest()
    await this.running
  }

  private async run(): Promise<void> {
    const { work, trouble, longestMs = 30_000, shortestMs = 250 } = this.options
    while (!this.isStopped) {
      this.isAwake = false
      let restMs = longestMs
      try {
        restMs = Math.min(longestMs, await work())
      } catch (cause) {
        trouble(cause)
      }
      await this.rest(shortestMs, () => false)
      if (restMs > shortestMs) await this.rest(restMs - shortestMs, () => this.isAwake)
    }
  }
  private rest(ms: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (this.isStopped || isOver()) return resolve()
      const timer = setTimeout(resolve, ms)
      timer.unref()
      this.endRest = () => {
        if (!this.isStopped && !isOver()) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
