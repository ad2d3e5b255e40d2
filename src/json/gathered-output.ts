// Gathers the many small pieces that a change makes into few, and may hold the first of them back until it is known whether the whole is sound.

export interface OctetTaker {
  put(octets: Uint8Array, start: number, end: number): void
}

const GATHERED_BYTES = 16 * 1024
/** What may come out before anything has gone in, and for each octet that goes in: a short body must not become one that fills memory. */
const OUT_BYTES_FIRST = 1024 ** 2
const OUT_BYTES_PER_OCTET = 64

export class GatheredOutput {
  private readonly to: OctetTaker
  private memory: Buffer = NONE
  private size = 0
  /** Octets that may still be held back. */
  private readonly heldBytesMax: number
  private holding: boolean
  private allowed = OUT_BYTES_FIRST
  /** More was to come out than may: it is not here. */
  overflowed = false

  /** `heldBytesMax`: nothing is passed on before there is more than this, or `release` is called. */
  constructor(to: OctetTaker, heldBytesMax: number) {
    this.to = to
    this.heldBytesMax = heldBytesMax
    this.holding = heldBytesMax > 0
  }

  /** So many octets went in. */
  wentIn(octets: number): void {
    this.allowed += octets * OUT_BYTES_PER_OCTET
  }

  put(octets: Uint8Array, start: number, end: number): void {
    const length = end - start
    this.allowed -= length
    if (this.allowed < 0) {
      this.overflowed = true
      return
    }
    if (this.holding && this.size + length > this.heldBytesMax) this.release()
    if (this.holding) this.makeRoom(this.size + length, this.heldBytesMax)
    else {
      if (this.size + length > GATHERED_BYTES) this.flush()
      // Long stretches need no copy.
      if (length > GATHERED_BYTES / 4) {
        this.flush()
        this.to.put(octets, start, end)
        return
      }
      this.makeRoom(this.size + length, GATHERED_BYTES)
    }
    copyOctets(octets, start, end, this.memory, this.size)
    this.size += length
  }
  putAll(octets: Uint8Array): void {
    this.put(octets, 0, octets.length)
  }

  /** Passes on what was gathered, unless it is held back. */
  flush(): void {
    if (this.holding || this.size === 0) return
    const { size } = this
    this.size = 0
    this.to.put(this.memory, 0, size)
  }
  /** Nothing is held back from here on. */
  release(): void {
    this.holding = false
    this.flush()
    if (this.memory.length > GATHERED_BYTES) this.memory = NONE
  }
  /** What is still here is never passed on. */
  discard(): void {
    this.size = 0
    this.memory = NONE
  }

  private makeRoom(wanted: number, max: number): void {
    if (wanted <= this.memory.length) return
    const grown = Buffer.allocUnsafe(Math.max(wanted, Math.min(max, Math.max(1024, this.memory.length * 2))))
    this.memory.copy(grown, 0, 0, this.size)
    this.memory = grown
  }
}
const NONE = Buffer.alloc(0)

/** A view costs more than to copy a few octets by hand. */
export function copyOctets(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 48) to.set(from.subarray(start, end), at)
  else for (let p = start, q = at; p < end; p++, q++) to[q] = from[p]!
}
