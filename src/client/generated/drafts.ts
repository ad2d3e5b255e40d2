// Generated from the operations on drafts. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Approves a draft as it is now, for whatever it has an effect on. What it becomes later is not approved. */
export const approveDraft = (to: Connection, input: { readonly parameters: { readonly draft: string }; readonly ifMatch: string }): Promise<Answer<{ readonly by: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly at: string; readonly etag: string }>> =>
  to.call('PUT', '/drafts/{draft}/approval', input)

/** Opens a draft: changes that touch nothing until they are published. */
export const createDraft = (to: Connection, input: { readonly body: { readonly message: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }>> =>
  to.call('POST', '/drafts', input)

/** Says anew what a draft is for. Its approvals are void. */
export const describeDraft = (to: Connection, input: { readonly parameters: { readonly draft: string }; readonly body: { readonly message: string }; readonly ifMatch: string }): Promise<Answer<{ readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }>> =>
  to.call('PATCH', '/drafts/{draft}', input)

/** Forgets a draft with all that it would have changed. */
export const discardDraft = (to: Connection, input: { readonly parameters: { readonly draft: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/drafts/{draft}', input)

/** Tells a draft: what it changes, and who approved it. */
export const getDraft = (to: Connection, input: { readonly parameters: { readonly draft: string } }): Promise<Answer<{ readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number; readonly objects: readonly { readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string; readonly op: 'put' | 'remove' }[]; readonly approvals: readonly { readonly by: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly at: string }[] }>> =>
  to.call('GET', '/drafts/{draft}', input)

/** Tells what a draft would change, path by path. */
export const getDraftDifferences = (to: Connection, input: { readonly parameters: { readonly draft: string } }): Promise<Answer<{ readonly objects: readonly { readonly kind: string; readonly name: string; readonly op: 'create' | 'change' | 'remove'; readonly paths: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[]; readonly more: number }[] }>> =>
  to.call('GET', '/drafts/{draft}/differences', input)

/** Tells what a draft would change, for people. */
export const getDraftDifferencesText = (to: Connection, input: { readonly parameters: { readonly draft: string } }): Promise<Answer<string>> =>
  to.call('GET', '/drafts/{draft}/differences/text', input)

/** Tells an object as a draft has it: changed by it, or as the console owns it now. */
export const getDraftObject = (to: Connection, input: { readonly parameters: { readonly draft: string; readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string } }): Promise<Answer<{ readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string; readonly value: unknown }>> =>
  to.call('GET', '/drafts/{draft}/objects/{kind}/{name}', input)

/** Lists drafts. */
export const listDrafts = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }[]; readonly next?: string }>> =>
  to.call('GET', '/drafts', input)

/** Publishes a draft: live when this is answered. What APIs share needs `catalog:write` besides. */
export const publishDraft = (to: Connection, input: { readonly parameters: { readonly draft: string }; readonly body: { readonly acceptBreaking?: boolean }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly number: number; readonly parent: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly approvers: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly at: string; readonly message: string; readonly source: 'file' | 'console'; readonly changes: number; readonly digest: string; readonly fileDigest: string; readonly rollsBackTo?: number; readonly left?: readonly { readonly kind: string; readonly name: string; readonly why: string }[] }>> =>
  to.call('POST', '/drafts/{draft}/publish', input)

/** Puts an object into a draft. `If-Match: "absent"` creates it and overwrites nothing. */
export const putDraftObject = (to: Connection, input: { readonly parameters: { readonly draft: string; readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string }; readonly body: { readonly value: unknown }; readonly ifMatch: string }): Promise<Answer<{ readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }>> =>
  to.call('PUT', '/drafts/{draft}/objects/{kind}/{name}', input)

/** Sets a draft upon the newest revision, knowing that it overwrites what others did since. Its approvals are void. */
export const rebaseDraft = (to: Connection, input: { readonly parameters: { readonly draft: string }; readonly body: Record<string, never>; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly draft: { readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }; readonly overwrites: readonly { readonly kind: string; readonly name: string }[] }>> =>
  to.call('POST', '/drafts/{draft}/rebase', input)

/** Removes an object, in a draft. */
export const removeDraftObject = (to: Connection, input: { readonly parameters: { readonly draft: string; readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string }; readonly ifMatch: string }): Promise<Answer<{ readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }>> =>
  to.call('DELETE', '/drafts/{draft}/objects/{kind}/{name}', input)

/** Takes the change of an object out of a draft again. `If-Match` names the draft. */
export const undoDraftChange = (to: Connection, input: { readonly parameters: { readonly draft: string; readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string }; readonly ifMatch: string }): Promise<Answer<{ readonly id: string; readonly base: number; readonly author: { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }; readonly coauthors: readonly { readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'; readonly id: string }[]; readonly message: string; readonly created: string; readonly changed: string; readonly changes: number; readonly etag: string; readonly rollsBackTo?: number }>> =>
  to.call('DELETE', '/drafts/{draft}/changes/{kind}/{name}', input)

/** Says everything that stands between a draft and its publication. */
export const validateDraft = (to: Connection, input: { readonly parameters: { readonly draft: string } }): Promise<Answer<{ readonly valid: boolean; readonly faults: readonly { readonly place: string; readonly code: string; readonly message: string }[]; readonly notices: readonly { readonly place: string; readonly code: string; readonly message: string }[]; readonly conflicts: readonly { readonly kind: string; readonly name: string }[]; readonly approvals: { readonly needed: number; readonly given: number; readonly apis: readonly string[] }; readonly secrets: readonly string[]; readonly breaking: readonly { readonly rule: string; readonly severity: 'breaking' | 'risky' | 'compatible'; readonly operations: readonly string[]; readonly operationCount: number; readonly old?: string; readonly new?: string; readonly sentence: string; readonly api: string }[] }>> =>
  to.call('GET', '/drafts/{draft}/validation', input)

/** Takes one’s own approval of a draft back. */
export const withdrawApproval = (to: Connection, input: { readonly parameters: { readonly draft: string } }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/drafts/{draft}/approval', input)
