// Reads what somebody wants to apply: a file with what it includes and refers to, made into the one text that a running Gatehouse is sent.
import { resolve } from 'node:path'
import { DocumentCache } from '../reading/document-cache.ts'
import { type LocatedFault, sorted } from '../reading/located-fault.ts'
import { readSources } from '../reading/sources.ts'
import { exportText, readApplied, sectionFaults } from './export.ts'
import { readableParts } from './file-names.ts'
import { fileObjects } from './file-objects.ts'
import type { CatalogObject } from './kinds.ts'

export type Wanted =
  | { readonly objects: readonly CatalogObject[]; readonly text: string; readonly faults: readonly [] }
  | { readonly faults: readonly LocatedFault[] }

/** Everything wrong at once. OpenAPI files stand inside the text, made whole; what only the file of a running Gatehouse may hold is refused. */
export function readWanted(file: string): Wanted {
  const sources = readSources(resolve(file), new DocumentCache())
  const { objects, faults: notWhole } = fileObjects(sources)
  const faults: LocatedFault[] = [
    ...sources.faults,
    ...readableParts(sources).flatMap((document) => sectionFaults(document, document === sources.main ? ['include'] : [])),
    ...notWhole.map(({ file: where, path, message }) => {
      const at = sources.openapi.get(where)?.at(path, false) ?? { line: 1, column: 1 }
      return { file: where, line: at.line, column: at.column, code: 'ref-file', message }
    }),
  ]
  if (faults.length > 0) return { faults: sorted(faults) }
  const text = exportText(objects)
  const applied = readApplied(text, resolve(file))
  return 'objects' in applied ? { objects: applied.objects, text, faults: [] } : applied
}
