// Looks at every `$ref` of an OpenAPI document by its form: none may lead to the network or out of the document's folder, followed or not.
import { dirname } from 'node:path'
import type { Fault, Path } from '../../base/fault.ts'
import { type ReferenceFault, referenceFault } from '../reading/reference.ts'
import type { SourceDocument } from '../reading/source-document.ts'

/** Under these keys stands data of the API's own, in which `$ref` is a word like any other. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const'])
export const holdsData = (key: string): boolean => DATA.has(key) || key.startsWith('x-')

/** One fault for each reference that must not be there. Cheap for documents that refer only to themselves. */
export function referenceFaults(document: SourceDocument): Fault[] {
  // In JSON, a text without such a string has no such reference; an escaped spelling of "$ref" is one that nobody follows.
  if (document.file.endsWith('.json') && !/"\$ref"\s*:\s*"(?!#)/.test(document.text)) return []
  const faults: Fault[] = []
  const walk = (value: unknown, path: Path): void => {
    if (typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const [i, item] of value.entries()) walk(item, [...path, i])
      return
    }
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, key]
      if (key === '$ref' && typeof member === 'string') add(faults, at, referenceFault(member, document.file, dirname(document.file)))
      else if (!holdsData(key)) walk(member, at)
    }
  }
  walk(document.value, [])
  return faults
}

function add(faults: Fault[], path: Path, fault: ReferenceFault | undefined): void {
  if (fault) faults.push({ code: fault.code, path, message: fault.message })
}
