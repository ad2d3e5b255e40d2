// Octets of a body that wait, in the order in which they came: small pieces are put together, so that a peer who sends them one by one costs no more than what it sends.
import { FRAME_BYTES_MAX } from '../../http/frames/frame-types.ts'

export class Pieces {
  bytes = 0
  private readonly all: Buffer[] = []
  /** What the last piece stands in, and where room is left in it. */
  private memory: Buffer = NOTHING
  private end = 0

  get isEmpty(): boolean {
    return this.bytes === 0
  }
  /** Copies `octets[start, end)`. A piece that is put together is no longer than a frame. */
  add(octets: Buffer, start: number, end: number): void {
    const { all } = this
    const count = end - start
    const isRoom = all.length > 0 && this.memory.length - this.end >= count
    if (!isRoom) {
      this.memory = Buffer.allocUnsafe(Math.max(count, Math.min(FRAME_BYTES_MAX, this.memory.length * 2)))
      this.end = 0
    }
    octets.copy(this.memory, this.end, start, end)
    this.end += count
    this.bytes += count
    if (isRoom) all.push(this.memory.subarray(this.end - count - all.pop()!.length, this.end))
    else all.push(this.memory.subarray(0, count))
  }
  /** What waits longest. */
  get first(): Buffer {
    return this.all[0]!
  }
  /** So many octets of the first piece are no longer waited for. */
  advance(count: number): void {
    const { first } = this
    this.bytes -= count
    if (count < first.length) this.all[0] = first.subarray(count)
    else this.all.shift()
    if (this.bytes === 0) this.clear()
  }
  clear(): void {
    this.all.length = this.bytes = this.end = 0
    this.memory = NOTHING
  }
  /** Of how many pieces they are. */
  get count(): number {
    return this.all.length
  }
}
const NOTHING = Buffer.alloc(0)
