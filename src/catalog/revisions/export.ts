// The catalog as one text: every object of both owners in canonical form, so that equal catalogs are equal texts.
import { isDeepStrictEqual } from 'node:util'
import { stringify } from 'yaml'
import { isJson } from '../reading/inline-documents.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import { type DocumentCaps, parseText, type SourceDocument } from '../reading/source-document.ts'
import { YAML_VALUES_MAX } from '../sections/document-schema.ts'
import { type CatalogObject, configurationOf, KINDS, kindNamed, objectsOf } from './kinds.ts'
import { plainFaults } from './plain-value.ts'

/** Documents stand inside: more than a configuration that refers to files. */
const EXPORT_CAPS: DocumentCaps = { depth: 32, aliases: 0, values: 4_000_000, strictNames: true }
const EXPORT_CHARACTERS_MAX = 128 * 1024 ** 2

/**
 * Sorted by key at every depth, without comments and anchors, documents as texts. It holds references to secrets and digests of keys, never a secret:
 * nothing else is in the catalog. Throws rather than give out a text that reads otherwise than it was meant.
 */
export function exportText(objects: Iterable<CatalogObject>): string {
  const configuration = sortedKeys({ gatehouse: 1, ...configurationOf(objects) }) as Record<string, unknown>
  const { gatehouse, ...sections } = configuration
  const text = [{ gatehouse }, ...Object.entries(sections).map(([name, section]) => ({ [name]: section }))]
    .map((part) => stringify(part, { lineWidth: 0, minContentWidth: 0, aliasDuplicateObjects: false, version: '1.2', schema: 'core', indent: 2 }))
    .join('')
  const back = parseText('export', text, EXPORT_CAPS, false)
  if (back.faults.length > 0 || !isDeepStrictEqual(back.value, configuration))
    throw new Error(`an object of the catalog has a value that cannot be written: ${back.faults[0]?.message ?? 'it reads otherwise'}`)
  return text
}

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sortedKeys(member)]),
  )
}

/** What somebody wants to have: objects, or what is wrong with the text. */
export type Applied = { readonly objects: readonly CatalogObject[]; readonly faults: readonly [] } | { readonly faults: readonly LocatedFault[] }

/** Reads an export, or what was written like one. `file`: how its faults are shown. */
export function readApplied(text: string, file: string): Applied {
  if (text.length > EXPORT_CHARACTERS_MAX)
    return { faults: [{ file, line: 1, column: 1, code: 'file-too-large', message: `the text has more than ${EXPORT_CHARACTERS_MAX} characters` }] }
  const isFast = isJson(text)
  const document = parseText(file, text, isFast ? EXPORT_CAPS : { ...EXPORT_CAPS, values: YAML_VALUES_MAX }, isFast)
  if (document.faults.length > 0) return { faults: document.faults }
  const objects = objectsOf(document.value)
  const faults = sectionFaults(document)
  for (const object of objects) if (faults.length < FAULTS_MAX) faults.push(...valueFaults(document, object))
  return faults.length > 0 ? { faults } : { objects, faults: [] }
}

/** Sections that are no objects of the catalog: they would be passed over, and their writer would believe that they were applied. */
export function sectionFaults(document: SourceDocument, besides: readonly string[] = []): LocatedFault[] {
  const { value } = document
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return [faultAt(document, [], 'wrong-type', 'the document is a configuration with sections')]
  let found = 0
  return Object.entries(value).flatMap(([key, section]) => {
    if (found >= FAULTS_MAX) return []
    const faults = faultsOf(key, section)
    found += faults.length
    return faults
  })

  function faultsOf(key: string, section: unknown): LocatedFault[] {
    if (key === 'gatehouse') return section === 1 ? [] : [faultAt(document, [key], 'unknown-word', "'gatehouse' must be 1")]
    if (besides.includes(key)) return []
    const kind = KINDS.find((each) => each.section === key)
    if (!kind) return [faultAt(document, [key], 'not-applied', `'${key}' is no section of the catalog: it is for the file that Gatehouse is started with`)]
    const isMap = (each: unknown): boolean => typeof each === 'object' && each !== null && !Array.isArray(each)
    const isWhole = isMap(section) && (kind.levels === 1 || Object.values(section as object).every(isMap))
    return isWhole ? [] : [faultAt(document, [key], 'wrong-type', `'${key}' holds objects by name`)]
  }
}
/** To find the place of one, the text is read up to there: of a text that is nothing but faults only the first ones are told. */
const FAULTS_MAX = 100

function valueFaults(document: SourceDocument, { kind, name, value }: CatalogObject): LocatedFault[] {
  const known = kindNamed(kind)!
  const path = [known.section, ...name.split('@')]
  return plainFaults(known, name, value).map((fault) => faultAt(document, [...path, ...fault.path], fault.code, fault.message))
}

function faultAt(document: SourceDocument, path: readonly (string | number)[], code: string, message: string): LocatedFault {
  const at = document.at(path, true)
  return { file: document.file, line: at.line, column: at.column, code, message }
}
