// Publishing: a proposal becomes a revision when nobody changed the same objects, the whole resolves without a fault, and those agree who must.
import { apiOf } from '../../model/names.ts'
import type { Actor } from '../../model/trail-event.ts'
import type { Reading, Store, Writing } from '../../ports/store.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import { countedApprovers, type Demand, demandedBy, demandOf, type MayApprove } from './approvals.ts'
import { commit, effective, type ProposedChange } from './commit.ts'
import { differences, type ObjectDifference } from './difference.ts'
import { conflictsOf, draftChanges, readDraft, removeDraft } from './drafts.ts'
import { type CatalogObject, keyOf, type ObjectKey } from './kinds.ts'
import type { Draft, Head, Revision, RollbackNote } from './records.ts'
import { shadowedApis } from './shadowing.ts'
import { objectsOfState, readHead, readState, type State, type TextCache } from './state.ts'

/** Changes that shall be published together. */
export interface Proposal {
  readonly author: Actor
  readonly message: string
  /** The revision that the changes were made upon. */
  readonly base: number
  readonly changes: readonly ProposedChange[]
  readonly rollback?: RollbackNote
  /** The draft that it is, with its approvals; absent: nothing was stored, and nobody could approve. */
  readonly draft?: Draft
}

/** The whole would-be configuration, looked at aside. */
export interface Trial {
  readonly faults: readonly LocatedFault[]
  readonly notices: readonly LocatedFault[]
  /** What stands for each API as it would be served, with all its versions; meaningless when there are faults. */
  readonly apis: ReadonlyMap<string, string>
}
/** Resolves the console's objects together with all that the file says. */
export type Try = (console: readonly CatalogObject[]) => Trial

export type PublishRefusal =
  | { readonly refused: 'unknown-draft' | 'stale' | 'nothing-changes' | 'busy' }
  | { readonly refused: 'conflict'; readonly objects: readonly ObjectKey[] }
  | { readonly refused: 'invalid'; readonly faults: readonly LocatedFault[] }
  | ({ readonly refused: 'approvals-needed'; readonly given: number } & Demand)

export interface PublishOptions {
  readonly try: Try
  /** Objects of the file, for what they demand. */
  readonly fileObjects: readonly CatalogObject[]
  /** How many approvals an API asks for that does not say so itself. Default 0. */
  readonly approvalsByDefault?: number
  readonly nowMs: number
  readonly mayApprove: (reading: Reading, approver: Actor, apis: readonly string[]) => boolean | Promise<boolean>
  /** Runs in the transaction of the revision: what it throws takes everything back. The trail's entry is written here. */
  readonly within?: (writing: Writing, revision: Revision) => Promise<void>
  readonly texts?: TextCache
}

const ATTEMPTS = 5

/** A stored draft as a proposal; `expected`: its ETag as the publisher saw it. */
export async function proposalOf(reading: Reading, draftId: string, expected: string): Promise<Proposal | PublishRefusal> {
  const draft = await readDraft(reading, draftId)
  if (!draft) return { refused: 'unknown-draft' }
  if (draft.digest !== expected) return { refused: 'stale' }
  const { author, message, base, rollback } = draft
  return { author, message, base, changes: await draftChanges(reading, draftId), draft, ...(rollback && { rollback }) }
}

interface Prepared {
  readonly head: Head
  readonly state: State
  readonly before: readonly CatalogObject[]
  readonly after: readonly CatalogObject[]
  readonly changes: readonly ProposedChange[]
}

/** What a proposal leads to on top of what is published now, or why it cannot be. */
export async function prepare(reading: Reading, proposal: Proposal, texts?: TextCache): Promise<Prepared | PublishRefusal> {
  const conflicts = await conflictsOf(reading, proposal.base, proposal.changes)
  if (conflicts.length > 0) return { refused: 'conflict', objects: conflicts }
  const prepared = await outlined(reading, proposal, texts)
  // A rollback that can change nothing of the console's still says what was wanted, and what stands in the way.
  return prepared.changes.length === 0 && !proposal.rollback?.left.length ? { refused: 'nothing-changes' } : prepared
}

async function outlined(reading: Reading, { changes }: Proposal, texts?: TextCache): Promise<Prepared> {
  const head = await readHead(reading)
  const state = await readState(reading, 'console')
  const made = effective(state, changes)
  const before = await objectsOfState(reading, state, texts)
  const after = new Map(before.map((object) => [keyOf(object), object]))
  for (const { kind, name, value } of made)
    if (value === undefined) after.delete(keyOf({ kind, name }))
    else after.set(keyOf({ kind, name }), { kind, name, value })
  return { head, state, before, after: [...after.values()], changes: made }
}

/** Everything that can be said of a proposal before it is published; nothing of it stops at the first. */
export interface Examination {
  readonly conflicts: readonly ObjectKey[]
  readonly faults: readonly LocatedFault[]
  /** What is worth telling, and no reason to refuse. */
  readonly notices: readonly LocatedFault[]
  /** Against what is published now. */
  readonly differences: readonly ObjectDifference[]
  readonly demand: Demand
}

export async function examine(
  store: Store,
  proposal: Proposal,
  options: Pick<PublishOptions, 'try' | 'fileObjects' | 'texts' | 'approvalsByDefault'>,
): Promise<Examination> {
  const [conflicts, prepared] = await store.read(async (reading) => [
    await conflictsOf(reading, proposal.base, proposal.changes),
    await outlined(reading, proposal, options.texts),
  ])
  const trial = options.try(prepared.after)
  const { faults, notices } = trial
  return { conflicts, faults, notices, differences: differences(prepared.before, prepared.after), demand: demandFor(prepared, trial, options) }
}

/**
 * Publishes, or says why not. Others may publish meanwhile: then it is looked at anew upon what they left. Resolving happens between two transactions,
 * because it may take longer than one is allowed to.
 */
export async function publish(store: Store, proposal: Proposal, options: PublishOptions): Promise<Revision | PublishRefusal> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const prepared = await store.read((reading) => prepare(reading, proposal, options.texts))
    if ('refused' in prepared) return prepared
    const trial = options.try(prepared.after)
    if (trial.faults.length > 0) return { refused: 'invalid', faults: trial.faults }
    const demand = demandFor(prepared, trial, options)
    const outcome = await store.write((writing) => settle(writing, proposal, prepared, demand, options))
    if (outcome !== 'moved') return outcome
  }
  return { refused: 'busy' }
}

/** An API is touched when it is among the changes, when it would be served otherwise than it is, or when another would take requests from it. */
function demandFor({ before, after, changes }: Prepared, trial: Trial, options: Pick<PublishOptions, 'try' | 'fileObjects' | 'approvalsByDefault'>): Demand {
  const byDefault = options.approvalsByDefault ?? 0
  const all = { before: [...before, ...options.fileObjects], after: [...after, ...options.fileObjects] }
  const demanding = new Set([...all.before, ...all.after].flatMap((object) => (demandedBy(object, byDefault) > 0 ? [object.name] : [])))
  if (demanding.size === 0) return { approvals: 0, apis: [] }
  // A version is of the API that it is named after; what a patch does is seen in how its API is served.
  const touched = new Set(changes.flatMap(({ kind, name }) => (kind === 'api' || kind === 'version' ? [apiOf(name)] : [])))
  const now = options.try(before)
  for (const name of demanding) if (now.apis.get(name) !== trial.apis.get(name)) touched.add(name)
  for (const name of shadowedApis(demanding, all.before, all.after)) touched.add(name)
  return demandOf(all.before, all.after, touched, byDefault)
}

async function settle(
  writing: Writing,
  { author, message, changes, draft, rollback }: Proposal,
  prepared: Prepared,
  demand: Demand,
  options: PublishOptions,
): Promise<Revision | PublishRefusal | 'moved'> {
  const head = await readHead(writing)
  if (head.revision !== prepared.head.revision) return 'moved'
  const now = draft && (await readDraft(writing, draft.id))
  if (draft && now?.digest !== draft.digest) return { refused: now ? 'stale' : 'unknown-draft' }
  const mayApprove: MayApprove = (approver, apis) => options.mayApprove(writing, approver, apis)
  const approvers = draft && demand.approvals > 0 ? await countedApprovers(writing, draft, demand.apis, mayApprove) : []
  if (approvers.length < demand.approvals) return { refused: 'approvals-needed', given: approvers.length, ...demand }
  const by = { author, coauthors: draft?.coauthors ?? [], approvers, message, nowMs: options.nowMs }
  const revision = await commit(writing, head, prepared.state, { owner: 'console', ...by, changes, ...(rollback && { rollback }) })
  if (draft) await removeDraft(writing, draft)
  await options.within?.(writing, revision)
  return revision
}
