// Which objects the file owns, by name, and how its OpenAPI documents are called where they are objects like any other.
import { createHash } from 'node:crypto'
import { dirname, relative, sep } from 'node:path'
import { isInline } from '../reading/inline-documents.ts'
import { members } from '../reading/members.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { openapiFile, type Sources } from '../reading/sources.ts'
import { NAME } from '../sections/consumer-schema.ts'
import { type CatalogObject, KINDS, keyOf, kindNamed, type ObjectKey, objectsOf } from './kinds.ts'

/** The documents of a file that can be read, the main one first. */
export const readableParts = ({ main, included }: Sources): SourceDocument[] => (main ? [main, ...included] : []).filter(({ faults }) => faults.length === 0)

/** An object as the file has it, and where. */
export interface FileObject extends CatalogObject {
  readonly document: SourceDocument
  /** The OpenAPI document that it names, where that is a file. */
  readonly openapi?: string
}

export function fileObjectsAsWritten(sources: Sources): FileObject[] {
  return readableParts(sources).flatMap((document) =>
    objectsOf(document.value).map((object): FileObject => {
      const written = kindNamed(object.kind)?.hasOpenapi ? members<'openapi'>(object.value).openapi : undefined
      const isFile = typeof written === 'string' && written !== '' && !isInline(written)
      return { ...object, document, ...(isFile && { openapi: openapiFile(document, written) }) }
    }),
  )
}

/**
 * The name of an OpenAPI file as an object: its path below the configuration's folder where that is a name, else made into one with a few digits of its
 * digest, so that two files never have one name.
 */
export function documentName(file: string, sources: Sources): string {
  const near = relative(dirname(sources.main?.file ?? file), file)
    .split(sep)
    .join('/')
  if (NAME.test(near)) return near
  const digest = createHash('sha256').update(near).digest('hex').slice(0, 8)
  const start = near
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 54)
  return `${start === '' ? 'document' : start}-${digest}`
}

/** What the file claims, with the file that says so. */
export function fileNames(sources: Sources): Map<ObjectKey, string> {
  const names = new Map<ObjectKey, string>()
  const textKind = KINDS.find(({ isText }) => isText)!.kind
  for (const { kind, name, document, openapi } of fileObjectsAsWritten(sources)) {
    names.set(keyOf({ kind, name }), document.file)
    if (openapi !== undefined) names.set(keyOf({ kind: textKind, name: documentName(openapi, sources) }), openapi)
  }
  return names
}
