// Reads JSON into plain data: fast when nothing is wrong, and to the line and column when something is.
import type { Path } from '../../base/fault.ts'
import { isEscaped, JsonScanner, type ScanFault } from './json-scanner.ts'
import type { Position } from './located-fault.ts'
import type { DocumentCaps } from './source-document.ts'
import type { ParsedText } from './yaml-document.ts'

export function parseJson(text: string, caps: DocumentCaps): ParsedText {
  let walked = 0
  const at = (path: Path, atKey: boolean): Position => {
    if (walked > WALKED_MAX) return { line: 1, column: 1 }
    walked += text.length
    return positionAt(text, new JsonScanner(text, caps).find(path, atKey))
  }
  let value: unknown
  let suspect = false
  let malformed = false
  try {
    value = JSON.parse(text)
    // JSON.parse keeps the last of repeated keys and says nothing (RFC 8259 4 leaves it open): more keys written than read means that some were lost.
    const seen = { keys: 0, bad: false }
    survey(value, 0, caps, seen)
    suspect = seen.bad || seen.keys !== keysWritten(text)
  } catch {
    malformed = true
  }
  if (!suspect && !malformed) return { value, faults: [], at }
  const faults: ScanFault[] = []
  new JsonScanner(text, caps).check(faults)
  if (malformed && faults.length === 0) faults.push({ code: 'json-syntax', message: 'the document is not JSON', offset: 0 })
  const told = faults.slice(0, FAULTS_MAX)
  const placed = (offset: number, i: number): Position => (i * text.length > WALKED_MAX ? { line: 1, column: 1 } : positionAt(text, offset))
  return { value, faults: told.map(({ code, message, offset }, i) => ({ code, message, position: placed(offset, i) })), at }
}
/** A text that is nothing but faults would take a walk through it for each: the first ones are told, and of a large text the first ones with their place. */
const FAULTS_MAX = 1000
const WALKED_MAX = 16 * 1024 ** 2

function survey(value: unknown, depth: number, caps: DocumentCaps, seen: { keys: number; bad: boolean }): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > caps.depth) {
    seen.bad = true
    return
  }
  if (Array.isArray(value)) {
    for (const item of value) survey(item, depth + 1, caps, seen)
    return
  }
  const object = value as Record<string, unknown>
  for (const key of Object.keys(object)) {
    seen.keys++
    if (key === '__proto__' || (caps.strictNames && (key === 'constructor' || key === 'prototype'))) seen.bad = true
    survey(object[key], depth + 1, caps, seen)
  }
}

/** How many strings of a well-formed text are keys: those that a colon follows. */
function keysWritten(text: string): number {
  let keys = 0
  for (let open = text.indexOf('"'); open >= 0; ) {
    let close = text.indexOf('"', open + 1)
    while (isEscaped(text, close)) close = text.indexOf('"', close + 1)
    let next = close + 1
    while (text.charCodeAt(next) <= 0x20) next++
    if (text.charCodeAt(next) === 0x3a) keys++
    open = text.indexOf('"', close + 1)
  }
  return keys
}

function positionAt(text: string, offset: number): Position {
  let line = 1
  let start = 0
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', end + 1)) {
    line++
    start = end + 1
  }
  return { line, column: offset - start + 1 }
}
