// `$ref` in OpenAPI documents: followed to other documents of the same folder tree, and never to the network.
import { dirname, isAbsolute, resolve } from 'node:path'
import type { Path } from '../../base/fault.ts'
import { isBelow, realPath } from './bounded-file.ts'
import type { SourceDocument } from './source-document.ts'

/** A value with where it stands. */
export interface Place {
  readonly document: SourceDocument
  readonly path: Path
  readonly value: unknown
}
export interface ReferenceFault {
  readonly code: 'remote-ref' | 'ref-outside' | 'bad-ref' | 'ref-loop' | 'ref-file'
  readonly message: string
}
/** Gives the document of an absolute path, or nothing when it cannot be read (the reader says why). */
export type DocumentReader = (file: string) => SourceDocument | undefined

const HOPS_MAX = 8

/** Follows `$ref` from a value to the value it stands for; `root` is the folder that no reference leaves. */
export function follow(from: Place, root: string, read: DocumentReader): Place | ReferenceFault {
  let place = from
  for (let hops = 0; hops < HOPS_MAX; hops++) {
    const reference = (place.value as { $ref?: unknown } | null)?.$ref
    if (reference === undefined) return place
    if (typeof reference !== 'string') return { code: 'bad-ref', message: '$ref must be text' }
    const next = step(place, reference, root, read)
    if ('code' in next) return next
    place = next
  }
  return { code: 'ref-loop', message: `$ref leads on for more than ${HOPS_MAX} steps: it is most likely a circle` }
}

function step(from: Place, reference: string, root: string, read: DocumentReader): Place | ReferenceFault {
  const hash = reference.indexOf('#')
  const filePart = hash < 0 ? reference : reference.slice(0, hash)
  const target = filePart === '' ? from.document.file : fileOf(filePart, from.document.file, root)
  if (typeof target !== 'string') return target
  const document = target === from.document.file ? from.document : read(target)
  if (!document || document.faults.length > 0) return { code: 'ref-file', message: `'${reference}' leads to a document that cannot be read` }
  const path = pointer(hash < 0 ? '' : reference.slice(hash + 1))
  if (!path) return { code: 'bad-ref', message: `'${reference}' does not end in a JSON pointer (RFC 6901)` }
  let value = document.value
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return { code: 'bad-ref', message: `'${reference}' leads to nothing` }
    value = (value as Record<string, unknown>)[key]
  }
  return { document, path, value }
}

/** Why a reference must not be followed by its form alone, whether or not the file exists. */
export function referenceFault(reference: string, from: string, root: string): ReferenceFault | undefined {
  const filePart = reference.split('#', 1)[0]!
  const target = filePart === '' ? from : fileOf(filePart, from, root)
  return typeof target === 'string' ? undefined : target
}

/** The file that a reference leads to by its form; undefined when it must not be followed. */
export function referenceFile(filePart: string, from: string, root: string): string | undefined {
  const target = fileOf(filePart, from, root)
  return typeof target === 'string' ? target : undefined
}

/** Symbolic links count by where they lead: one inside the folder may point out of it. */
function fileOf(filePart: string, from: string, root: string): string | ReferenceFault {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:|^[/\\]{2}/.test(filePart))
    return { code: 'remote-ref', message: `'${filePart}' is not on this machine: references stay below the document's folder` }
  // A document that is no file has no folder that could be left: it refers to itself alone.
  if (!isAbsolute(from))
    return { code: 'ref-outside', message: `'${filePart}' is another document: one that stands inside the configuration refers only to itself` }
  let target: string
  try {
    target = resolve(dirname(from), decodeURIComponent(filePart))
  } catch {
    return { code: 'bad-ref', message: `'${filePart}' is not a path` }
  }
  if (target.includes('\0') || !isBelow(target, root) || !isBelow(realPath(target) ?? target, realPath(root) ?? root)) {
    return { code: 'ref-outside', message: `'${filePart}' leaves the document's folder` }
  }
  return target
}

/** The steps of a JSON pointer in a fragment (RFC 6901 6), or nothing when it is none. */
function pointer(fragment: string): string[] | undefined {
  if (fragment === '') return []
  if (!fragment.startsWith('/')) return undefined
  try {
    return decodeURIComponent(fragment)
      .slice(1)
      .split('/')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  } catch {
    return undefined
  }
}
