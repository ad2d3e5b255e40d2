// Makes one document of an OpenAPI document and the files that it refers to, without following, copying or losing a single reference.
import { dirname, relative, sep } from 'node:path'
import type { Path } from '../../base/fault.ts'
import { holdsData } from '../openapi/references.ts'
import { readBoundedFile } from '../reading/bounded-file.ts'
import { isJson } from '../reading/inline-documents.ts'
import { referenceFault, referenceFile } from '../reading/reference.ts'
import { OPENAPI_CAPS, parseSource, type SourceDocument } from '../reading/source-document.ts'
import { YAML_CHARACTERS_MAX } from '../sections/document-schema.ts'

export interface BundleFault {
  readonly file: string
  readonly path: Path
  readonly message: string
}

/** Below this key of the root stand the other documents, whole, by their path: it begins with `x-`, so that readers of OpenAPI pass it over. */
const KEY = 'x-gatehouse-documents'
const BYTES_MAX = 32 * 1024 ** 2
const FILES_MAX = 1000

/** The text of a document that refers only to itself is what the file holds. `known`: documents that were read already. */
export function bundled(
  root: SourceDocument,
  known: (file: string) => SourceDocument | undefined,
): { readonly text: string; readonly faults: readonly BundleFault[] } {
  const bundling = new Bundling(root, known)
  const value = bundling.rewritten(root, root.value)
  if (bundling.faults.length === 0 && bundling.others.size === 0) {
    const isTooLong = root.text.length > YAML_CHARACTERS_MAX && !isJson(root.text)
    return { text: isTooLong ? `${JSON.stringify(root.value, null, 2)}\n` : root.text, faults: [] }
  }
  const others = [...bundling.others].sort(([a], [b]) => (a < b ? -1 : 1))
  return { text: `${JSON.stringify({ ...(value as object), [KEY]: Object.fromEntries(others) }, null, 2)}\n`, faults: bundling.faults }
}

class Bundling {
  readonly others = new Map<string, unknown>()
  readonly faults: BundleFault[] = []
  private readonly root: SourceDocument
  private readonly known: (file: string) => SourceDocument | undefined

  constructor(root: SourceDocument, known: (file: string) => SourceDocument | undefined) {
    this.root = root
    this.known = known
  }

  /** A copy whose references lead into the bundle. */
  rewritten(document: SourceDocument, value: unknown, path: Path = []): unknown {
    if (Array.isArray(value)) return value.map((item, i) => this.rewritten(document, item, [...path, i]))
    if (typeof value !== 'object' || value === null) return value
    const out: Record<string, unknown> = {}
    for (const [key, member] of Object.entries(value)) {
      const at = [...path, key]
      out[key] = key === '$ref' && typeof member === 'string' ? this.reference(document, member, at) : this.rewritten(document, member, at)
    }
    return out
  }

  private reference(document: SourceDocument, reference: string, path: Path): string {
    const [filePart = '', pointer = ''] = reference.split('#', 2)
    if (filePart === '') return document === this.root ? reference : `#${this.place(document.file)}${pointer}`
    const root = dirname(this.root.file)
    const fault = referenceFault(reference, document.file, root)
    const file = fault ? undefined : referenceFile(filePart, document.file, root)
    if (fault || file === undefined) return this.keep(document, reference, path, fault?.message ?? `'${reference}' is no reference`)
    if (file === this.root.file) return `#${pointer}`
    const found = this.document(file)
    if (typeof found === 'string') return this.keep(document, reference, path, found)
    return `#${this.place(file)}${pointer}`
  }

  private document(file: string): SourceDocument | string {
    const name = this.nameOf(file)
    const document = this.known(file) ?? read(file)
    if (typeof document === 'string') return document
    if (document.faults.length > 0) return `${file} cannot be read: ${document.faults[0]!.message}`
    if (!this.others.has(name)) {
      if (this.others.size >= FILES_MAX) return `the document refers to more than ${FILES_MAX} files`
      // Before its own references are followed: they may lead back here.
      this.others.set(name, null)
      this.others.set(name, this.rewritten(document, document.value))
    }
    return document
  }

  private nameOf(file: string): string {
    return relative(dirname(this.root.file), file).split(sep).join('/')
  }
  /** As a URI fragment: a JSON pointer (RFC 6901 6) below the root. */
  private place(file: string): string {
    return `/${KEY}/${encodeURIComponent(this.nameOf(file).replaceAll('~', '~0').replaceAll('/', '~1'))}`
  }
  private keep(document: SourceDocument, reference: string, path: Path, message: string): string {
    // In data of the API's own, `$ref` may be a word like any other.
    if (!path.some((step) => typeof step === 'string' && holdsData(step))) this.faults.push({ file: document.file, path, message })
    return reference
  }
}

function read(file: string): SourceDocument | string {
  const found = readBoundedFile(file, BYTES_MAX)
  return 'code' in found ? found.message : parseSource(file, found.bytes, OPENAPI_CAPS)
}
