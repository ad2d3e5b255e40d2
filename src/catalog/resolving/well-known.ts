// What the gateway serves under /.well-known/ by itself, and what there is to tell of it.
import type { Fault } from '../../base/fault.ts'
import type { WellKnownDocument } from '../../model/snapshot.ts'
import type { MainSection } from '../sections/configuration.ts'
import { securityTxtDocument } from '../sections/security-txt.ts'
import { apiCatalog, type ListedApi } from './api-catalog.ts'

/** A contact that has expired is no longer told, and no reason not to start (RFC 9116 5.3). */
export function wellKnownDocuments(
  { securityTxt }: Pick<MainSection, 'securityTxt'>,
  listed: readonly ListedApi[],
  nowMs: number,
): { readonly documents: readonly WellKnownDocument[]; readonly notices: readonly Fault[] } {
  const documents: WellKnownDocument[] = []
  const catalog = apiCatalog(listed, nowMs)
  if (catalog) documents.push(catalog)
  if (!securityTxt) return { documents, notices: [] }
  if (securityTxt.expires > nowMs) return { documents: [...documents, securityTxtDocument(securityTxt)], notices: [] }
  const message = 'security.txt has expired and is not served: check that its contacts still hold, and write a new date'
  return { documents, notices: [{ code: 'expired-security-txt', path: ['securityTxt', 'expires'], message }] }
}
