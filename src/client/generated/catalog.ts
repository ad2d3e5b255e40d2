// Generated from the operations on catalog. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Makes what the console owns as a text says, in one revision: live when this is answered. What APIs are needs `apis:publish` besides. */
export const applyCatalog = (to: Connection, input: { readonly body: { readonly text: string; readonly prune?: boolean; readonly message: string; readonly acceptBreaking?: boolean; readonly base?: number }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly number: number; readonly parent: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly approvers: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly at: string; readonly message: string; readonly source: 'file' | 'console'; readonly changes: number; readonly digest: string; readonly fileDigest: string; readonly rollsBackTo?: number; readonly left?: readonly { readonly kind: string; readonly name: string; readonly why: string }[] }>> =>
  to.call('POST', '/catalog/apply', input)

/** Writes the catalog out: every object of both owners, in canonical form. It holds references to secrets and no secret. */
export const exportCatalog = (to: Connection, input: {} = {}): Promise<Answer<string>> =>
  to.call('GET', '/catalog/export', input)

/** Says what applying a text would change, and changes nothing. */
export const planApply = (to: Connection, input: { readonly body: { readonly text: string; readonly prune?: boolean } }): Promise<Answer<{ readonly revision: number; readonly differs: boolean; readonly refused: boolean; readonly items: readonly { readonly kind: string; readonly name: string; readonly op: 'create' | 'change' | 'remove' | 'unchanged' | 'refused'; readonly paths: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[]; readonly more: number; readonly owner?: 'file' | 'console' }[] }>> =>
  to.call('POST', '/catalog/plan', input)
