// Which OpenAPI document each API and each version is made of, among sources that were read.
import { members } from '../reading/members.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import { openapiFile, type Sources } from '../reading/sources.ts'
import { KINDS, objectsOf } from './kinds.ts'

const HOLDERS = KINDS.filter(({ hasOpenapi }) => hasOpenapi)

/** By name, `bookshop` or `bookshop@v1`; what has no document, or one that cannot be read, is not there. */
export function documentsByHolder({ main, included, openapi }: Sources): ReadonlyMap<string, SourceDocument> {
  const found = new Map<string, SourceDocument>()
  for (const document of main ? [main, ...included] : included)
    for (const { name, value } of objectsOf(document.value, HOLDERS)) {
      const written = members<'openapi'>(value).openapi
      const held = typeof written === 'string' ? openapi.get(openapiFile(document, written)) : undefined
      if (held && held.faults.length === 0) found.set(name, held)
    }
  return found
}
