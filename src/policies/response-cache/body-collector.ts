// Collects a body that is on its way to a client, as long as it is not too long, and never more of them at once than there is room for.
import type { BodyWatcher } from '../../pipeline/body-filter.ts'
import type { Responses } from '../../ports/responses.ts'

export interface Collected {
  /** The body came whole. */
  whole(body: Uint8Array): void
  /** It was cut short, or there is no room for it. `tooLong`: it never will be kept. */
  lost(tooLong: boolean): void
}

export class BodyCollector implements BodyWatcher {
  private readonly responses: Responses
  private readonly bytesMax: number
  private readonly collected: Collected
  private buffer: Uint8Array | undefined
  private length = 0
  private over = false

  /** `declared`: octets that were announced, -1 when none were. */
  constructor(responses: Responses, declared: number, bytesMax: number, collected: Collected) {
    this.responses = responses
    this.bytesMax = bytesMax
    this.collected = collected
    if (declared > bytesMax) this.lose(true)
    else this.grow(declared < 0 ? Math.min(FIRST_BYTES, bytesMax) : declared)
  }

  put(octets: Uint8Array, start: number, end: number): void {
    if (this.over) return
    const length = this.length + end - start
    if (length > this.bytesMax) this.lose(true)
    else if (length <= this.buffer!.length || this.grow(Math.min(this.bytesMax, Math.max(length, this.buffer!.length * 2)))) {
      this.buffer!.set(octets.subarray(start, end), this.length)
      this.length = length
    }
  }
  whole(): void {
    if (this.over) return
    const { buffer, length } = this
    // Memory of its own and no longer than it is: what is stored counts for what it holds.
    const body = length === buffer!.length ? buffer! : Buffer.allocUnsafeSlow(length)
    if (body !== buffer) body.set(buffer!.subarray(0, length))
    this.free()
    this.collected.whole(body)
  }
  abandoned(): void {
    if (!this.over) this.lose(false)
  }

  private grow(bytes: number): boolean {
    const more = bytes - (this.buffer?.length ?? 0)
    if (!this.responses.reserve(more)) {
      this.lose(false)
      return false
    }
    const grown = Buffer.allocUnsafeSlow(bytes)
    if (this.buffer !== undefined) grown.set(this.buffer.subarray(0, this.length))
    this.buffer = grown
    return true
  }
  private lose(tooLong: boolean): void {
    this.free()
    this.collected.lost(tooLong)
  }
  private free(): void {
    this.over = true
    if (this.buffer !== undefined) this.responses.release(this.buffer.length)
    this.buffer = undefined
  }
}
const FIRST_BYTES = 16 * 1024
