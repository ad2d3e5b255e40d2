// What the console owns as one more source document: to the resolver, an included file like any other.
import { inlineName, readInline } from '../reading/inline-documents.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import type { Sources } from '../reading/sources.ts'
import { consoleFaults } from './console-checks.ts'
import { textDigest } from './contents.ts'
import { nameAt } from './fault-place.ts'
import { fileNames } from './file-names.ts'
import { type CatalogObject, configurationOf, keyOf, kindNamed, type ObjectKey, sectionPath } from './kinds.ts'

const START = { line: 1, column: 1 }

/** Parsed documents of the console by their name and digest; one a process. Two generations: a draft is tried between two readings of what is live. */
export class ConsoleDocuments {
  private before: ReadonlyMap<string, SourceDocument> = new Map()
  private last: ReadonlyMap<string, SourceDocument> = new Map()

  read(objects: readonly CatalogObject[]): Map<string, SourceDocument> {
    const used = new Map<string, SourceDocument>()
    const out = new Map<string, SourceDocument>()
    for (const { kind, name, value } of objects) {
      if (!kindNamed(kind)?.isText) continue
      const text = value as string
      const key = `${name} ${textDigest(text)}`
      const document = this.last.get(key) ?? this.before.get(key) ?? readInline(`console:${keyOf({ kind, name })}`, text)
      used.set(key, document)
      out.set(inlineName(name), document)
    }
    this.before = this.last
    this.last = used
    return out
  }
}

/** The sources of both owners. Nothing is owned twice: an object whose name the file has too is a fault that names both, and is left out. */
export function withConsole(file: Sources, objects: readonly CatalogObject[], documents = new ConsoleDocuments()): Sources {
  const faults: LocatedFault[] = []
  const claimed = fileNames(file)
  const own = objects.filter(({ kind, name }) => {
    const owner = claimed.get(keyOf({ kind, name }))
    if (owner !== undefined) faults.push(ownedTwice({ kind, name }, owner))
    return owner === undefined
  })
  const document = consoleDocument(own)
  const openapi = new Map(file.openapi)
  for (const [name, inline] of documents.read(own)) {
    openapi.set(name, inline)
    faults.push(...inline.faults)
  }
  return {
    ...file,
    included: [...file.included, document],
    openapi,
    faults: [...file.faults, ...faults, ...consoleFaults(own, document, file.main)],
    // Not canonical: that two spellings of one configuration have two digests costs a comparison, canonical forms of thousands of objects cost more.
    digest: textDigest(`${file.digest}\0${JSON.stringify(objects)}`),
  }
}

function consoleDocument(objects: readonly CatalogObject[]): SourceDocument {
  // The resolver needs the names of documents and not their texts once more: those it finds parsed.
  const value = configurationOf(objects)
  return { file: 'console:', text: '', value, faults: [], at: () => START, placeOf: nameAt }
}

const ownedTwice = (object: { readonly kind: string; readonly name: string }, owner: string): LocatedFault => ({
  file: 'console:',
  ...START,
  code: 'owned-twice',
  message: `the console owns '${object.name}', and so does the file, ${owner}: take it out of one of them, since nothing is owned twice`,
  place: nameAt(sectionPath(kindNamed(object.kind)!, object.name)),
})

/** The object of the console at which a fault stands; undefined when it stands in a file. */
export function faultyObject({ file, place }: LocatedFault): ObjectKey | undefined {
  const named = place ?? file
  if (!named.startsWith('console:')) return undefined
  return named.slice('console:'.length).split(':', 1)[0] || undefined
}
