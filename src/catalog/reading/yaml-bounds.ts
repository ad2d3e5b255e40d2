// How large a YAML text is before it is composed: a composed value takes hundreds of octets and a hundredth of a millisecond, and the caps come after that.
import { Lexer } from 'yaml'
import type { DocumentCaps } from './source-document.ts'

/** The lexer tells that the next piece is a plain or block scalar, which may look like anything. */
const SCALAR_FOLLOWS = '\u001f'
/** What else it tells beside the text: a document begins, a flow collection was left open. */
const MARKS: readonly string[] = ['\u0002', '\u0018']
/** `  key: value` and its end of line are eight. */
const PIECES_OF_A_VALUE = 12

export interface Excess {
  readonly code: string
  readonly message: string
  readonly offset: number
}

/** Why the text is not composed, and where that is seen; undefined: it is within its caps as far as can be told without composing it. */
export function yamlExcess(text: string, caps: DocumentCaps): Excess | undefined {
  const seen: Record<string, number> = { scalar: 0, ':': 0, ',': 0, '-': 0, '?': 0, '[': 0, '{': 0 }
  let [offset, pieces, depth, inLine] = [0, 0, 0, 0]
  let isScalar = false
  for (const piece of new Lexer().lex(text)) {
    pieces++
    if (piece === SCALAR_FOLLOWS) {
      isScalar = true
      continue
    }
    if (!isScalar && MARKS.includes(piece)) continue
    const kind = isScalar || piece.startsWith('"') || piece.startsWith("'") ? 'scalar' : piece
    isScalar = false
    offset += piece.length
    if (kind === '\n' || kind === '\r\n') inLine = 0
    if (!Object.hasOwn(seen, kind)) {
      if (kind === ']' || kind === '}') depth = Math.max(0, depth - 1)
      // What stands for nothing is lexed quickly, and read again by who composes.
      if (pieces > PIECES_OF_A_VALUE * caps.values) return tooMany(caps, offset)
      continue
    }
    const count = ++seen[kind]!
    if (kind === '[' || kind === '{') depth++
    // Of a block, each stands one level deeper than the one before it in its line.
    else if (kind === '-' || kind === '?') inLine++
    if (depth > caps.depth || inLine > caps.depth)
      return { code: 'too-deep', message: `the document is nested deeper than ${caps.depth} levels`, offset: offset - piece.length }
    // A scalar before a colon is a key, and no value by itself.
    if (kind === 'scalar' ? count - seen[':']! > caps.values + 1 : count > caps.values) return tooMany(caps, offset)
  }
  return undefined
}

const tooMany = ({ values }: DocumentCaps, offset: number): Excess => ({
  code: 'too-many-values',
  message: `the document holds more than ${values} values: what is larger is JSON, which is read ten times faster`,
  offset,
})
