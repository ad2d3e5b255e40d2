// Reads YAML 1.2 into plain data, strictly: no tags, directives, merge keys, repeated or prototype keys, and no more aliases or depth than the caps.
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Pair, parseDocument } from 'yaml'
import { type Path, shownName } from '../../base/fault.ts'
import type { Position } from './located-fault.ts'
import type { DocumentCaps } from './source-document.ts'
import { yamlExcess } from './yaml-bounds.ts'

/** A fault of a text: where it stands is known at once. */
export interface TextFault {
  readonly code: string
  readonly message: string
  readonly position: Position
}
export interface ParsedText {
  readonly value: unknown
  readonly faults: readonly TextFault[]
  at(path: Path, atKey: boolean): Position
}

const TAGS = new Set(['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`))
const SYNTAX_FAULTS_SHOWN = 10

export function parseYaml(text: string, caps: DocumentCaps): ParsedText {
  const lines = new LineCounter()
  const excess = yamlExcess(text, caps)
  if (excess !== undefined) {
    const before = text.slice(0, excess.offset)
    const position = { line: before.split('\n').length, column: excess.offset - before.lastIndexOf('\n') }
    return { value: undefined, faults: [{ code: excess.code, message: excess.message, position }], at: () => position }
  }
  const document = compose(text, lines)
  if (typeof document === 'string') {
    const fault: TextFault = { code: 'yaml-syntax', message: document, position: { line: 1, column: 1 } }
    return { value: undefined, faults: [fault], at: () => fault.position }
  }
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const at = (path: Path, atKey: boolean): Position => position(offsetOf(document, path, atKey))
  const faults: TextFault[] = document.errors
    .slice(0, SYNTAX_FAULTS_SHOWN)
    .map((error) => ({ code: 'yaml-syntax', message: error.message, position: position(error.pos[0]) }))
  // %YAML 1.1 would turn `no` into false and `<<` into a merge: the same text must not read two ways.
  if (/^%[A-Z]/m.test(text) && (document.directives?.yaml.explicit || Object.keys(document.directives?.tags ?? {}).some((handle) => handle !== '!!'))) {
    faults.push({
      code: 'yaml-directive',
      message: 'YAML directives are not read: the document is YAML 1.2 without its own tags',
      position: { line: 1, column: 1 },
    })
  }
  if (faults.length > 0) return { value: undefined, faults, at }
  const reader = new PlainReader(caps, (offset, code, message) => void faults.push({ code, message, position: position(offset) }))
  const value = reader.read(document.contents, 0)
  return { value, faults, at }
}

/** The composed document, or the reason why there is none: the library recurses, and a text made to exhaust the stack ends here. */
function compose(text: string, lines: LineCounter): Document | string {
  try {
    return parseDocument(text, { version: '1.2', schema: 'core', merge: false, uniqueKeys: false, lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  } catch (error) {
    return error instanceof RangeError ? 'the document is nested too deeply to be read' : 'the document cannot be read as YAML'
  }
}

type Report = (offset: number, code: string, message: string) => void
/** An anchored value: its data and how many values it stands for. */
interface Anchored {
  readonly value: unknown
  readonly size: number
}
const OPEN: Anchored = { value: undefined, size: 0 }

class PlainReader {
  private readonly caps: DocumentCaps
  private readonly report: Report
  private readonly anchors = new Map<string, Anchored>()
  private aliases = 0
  private values = 0

  constructor(caps: DocumentCaps, report: Report) {
    this.caps = caps
    this.report = report
  }

  /** Values are counted as if every alias were written out: a few lines of aliases can stand for billions (CWE-776). */
  read(node: unknown, depth: number): unknown {
    if (this.values > this.caps.values) return undefined
    if (isAlias(node)) return this.follow(node.source, node.range?.[0] ?? 0)
    if (++this.values > this.caps.values) {
      this.report(offset(node), 'too-many-values', `the document holds more than ${this.caps.values} values`)
      return undefined
    }
    const { tag, anchor } = (node ?? {}) as { tag?: string; anchor?: string }
    if (tag !== undefined && !TAGS.has(tag)) this.report(offset(node), 'custom-tag', 'YAML tags are not read: write the value plainly')
    if (depth > this.caps.depth) {
      this.report(offset(node), 'too-deep', `the document is nested deeper than ${this.caps.depth} levels`)
      return undefined
    }
    if (anchor === undefined) return this.plain(node, depth)
    const before = this.values
    this.anchors.set(anchor, OPEN)
    const value = this.plain(node, depth)
    this.anchors.set(anchor, { value, size: this.values - before + 1 })
    return value
  }

  private plain(node: unknown, depth: number): unknown {
    if (isMap(node)) return this.object(node.items as Pair[], depth)
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1))
    if (!isScalar(node)) return null
    const { value } = node
    if (typeof value === 'number' && !Number.isFinite(value)) this.report(offset(node), 'bad-number', 'a number must be finite')
    return value
  }

  private object(pairs: readonly Pair[], depth: number): unknown {
    const out: Record<string, unknown> = {}
    for (const { key, value } of pairs) {
      const name = isScalar(key) && key.value !== null ? (typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))) : undefined
      const where = offset(key)
      if (name === undefined) this.report(where, 'bad-key', 'a key must be plain text')
      else if (name === '<<') this.report(where, 'merge-key', "merge keys ('<<') are not read: write the keys out")
      else if (name === '__proto__' || (this.caps.strictNames && (name === 'constructor' || name === 'prototype'))) {
        this.report(where, 'prototype-key', `'${name}' is no name for a key`)
      } else if (Object.hasOwn(out, name)) this.report(where, 'duplicate-key', `the key '${shownName(name)}' stands here for the second time`)
      else out[name] = this.read(value, depth + 1)
    }
    return out
  }

  private follow(name: string, where: number): unknown {
    const anchored = this.anchors.get(name)
    if (++this.aliases === this.caps.aliases + 1) this.report(where, 'too-many-aliases', `the document holds more than ${this.caps.aliases} aliases`)
    if (anchored === undefined || anchored === OPEN) {
      this.report(where, 'bad-alias', `the alias '*${shownName(name)}' stands for nothing before it, or for what it stands in`)
      return undefined
    }
    this.values += anchored.size
    if (this.values > this.caps.values)
      this.report(where, 'too-many-values', `the document holds more than ${this.caps.values} values once its aliases are followed`)
    return anchored.value
  }
}

const offset = (node: unknown): number => (node as { range?: readonly [number, number, number] } | null)?.range?.[0] ?? 0

function offsetOf(document: Document, path: Path, atKey: boolean): number {
  let node: unknown = document.contents
  let found = offset(node)
  for (const [i, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = (node.items as Pair[]).find(({ key }) => isScalar(key) && String(key.source ?? key.value) === String(step))
      if (!pair) return found
      node = pair.value
      // A value that was left out has no place of its own: its key is what there is to point at.
      found = (atKey && i === path.length - 1) || node === null || (isScalar(node) && node.source === '') ? offset(pair.key) : offset(node)
    } else if (isSeq(node) && typeof step === 'number' && step < node.items.length) {
      node = node.items[step]
      found = offset(node)
    } else return found
  }
  return found
}
