// Whether a client reads what comes to it over the streams of one connection.

/** What is waited for without a word, before the client is taken for one that does not read. */
const PATIENCE_MS = 1000

export class Reading {
  private readonly clock: { readonly coarseMs: number }
  /** Streams with octets that did not leave. */
  private readonly waiting = new Set<object>()
  /** One of them was given up, and none has gone on since. */
  private gaveUp = false
  private progressMs = 0

  constructor(clock: { readonly coarseMs: number }) {
    this.clock = clock
  }

  /** Something waits, and for a while nothing of any stream has left. */
  get isStalled(): boolean {
    return (this.gaveUp || this.waiting.size > 0) && this.clock.coarseMs - this.progressMs >= PATIENCE_MS
  }

  /** Octets of this stream wait. */
  waits(stream: object): void {
    if (this.waiting.size === 0 && !this.gaveUp) this.progressMs = this.clock.coarseMs
    this.waiting.add(stream)
  }
  /** Some of what waits has left. */
  moves(): void {
    this.progressMs = this.clock.coarseMs
    this.gaveUp = false
  }
  /** All that waited has left. */
  goesOn(stream: object): void {
    this.progressMs = this.clock.coarseMs
    this.gaveUp = false
    this.waiting.delete(stream)
  }
  /** It has closed: all of it has left, or its client gave it up, or we did. */
  isOver(stream: object, hasLeft: boolean, byUs: boolean): void {
    const waited = this.waiting.delete(stream)
    if (hasLeft) this.gaveUp = false
    else if (waited && byUs) this.gaveUp = true
  }
}
