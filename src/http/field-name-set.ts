// A set of field names, so that a head is searched for many names in one pass over its fields.
import type { FieldLines } from './field-lines.ts'
import { type FieldName, fieldName, isNamed } from './field-names.ts'
import { FOLDED } from './octets.ts'

export class FieldNameSet {
  readonly names: readonly FieldName[]
  /** By the length of the name: nearly every field of a head is told apart by it. */
  private readonly byLength: FieldName[][] = []
  private readonly folded: boolean

  /** `folded`: a name with "_" for "-" is the same name, as it is to CGI and its heirs. */
  constructor(names: readonly string[], { folded = false } = {}) {
    this.folded = folded
    this.names = [...new Set(names.map((name) => name.toLowerCase()))].map(fieldName)
    for (const name of this.names) (this.byLength[name.bytes.length] ??= []).push(name)
  }

  /** `name` in lower case. */
  has(name: string): boolean {
    return this.names.some(({ text }) => text === name)
  }

  /** Drops every field of the head that has one of the names. */
  dropFrom(head: FieldLines): void {
    const { byLength, folded } = this
    for (let i = 0; i < head.fieldCount; i++) {
      const start = head.at[i * 4]!
      const end = head.at[i * 4 + 1]!
      const sameLength = byLength[end - start]
      if (sameLength === undefined || head.isDropped(i)) continue
      for (let k = 0; k < sameLength.length; k++) {
        if (folded ? isFolded(head.bytes, start, sameLength[k]!) : isNamed(head.bytes, start, end, sameLength[k]!)) head.drop(i)
      }
    }
  }
}

/** Of a name of the same length. */
function isFolded(bytes: Uint8Array, start: number, { bytes: wanted }: FieldName): boolean {
  for (let i = 0; i < wanted.length; i++) if (FOLDED[bytes[start + i]!] !== FOLDED[wanted[i]!]) return false
  return true
}
