// Field lines of a head, request's or response's, read strictly over bytes (RFC 9112 5) into positions.
import * as F from './faults.ts'
import * as N from './field-names.ts'
import { CR, FIELD_VALUE, HTAB, LF, latin1, SP, TOKEN } from './octets.ts'

/** Bounds of a head in octets and in field lines; `fields` is at most `FIELDS_MAX`. */
export interface FieldLimits {
  readonly headBytes: number
  readonly fields: number
}
export const FIELDS_MAX = 256

/** What a reader answers when the rest has not arrived yet. */
export const INCOMPLETE = 0

/** Flags of a field: written as the gateway would write it, written otherwise, or not to be seen by anyone. */
export const KEPT = 0
export const RESPELLED = 1
export const DROPPED = 2

/** The fields of one head, as positions into `bytes`, which must not change while the head is in use. */
export class FieldLines {
  bytes: Buffer = EMPTY
  /** The octet after the head's last. */
  end = 0
  fieldCount = 0
  /** The Content-Length line stays as it stands: it is written as we would write it. */
  lengthKept = false
  /** Four numbers a field: name start, name end, value start, value end. */
  readonly at = new Int32Array(FIELDS_MAX * 4)
  readonly ids = new Uint8Array(FIELDS_MAX)
  readonly flags = new Uint8Array(FIELDS_MAX)

  /** Index of the first field of this name that is still there at or after `from`, or -1. */
  find(name: N.FieldName, from = 0): number {
    for (let i = from; i < this.fieldCount; i++) {
      if (this.flags[i] !== DROPPED && N.isNamed(this.bytes, this.at[i * 4]!, this.at[i * 4 + 1]!, name)) return i
    }
    return -1
  }
  /** Index of the first field with this known identifier at or after `from`, dropped ones included, or -1. */
  findId(id: number, from = 0): number {
    for (let i = from; i < this.fieldCount; i++) if (this.ids[i] === id) return i
    return -1
  }
  /** A field's value, latin-1: one character an octet. */
  value(index: number): string {
    return latin1(this.bytes, this.at[index * 4 + 2]!, this.at[index * 4 + 3]!)
  }
  name(index: number): string {
    return latin1(this.bytes, this.at[index * 4]!, this.at[index * 4 + 1]!)
  }
  /** The value of the first field of this name, or undefined. */
  get(name: N.FieldName): string | undefined {
    const index = this.find(name)
    return index < 0 ? undefined : this.value(index)
  }
  drop(index: number): void {
    this.flags[index] = DROPPED
  }
  isDropped(index: number): boolean {
    return this.flags[index] === DROPPED
  }
  /** True when the line in `bytes` is already written as the gateway would write it: "Name: value" CR LF. */
  isCanonical(index: number): boolean {
    return this.flags[index] === KEPT
  }

  /** Lets go of the bytes, so that an idle head holds no memory. */
  clear(): void {
    this.bytes = EMPTY
    this.fieldCount = 0
  }
}
const EMPTY = Buffer.alloc(0)

/** Reads field lines to the empty line; answers the position after it, `INCOMPLETE`, or a negative fault. */
export function readFieldLines(head: FieldLines, bytes: Buffer, from: number, to: number, limits: FieldLimits): number {
  const at = head.at
  let p = from
  let count = 0
  for (;;) {
    if (p >= to) return INCOMPLETE
    if (bytes[p] === CR) {
      if (p + 1 >= to) return INCOMPLETE
      if (bytes[p + 1] !== LF) return -F.BAD_LINE_END
      head.fieldCount = count
      return p + 2
    }
    const nameStart = p
    while (p < to && TOKEN[bytes[p]!] === 1) p++
    if (p >= to) return INCOMPLETE
    if (bytes[p] !== 0x3a || p === nameStart) {
      if (p === nameStart && (bytes[p] === SP || bytes[p] === HTAB)) return -F.FOLDED_LINE
      return bytes[p] === LF || bytes[p] === CR ? -F.BAD_LINE_END : -F.BAD_FIELD_NAME
    }
    const nameEnd = p++
    while (p < to && (bytes[p] === SP || bytes[p] === HTAB)) p++
    const valueStart = p
    while (p < to && FIELD_VALUE[bytes[p]!] === 1) p++
    if (p + 1 >= to) {
      if (p < to && bytes[p] !== CR) return bytes[p] === LF ? -F.BAD_LINE_END : -F.BAD_FIELD_VALUE
      return INCOMPLETE
    }
    if (bytes[p] !== CR) return bytes[p] === LF ? -F.BAD_LINE_END : -F.BAD_FIELD_VALUE
    if (bytes[p + 1] !== LF) return -F.BAD_LINE_END
    let valueEnd = p
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--
    if (count >= limits.fields) return -F.TOO_MANY_FIELDS
    const slot = count * 4
    at[slot] = nameStart
    at[slot + 1] = nameEnd
    at[slot + 2] = valueStart
    at[slot + 3] = valueEnd
    head.flags[count] = valueEnd === p && valueStart === nameEnd + 2 && bytes[nameEnd + 1] === SP ? KEPT : RESPELLED
    head.ids[count] = N.identify(bytes, nameStart, nameEnd)
    count++
    p += 2
  }
}

/** A plain decimal number of at most 15 digits (below 2^53), or -1. RFC 9110 8.6: 1*DIGIT, nothing else. */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > 15) return -1
  let value = 0
  for (let p = start; p < end; p++) {
    const digit = bytes[p]! - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Reads a Content-Length field into a number, -1 when it is none; the line is kept when it is spelled as we would spell it, else dropped. */
export function readLength(head: FieldLines, index: number): number {
  const start = head.at[index * 4 + 2]!
  const end = head.at[index * 4 + 3]!
  head.lengthKept = head.isCanonical(index) && (head.bytes[start] !== 0x30 || end - start === 1)
  if (!head.lengthKept) head.drop(index)
  return decimal(head.bytes, start, end)
}
