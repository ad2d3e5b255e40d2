// What the file owns in the very form in which the console would own it: OpenAPI files are documents with a name, and hold all that they refer to.
import { inlineName } from '../reading/inline-documents.ts'
import type { Sources } from '../reading/sources.ts'
import { type BundleFault, bundled } from './bundle.ts'
import { documentName, fileObjectsAsWritten } from './file-names.ts'
import { type CatalogObject, KINDS, keyOf, type ObjectKey } from './kinds.ts'

export interface FileObjects {
  readonly objects: readonly CatalogObject[]
  /** OpenAPI documents that could not be made whole: a reference leads to what cannot be read. */
  readonly faults: readonly BundleFault[]
}

export function fileObjects(sources: Sources): FileObjects {
  const objects = new Map<ObjectKey, CatalogObject>()
  const faults: BundleFault[] = []
  const made = new Set<string>()
  const written = fileObjectsAsWritten(sources)
  const kind = KINDS.find(({ isText }) => isText)!.kind
  const inline = new Set(written.flatMap((each) => (each.kind === kind ? [each.name] : [])))
  for (const { openapi, document: _document, ...object } of written) {
    // The first of a name, as for the resolver, which refuses the second.
    if (objects.has(keyOf(object))) continue
    if (openapi === undefined) {
      objects.set(keyOf(object), object)
      continue
    }
    const name = documentName(openapi, sources)
    objects.set(keyOf(object), { ...object, value: { ...(object.value as object), openapi: inlineName(name) } })
    if (made.has(openapi)) continue
    made.add(openapi)
    const root = sources.openapi.get(openapi)
    if (!root || root.faults.length > 0) continue
    if (inline.has(name)) {
      faults.push({ file: openapi, path: [], message: `this file and the text '${name}' under 'documents' have one name as documents of the catalog` })
      continue
    }
    const whole = bundled(root, (file) => sources.openapi.get(file))
    faults.push(...whole.faults)
    objects.set(keyOf({ kind, name }), { kind, name, value: whole.text })
  }
  return { objects: [...objects.values()], faults }
}
