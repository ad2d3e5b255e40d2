// A YAML or JSON document read into plain data, with the way back from a value to its line and column.
import { isUtf8 } from 'node:buffer'
import type { Path } from '../../base/fault.ts'
import { visible } from '../../base/visible-text.ts'
import { parseJson } from './json-document.ts'
import type { LocatedFault, Position } from './located-fault.ts'
import { parseYaml } from './yaml-document.ts'

/** How much a document may ask of us. */
export interface DocumentCaps {
  /** Collections inside collections. */
  readonly depth: number
  /** YAML: aliases in the text. */
  readonly aliases: number
  /** YAML: values after aliases are followed. */
  readonly values: number
  /** Refuse the keys `constructor` and `prototype` too, not only `__proto__`: where keys are names of ours. */
  readonly strictNames: boolean
}

export const CONFIGURATION_CAPS: DocumentCaps = { depth: 32, aliases: 100, values: 1_000_000, strictNames: true }
/** `constructor` is an honest property of a schema in somebody's API. */
export const OPENAPI_CAPS: DocumentCaps = { depth: 200, aliases: 1000, values: 4_000_000, strictNames: false }

export interface SourceDocument {
  /** Absolute path; of what is no file a name that no path has: with a colon before any slash. */
  readonly file: string
  readonly text: string
  /** Plain data; undefined when there are faults. */
  readonly value: unknown
  /** What is wrong with the document as a document. */
  readonly faults: readonly LocatedFault[]
  /** The position of the value at `path`, or of its key; where the path leads nowhere, of the nearest value above it. */
  at(path: Path, atKey: boolean): Position
  /** Names a place where there are no lines: in what the console owns. */
  placeOf?(path: Path): string
}

/** Reads the document; `.json` is read as JSON, everything else as YAML, of which JSON is a part. */
export function parseSource(file: string, bytes: Buffer, caps: DocumentCaps): SourceDocument {
  if (!isUtf8(bytes)) {
    const fault = { file, line: 1, column: 1, code: 'not-utf8', message: 'the document is not UTF-8' }
    return { file, text: '', value: undefined, faults: [fault], at: () => ({ line: 1, column: 1 }) }
  }
  return parseText(file, bytes.toString('utf8').replace(/^\uFEFF/, ''), caps, file.endsWith('.json'))
}

/** The same of a text that was read already. */
export function parseText(file: string, text: string, caps: DocumentCaps, isJson: boolean): SourceDocument {
  const parsed = isJson ? parseJson(text, caps) : parseYaml(text, caps)
  const document = { file, text, value: parsed.faults.length > 0 ? undefined : parsed.value, at: parsed.at }
  const faults = parsed.faults.map(({ code, message, position }) => ({ file, ...position, code, message: visible(message) }))
  return { ...document, faults }
}
