// OpenAPI documents that stand inside the configuration, as texts under `documents`: `openapi: document:NAME` leads to them.
import { type Fault, type Path, shownName, suggestion } from '../../base/fault.ts'
import { YAML_VALUES_MAX } from '../sections/document-schema.ts'
import { members } from './members.ts'
import { OPENAPI_CAPS, parseText, type SourceDocument } from './source-document.ts'

const PREFIX = 'document:'

export const isInline = (written: string): boolean => written.startsWith(PREFIX)
export const inlineName = (name: string): string => PREFIX + name
/** NAME of `document:NAME`; undefined for everything else. */
export const nameOfInline = (written: string): string | undefined => (written.startsWith(PREFIX) ? written.slice(PREFIX.length) : undefined)

const known = new WeakMap<SourceDocument, ReadonlyMap<string, SourceDocument>>()

/** The documents under `documents`, by `document:NAME`, each read once for as long as what it stands in stays the same. */
export function inlineDocuments(document: SourceDocument): ReadonlyMap<string, SourceDocument> {
  let found = known.get(document)
  if (!found) {
    const texts = Object.entries(members(members<'documents'>(document.value).documents)).filter(
      (each): each is [string, string] => typeof each[1] === 'string',
    )
    found = new Map(texts.map(([name, text]) => [inlineName(name), readInline(inlineName(name), text)]))
    known.set(document, found)
  }
  return found
}

/** `file` is how its faults are shown, with lines of the text itself. */
export function readInline(file: string, text: string): SourceDocument {
  const isFast = isJson(text)
  return parseText(file, text, isFast ? OPENAPI_CAPS : { ...OPENAPI_CAPS, values: YAML_VALUES_MAX }, isFast)
}

/** A flow mapping of YAML may begin as JSON does: only what is JSON is read by its faster reader. */
export function isJson(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The fault of naming a document that is not there. `names`: of all documents. */
export function unknownDocument(written: string, path: Path, names: Iterable<string>): Fault[] {
  const all = [...names]
  if (all.includes(written)) return []
  const name = nameOfInline(written) ?? written
  const others = all.flatMap((each) => nameOfInline(each) ?? [])
  return [{ code: 'unknown-document', path, message: `there is no document '${shownName(name)}'${suggestion(name, others)}` }]
}
