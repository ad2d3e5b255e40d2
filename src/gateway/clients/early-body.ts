// What comes of a request's body before there is a connection that it goes on over.

/** Octets that are collected: what is whole in the meantime no longer counts as slow. */
const COLLECTED_BYTES = 16 * 1024

export class EarlyBody {
  private collected: Buffer | undefined

  get hasRoom(): boolean {
    return (this.collected?.length ?? 0) < COLLECTED_BYTES
  }
  /** `bytes[start, end)`, which are copied. */
  put(bytes: Buffer, start: number, end: number): void {
    const part = bytes.subarray(start, end)
    this.collected = this.collected === undefined ? Buffer.from(part) : Buffer.concat([this.collected, part])
  }
  /** All of it, once. */
  take(): Buffer | undefined {
    const { collected } = this
    this.collected = undefined
    return collected
  }
}
