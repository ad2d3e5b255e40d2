// What a gateway thread reports: with its cause, and bounded, since whoever can break a policy by a request could fill a disk with its stack.

/** The same thing so often, and all things together so often, in one window. */
const SAME_MAX = 5
const ALL_MAX = 100
const WINDOW_MS = 10_000

export class ThreadReports {
  private readonly say: (text: string) => void
  private readonly nowMs: () => number
  private readonly counts = new Map<string, number>()
  private windowMs = Number.NEGATIVE_INFINITY
  private said = 0
  private unsaid = 0

  constructor(say: (text: string) => void, nowMs: () => number) {
    this.say = say
    this.nowMs = nowMs
  }

  readonly report = (cause: unknown): void => {
    const now = this.nowMs()
    if (now - this.windowMs >= WINDOW_MS) {
      if (this.unsaid > 0) this.say(`${this.unsaid} reports like those before were left out`)
      this.windowMs = now
      this.said = this.unsaid = 0
      this.counts.clear()
    }
    const key = cause instanceof Error ? `${cause.message}\n${cause.cause instanceof Error ? cause.cause.message : ''}` : String(cause)
    const count = (this.counts.get(key) ?? 0) + 1
    if (this.said >= ALL_MAX || count > SAME_MAX) this.unsaid++
    else {
      this.counts.set(key, count)
      this.said++
      this.say(reportText(cause))
    }
  }
}

/** What broke a policy is what its author needs to see, not the way on which the gateway noticed. */
function reportText(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause.cause === undefined) return cause.stack ?? cause.message
  return `${cause.message}: ${cause.cause instanceof Error ? (cause.cause.stack ?? cause.cause.message) : String(cause.cause)}`
}
