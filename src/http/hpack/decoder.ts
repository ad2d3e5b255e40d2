// Decodes the field blocks of one HTTP/2 connection (RFC 7541). Any fault is one of the whole connection: both sides no longer share a table (RFC 9113 4.3).
import { DynamicTable } from './dynamic-table.ts'
import type { FieldSection } from './field-section.ts'
import { decodeHuffman } from './huffman.ts'
import { STATIC_COUNT, STATIC_OCTETS, STATIC_PLACES } from './static-table.ts'

/** No index, length or size of ours is larger: what says more is wrong, and no number wraps. */
const NUMBER_BYTES_MAX = 4
const BROKEN = -1

export class HpackDecoder {
  private table: DynamicTable | undefined
  private readonly tableBytesMax: number
  /** Where the reading stands. */
  private at = 0

  /** `tableBytesMax` is our SETTINGS_HEADER_TABLE_SIZE. */
  constructor(tableBytesMax: number) {
    this.tableBytesMax = tableBytesMax
  }
  /** As RFC 7541 4.1 counts it. */
  get tableSize(): number {
    return this.table?.size ?? 0
  }

  /** Decodes one whole block into the section, which was begun. False when the block is none. What is too large for the section still goes through the table. */
  decode(block: Buffer, from: number, to: number, section: FieldSection): boolean {
    this.at = from
    let mayResize = true
    while (this.at < to) {
      const first = block[this.at]!
      if (first >= 0x80) {
        if (!this.indexed(this.number(block, to, 7), section)) return false
      } else if (first >= 0x20 && first < 0x40) {
        // RFC 7541 4.2: only before the fields of a block.
        const size = this.number(block, to, 5)
        if (!mayResize || size < 0 || !this.resize(size)) return false
        continue
      } else if (!this.literal(block, to, first, section)) return false
      mayResize = false
    }
    return true
  }

  private resize(bytes: number): boolean {
    // Most tables are resized before anything is in them, and stay so.
    this.table ??= new DynamicTable(this.tableBytesMax)
    return this.table.resize(bytes)
  }

  /** RFC 7541 6.1. */
  private indexed(index: number, section: FieldSection): boolean {
    if (index <= 0) return false
    if (index <= STATIC_COUNT) {
      const slot = index * 3
      section.copy(STATIC_OCTETS, STATIC_PLACES[slot]!, STATIC_PLACES[slot + 1]!, STATIC_PLACES[slot + 2]!)
      return true
    }
    const { table } = this
    const entry = index - STATIC_COUNT - 1
    if (table === undefined || entry >= table.count) return false
    section.copy(table.bytes, table.start(entry), table.valueStart(entry), table.valueEnd(entry))
    return true
  }

  /** RFC 7541 6.2. */
  private literal(block: Buffer, to: number, first: number, section: FieldSection): boolean {
    const isIndexing = first >= 0x40
    const index = this.number(block, to, isIndexing ? 6 : 4)
    if (index < 0) return false
    const start = section.free
    const valueStart = index === 0 ? this.text(block, to, section.bytes, start) : this.nameAt(index, section.bytes, start)
    if (valueStart < 0) return false
    const end = this.text(block, to, section.bytes, valueStart)
    if (end < 0) return false
    if (isIndexing) {
      this.table ??= new DynamicTable(this.tableBytesMax)
      this.table.add(section.bytes, start, valueStart, end)
    }
    section.add(valueStart, end)
    return true
  }
  /** Copies the name of that index; answers where it ends. */
  private nameAt(index: number, out: Buffer, at: number): number {
    if (index <= STATIC_COUNT) return copied(STATIC_OCTETS, STATIC_PLACES[index * 3]!, STATIC_PLACES[index * 3 + 1]!, out, at)
    const { table } = this
    const entry = index - STATIC_COUNT - 1
    if (table === undefined || entry >= table.count) return BROKEN
    return copied(table.bytes, table.start(entry), table.valueStart(entry), out, at)
  }

  /** RFC 7541 5.2. Answers where the text ends in `out`. */
  private text(block: Buffer, to: number, out: Buffer, at: number): number {
    if (this.at >= to) return BROKEN
    const isHuffman = block[this.at]! >= 0x80
    const length = this.number(block, to, 7)
    const from = this.at
    if (length < 0 || length > to - from) return BROKEN
    this.at = from + length
    return isHuffman ? decodeHuffman(block, from, from + length, out, at) : copied(block, from, from + length, out, at)
  }

  /** RFC 7541 5.1. A number that does not end, or is larger than any that is right, is `BROKEN`. */
  private number(block: Buffer, to: number, bits: number): number {
    const most = (1 << bits) - 1
    let value = block[this.at++]! & most
    if (value < most) return value
    for (let i = 0; i < NUMBER_BYTES_MAX; i++) {
      if (this.at >= to) return BROKEN
      const octet = block[this.at++]!
      value += (octet & 0x7f) << (i * 7)
      if (octet < 0x80) return value
    }
    return BROKEN
  }
}

/** A loop: names and values are short. Answers where the copy ends. */
function copied(bytes: Buffer, from: number, to: number, out: Buffer, at: number): number {
  const end = at + to - from
  if (to - from > 64) bytes.copy(out, at, from, to)
  else for (let p = from; p < to; p++) out[at + p - from] = bytes[p]!
  return end
}
