// Walks a JSON text by RFC 8259 with positions: slower than JSON.parse, used only when there is something to point at.
import { type Path, shownName } from '../../base/fault.ts'
import type { DocumentCaps } from './source-document.ts'

export interface ScanFault {
  readonly code: string
  readonly message: string
  readonly offset: number
}

class Malformed {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

const SCALAR = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/y

export class JsonScanner {
  private readonly text: string
  private readonly caps: DocumentCaps
  private p = 0
  private faults: ScanFault[] = []
  private wanted: Path | undefined = undefined
  private wantedKey = false
  private found = 0

  constructor(text: string, caps: DocumentCaps) {
    this.text = text
    this.caps = caps
  }

  /** Adds every fault of the text: the first place that is not JSON, every repeated or prototype key, excessive depth. */
  check(faults: ScanFault[]): void {
    this.faults = faults
    try {
      this.value(0, true)
      this.space()
      if (this.p < this.text.length) throw new Malformed('something follows the end of the document')
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      faults.push({ code: 'json-syntax', message: error.message, offset: this.p })
    }
  }

  /** Where the value at `path`, or its key, begins; the nearest value above it when there is none. */
  find(path: Path, atKey: boolean): number {
    this.wanted = path
    this.wantedKey = atKey
    try {
      this.value(0, true)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
    }
    return this.found
  }

  /** `on`: this value stands on the path that is looked for, `depth` steps down. */
  private value(depth: number, on: boolean): void {
    this.space()
    if (depth > this.caps.depth) {
      this.faults.push({ code: 'too-deep', message: `the document is nested deeper than ${this.caps.depth} levels`, offset: this.p })
      throw new Malformed('what is nested deeper is not read')
    }
    const keyIsMeant = this.wantedKey && depth === this.wanted?.length && depth > 0 && typeof this.wanted[depth - 1] === 'string'
    if (on && !keyIsMeant) this.found = this.p
    const first = this.text[this.p]
    if (first === '{') this.object(depth, on)
    else if (first === '[') this.array(depth, on)
    else if (first === '"') this.string()
    else {
      SCALAR.lastIndex = this.p
      if (!SCALAR.test(this.text)) throw new Malformed(this.p < this.text.length ? 'here should be a value' : 'the document ends too early')
      this.p = SCALAR.lastIndex
    }
  }

  private object(depth: number, on: boolean): void {
    const seen = new Set<string>()
    this.p++
    this.space()
    if (this.take('}')) return
    do {
      this.space()
      const offset = this.p
      if (this.text[this.p] !== '"') throw new Malformed('here should be a key in double quotes')
      const key = this.string()
      if (seen.has(key)) this.faults.push({ code: 'duplicate-key', message: `the key '${shownName(key)}' stands here for the second time`, offset })
      seen.add(key)
      if (key === '__proto__' || (this.caps.strictNames && (key === 'constructor' || key === 'prototype'))) {
        this.faults.push({ code: 'prototype-key', message: `'${key}' is no name for a key`, offset })
      }
      this.space()
      if (!this.take(':')) throw new Malformed('here should be a colon')
      const next = on && this.wanted !== undefined && depth < this.wanted.length && String(this.wanted[depth]) === key
      if (next && this.wantedKey && depth === this.wanted!.length - 1) this.found = offset
      this.value(depth + 1, next)
      this.space()
    } while (this.take(','))
    if (!this.take('}')) throw new Malformed("here should be a comma or '}'")
  }

  private array(depth: number, on: boolean): void {
    this.p++
    this.space()
    if (this.take(']')) return
    let index = 0
    do {
      this.value(depth + 1, on && this.wanted !== undefined && depth < this.wanted.length && this.wanted[depth] === index)
      index++
      this.space()
    } while (this.take(','))
    if (!this.take(']')) throw new Malformed("here should be a comma or ']'")
  }

  private string(): string {
    let close = this.text.indexOf('"', this.p + 1)
    while (close >= 0 && isEscaped(this.text, close)) close = this.text.indexOf('"', close + 1)
    try {
      const read = JSON.parse(this.text.slice(this.p, close + 1)) as string
      this.p = close + 1
      return read
    } catch {
      throw new Malformed('a string that does not end, or holds a control character or a bad escape')
    }
  }

  private take(character: string): boolean {
    if (this.text[this.p] !== character) return false
    this.p++
    return true
  }

  private space(): void {
    for (let code = this.text.charCodeAt(this.p); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; code = this.text.charCodeAt(this.p))
      this.p++
  }
}

/** True when the quote at `quote` follows an odd number of backslashes. */
export function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++
  return backslashes % 2 === 1
}
