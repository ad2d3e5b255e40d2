// The fields of one HTTP/2 message as they were decoded, as positions into octets; reused from message to message.

/** What each field counts beside its octets (RFC 9113 10.5.1), so that empty ones are not free. */
const FIELD_OVERHEAD = 32

export class FieldSection {
  /** Names and values, one behind the other. */
  bytes: Buffer = Buffer.alloc(0)
  count = 0
  /** Three numbers a field: where the name begins, where the value begins, where it ends. */
  places = new Int32Array(0)
  /** The section is past its bound: what was past it is not there. */
  isTooLarge = false
  private bytesMax = 0
  private countedBytes = 0
  private end = 0

  /** Begins anew, for a section of so many octets as RFC 9113 10.5.1 counts them, in a block of at most so many. */
  begin(bytesMax: number, blockBytes: number): void {
    this.bytesMax = bytesMax
    this.count = this.end = this.countedBytes = 0
    this.isTooLarge = false
    // A field is decoded before it is counted: there is always room for one more, however it was compressed.
    const room = bytesMax + blockBytes * 2
    if (this.bytes.length < room) this.bytes = Buffer.allocUnsafeSlow(room)
    const fields = Math.floor(bytesMax / FIELD_OVERHEAD) + 1
    if (this.places.length < fields * 3) this.places = new Int32Array(fields * 3)
  }

  /** Where the next field may be written. */
  get free(): number {
    return this.end
  }
  /** Takes the field whose octets were written at `free`: its name up to `valueStart`, its value up to `end`. */
  add(valueStart: number, end: number): void {
    this.countedBytes += end - this.end + FIELD_OVERHEAD
    if (this.countedBytes > this.bytesMax) this.isTooLarge = true
    if (this.isTooLarge) return
    const slot = this.count++ * 3
    this.places[slot] = this.end
    this.places[slot + 1] = valueStart
    this.places[slot + 2] = end
    this.end = end
  }
  /** Takes a field whose octets stand elsewhere. */
  copy(bytes: Uint8Array, start: number, valueStart: number, end: number): void {
    // What is past the bound costs nothing any more.
    if (this.isTooLarge) return
    const to = this.end
    if (this.countedBytes + end - start + FIELD_OVERHEAD <= this.bytesMax) for (let p = start; p < end; p++) this.bytes[to + p - start] = bytes[p]!
    this.add(to + valueStart - start, to + end - start)
  }

  name(index: number): string {
    return this.bytes.toString('latin1', this.places[index * 3], this.places[index * 3 + 1])
  }
  value(index: number): string {
    return this.bytes.toString('latin1', this.places[index * 3 + 1], this.places[index * 3 + 2])
  }
}
