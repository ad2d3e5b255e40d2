// Four eyes: who approved a draft, and whether that is enough for the APIs that it touches.
import type { Actor } from '../../model/trail-event.ts'
import { TOKENS } from '../../people/machine-tokens.ts'
import type { Reading, Writing } from '../../ports/store.ts'
import { members } from '../reading/members.ts'
import type { CatalogObject } from './kinds.ts'
import { APPROVALS, type Approval, DRAFTS, type Draft } from './records.ts'

export const APPROVALS_MAX = 100

/** Whether this approver may approve changes of these APIs now: asked when it counts, not when it was given. */
export type MayApprove = (approver: Actor, apis: readonly string[]) => boolean | Promise<boolean>

export type ApprovalRefusal = { readonly refused: 'unknown-draft' | 'stale' | 'own-draft' | 'not-a-person' | 'too-many-approvals' }

/** `expected`: the digest of the draft as the approver saw it. What they approve is that, and nothing that it becomes later. */
export async function approve(writing: Writing, draftId: string, by: Actor, expected: string, nowMs: number): Promise<Approval | ApprovalRefusal> {
  const draft = await writing.get(DRAFTS, draftId)
  if (!draft) return { refused: 'unknown-draft' }
  if (by.kind !== 'person') return { refused: 'not-a-person' }
  if (!(await isByOthers(writing, draft, by))) return { refused: 'own-draft' }
  if (draft.digest !== expected) return { refused: 'stale' }
  const key = `${draftId}/${by.id}`
  if (!(await writing.get(APPROVALS, key)) && (await approvalsOf(writing, draftId)).length >= APPROVALS_MAX) return { refused: 'too-many-approvals' }
  const approval: Approval = { draft: draftId, digest: draft.digest, by: { kind: by.kind, id: by.id }, atMs: nowMs }
  writing.put(APPROVALS, key, approval)
  return approval
}

export async function withdrawApproval(writing: Writing, draftId: string, by: Actor): Promise<boolean> {
  const key = `${draftId}/${by.id}`
  const isThere = (await writing.get(APPROVALS, key)) !== undefined
  writing.remove(APPROVALS, key)
  return isThere
}

export async function withdrawApprovals(writing: Writing, draftId: string): Promise<void> {
  for (const { key } of await writing.scan(APPROVALS, { prefix: `${draftId}/`, limit: APPROVALS_MAX })) writing.remove(APPROVALS, key)
}

export const approvalsOf = async (reading: Reading, draftId: string): Promise<readonly Approval[]> =>
  (await reading.scan(APPROVALS, { prefix: `${draftId}/`, limit: APPROVALS_MAX })).map(({ value }) => value)

/**
 * Whether others than this person wrote all of the draft. What a machine token wrote its person wrote: otherwise one person alone would be four eyes. Of a
 * token that is forgotten nobody knows any more whose it was, and so nobody is known to be another.
 */
async function isByOthers(reading: Reading, { author, coauthors }: Draft, by: Actor): Promise<boolean> {
  for (const { kind, id } of [author, ...coauthors]) {
    if (kind === by.kind && id === by.id) return false
    if (kind !== 'token') continue
    const token = await reading.get(TOKENS, id)
    if (token === undefined || token.personId === by.id) return false
  }
  return true
}

/** The approvers that count: of this very draft, no authors of it, each once, and still allowed to. */
export async function countedApprovers(reading: Reading, draft: Draft, apis: readonly string[], mayApprove: MayApprove): Promise<readonly Actor[]> {
  const counted: Actor[] = []
  for (const { by, digest } of await approvalsOf(reading, draft.id))
    if (digest === draft.digest && by.kind === 'person' && (await isByOthers(reading, draft, by)) && (await mayApprove(by, apis))) counted.push(by)
  return counted
}

/** What four eyes ask of a change: how many approvals, and for which APIs. */
export interface Demand {
  readonly approvals: number
  readonly apis: readonly string[]
}

/**
 * The most that any touched API demands, before or after: who lifts the demand needs it met. `touched`: names of APIs that the change affects by whatever
 * way, be it a document or another object that they refer to.
 */
export function demandOf(before: readonly CatalogObject[], after: readonly CatalogObject[], touched: ReadonlySet<string>, byDefault: number): Demand {
  let approvals = 0
  const apis = new Set<string>()
  for (const object of [...before, ...after]) {
    const wanted = touched.has(object.name) ? demandedBy(object, byDefault) : 0
    if (wanted > 0) apis.add(object.name)
    approvals = Math.max(approvals, wanted)
  }
  return { approvals, apis: [...apis].sort() }
}

/**
 * How many approvals an object asks for: `byDefault`, which the file sets, where an API says nothing itself. What stands there in another form than a
 * number was refused when it was published.
 */
export function demandedBy({ kind, value }: CatalogObject, byDefault: number): number {
  if (kind !== 'api') return 0
  const { approvals = byDefault } = members<'approvals'>(value)
  return typeof approvals === 'number' && approvals > 0 ? Math.ceil(approvals) : 0
}
