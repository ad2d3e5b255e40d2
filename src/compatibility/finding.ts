// A finding: one difference between two OpenAPI documents, and what it means for those who call the API.
import { visible } from '../base/visible-text.ts'

/**
 * `breaking`: a client that did right by the old document can fail by the new one. `risky`: it depends on the client, or cannot be decided from the
 * documents. `compatible`: worth knowing, and no reason to hold back.
 */
export type Severity = 'breaking' | 'risky' | 'compatible'

export interface Finding {
  /** Stable, kebab-case: `request-enum-narrowed`. */
  readonly rule: string
  readonly severity: Severity
  /** Operations that the difference reaches, as the old document names them ("GET /books/{id}"), in its order; at most `OPERATIONS_MAX`. Empty: the whole document. */
  readonly operations: readonly string[]
  /** How many operations it reaches. */
  readonly operationCount: number
  /** JSON pointers (RFC 6901) into the old and the new document; absent where there is nothing to point at. */
  readonly old?: string
  readonly new?: string
  /** One sentence for people. Names from the documents are cut and escaped. */
  readonly sentence: string
}

export const OPERATIONS_MAX = 50
const RANK = { breaking: 0, risky: 1, compatible: 2 } as const satisfies Record<Severity, number>

/** Worst first; otherwise as they were found, which follows the old document. */
export const bySeverity = (findings: readonly Finding[]): Finding[] => findings.toSorted((a, b) => RANK[a.severity] - RANK[b.severity])

/** A name or value out of a document, fit to stand in a sentence. */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  const short = visible(text.length > 80 ? `${text.slice(0, 79)}…` : text)
  return typeof value === 'string' ? `'${short}'` : short
}

/** Several names, the first few written out. */
export function listed(values: readonly unknown[]): string {
  const first = values.slice(0, 5).map(quoted).join(', ')
  return values.length > 5 ? `${first} and ${values.length - 5} more` : first
}
