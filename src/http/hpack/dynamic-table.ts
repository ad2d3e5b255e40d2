// The fields that a connection's blocks have put into its table (RFC 7541 2.3.2 and 4), as octets: bounded by what the table may hold, whatever is put in.

const ENTRY_OVERHEAD = 32
/** Memory that a table begins with: most hold little. */
const FIRST_BYTES = 1024

export class DynamicTable {
  bytes: Buffer = Buffer.alloc(0)
  count = 0
  /** As RFC 7541 4.1 counts it. */
  size = 0
  private bytesMax: number
  private readonly limit: number
  /** Of entries, in the order in which they came, around and around: where the name begins, where the value begins, where it ends. */
  private readonly places: Int32Array
  private readonly slots: number
  private newest = -1
  private end = 0

  /** `limit`: what we said that it may grow to. */
  constructor(limit: number) {
    this.limit = limit
    this.bytesMax = limit
    this.slots = Math.max(1, Math.floor(limit / ENTRY_OVERHEAD))
    this.places = new Int32Array(this.slots * 3)
  }

  /** Where the entry of that index stands in `places` terms: 0 is the latest. */
  start(index: number): number {
    return this.places[this.slot(index)]!
  }
  valueStart(index: number): number {
    return this.places[this.slot(index) + 1]!
  }
  valueEnd(index: number): number {
    return this.places[this.slot(index) + 2]!
  }
  private slot(index: number): number {
    return ((this.newest - index + this.slots) % this.slots) * 3
  }

  /** RFC 7541 4.3. False when it is more than we allow. */
  resize(bytes: number): boolean {
    if (bytes > this.limit) return false
    this.bytesMax = bytes
    this.evict(bytes)
    return true
  }

  /** RFC 7541 4.4: an entry larger than the table empties it. `bytes` is not the table's own memory. */
  add(bytes: Buffer, start: number, valueStart: number, end: number): void {
    const length = end - start
    if (length + ENTRY_OVERHEAD > this.bytesMax) {
      this.evict(0)
      return
    }
    this.evict(this.bytesMax - length - ENTRY_OVERHEAD)
    if (this.end + length > this.bytes.length) this.makeRoom(length)
    const at = this.end
    bytes.copy(this.bytes, at, start, end)
    this.end = at + length
    this.newest = (this.newest + 1) % this.slots
    this.count++
    this.size += length + ENTRY_OVERHEAD
    const slot = this.newest * 3
    this.places[slot] = at
    this.places[slot + 1] = at + valueStart - start
    this.places[slot + 2] = this.end
  }

  private evict(bytes: number): void {
    while (this.size > bytes) {
      const oldest = this.count - 1
      this.size -= this.valueEnd(oldest) - this.start(oldest) + ENTRY_OVERHEAD
      this.count--
    }
    if (this.count === 0) this.end = 0
  }

  /** Moves what is left to the front: entries lie in the order in which they came. Twice the table's size is always enough. */
  private makeRoom(length: number): void {
    const from = this.count === 0 ? this.end : this.start(this.count - 1)
    const kept = this.end - from
    if (kept + length > this.bytes.length / 2 && this.bytes.length < this.limit * 2) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.limit * 2, Math.max(FIRST_BYTES, (kept + length) * 2)))
      this.bytes.copy(larger, 0, from, this.end)
      this.bytes = larger
    } else this.bytes.copyWithin(0, from, this.end)
    for (let i = 0; i < this.count; i++) {
      const slot = this.slot(i)
      for (let part = 0; part < 3; part++) this.places[slot + part]! -= from
    }
    this.end = kept
  }
}
