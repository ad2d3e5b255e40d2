// The octets of one client connection that are not yet understood: lent by a read for as long as it lasts, copied when they must wait.
export class Unread {
  bytes: Buffer = NOTHING
  from = 0
  to = 0
  /** The memory is the read's, not ours. */
  lent = false

  get isEmpty(): boolean {
    return this.from === this.to
  }
  get size(): number {
    return this.to - this.from
  }

  /** Takes what a read brought: lent when nothing waits, else copied behind what does. */
  add(bytes: Buffer, count: number): void {
    if (this.from === this.to) {
      this.bytes = bytes
      this.from = 0
      this.to = count
      this.lent = true
      return
    }
    if (this.lent || this.bytes.length - this.to < count) this.moveTo(this.to - this.from + count)
    // Behind what waits: of that a head may still be read.
    bytes.copy(this.bytes, this.to, 0, count)
    this.to += count
  }
  /** Twice what is needed: many small pieces, as DATA frames of one octet, must not be copied again with each. */
  private moveTo(size: number): void {
    const larger = Buffer.allocUnsafe(size * 2)
    this.to = this.bytes.copy(larger, 0, this.from, this.to)
    this.bytes = larger
    this.from = 0
    this.lent = false
  }
  advance(to: number): void {
    this.from = to
    if (to === this.to) this.clear()
  }
  /** Makes what is left our own, before the memory is another read's. */
  keep(): void {
    if (!this.lent) return
    this.bytes = Buffer.from(this.bytes.subarray(this.from, this.to))
    this.to -= this.from
    this.from = 0
    this.lent = false
  }
  /** Hands out all of it as memory of the taker's own. */
  take(): Buffer | undefined {
    if (this.isEmpty) return undefined
    this.keep()
    const taken = this.bytes.subarray(this.from, this.to)
    this.clear()
    return taken
  }
  clear(): void {
    this.bytes = NOTHING
    this.from = this.to = 0
    this.lent = false
  }
}
const NOTHING = Buffer.alloc(0)
