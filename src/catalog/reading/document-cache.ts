// Keeps documents that were read by their digest, so that a file that did not change is hashed and not parsed again.
import { type FileRefusal, readBoundedFile } from './bounded-file.ts'
import { CONFIGURATION_CAPS, OPENAPI_CAPS, parseSource, type SourceDocument } from './source-document.ts'

const KINDS = {
  configuration: { caps: CONFIGURATION_CAPS, bytesMax: 4 * 1024 ** 2 },
  openapi: { caps: OPENAPI_CAPS, bytesMax: 32 * 1024 ** 2 },
} as const
export type DocumentKind = keyof typeof KINDS

/** What reading a file gave, and the digest that stands for it: of its bytes, or of the reason why there are none. */
export type ReadDocument = { readonly digest: string } & ({ readonly document: SourceDocument } | { readonly refusal: FileRefusal })

/** One a process: holds the documents of the last complete reading, and no others. */
export class DocumentCache {
  private kept = new Map<string, SourceDocument>()
  private used = new Map<string, SourceDocument>()

  read(file: string, kind: DocumentKind): ReadDocument {
    const { caps, bytesMax } = KINDS[kind]
    const read = readBoundedFile(file, bytesMax)
    if ('code' in read) return { digest: read.code, refusal: read }
    const key = `${kind} ${read.digest} ${file}`
    const document = this.used.get(key) ?? this.kept.get(key) ?? parseSource(file, read.bytes, caps)
    this.used.set(key, document)
    return { digest: read.digest, document }
  }

  /** Forgets what the reading that ends here did not use. */
  settle(): void {
    this.kept = this.used
    this.used = new Map()
  }
}
