// Drafts: changes that are being prepared, object by object, and touch nothing until they are published.
import { hashOf } from '../../base/canonical-json.ts'
import type { Fault } from '../../base/fault.ts'
import type { Actor } from '../../model/trail-event.ts'
import { everyEntry, type Reading, type Writing } from '../../ports/store.ts'
import { withdrawApprovals } from './approvals.ts'
import type { ProposedChange } from './commit.ts'
import { releaseContent } from './contents.ts'
import { wasTouchedSince } from './history.ts'
import { type CatalogObject, keyOf, kindNamed, type ObjectKey } from './kinds.ts'
import { plainFaults } from './plain-value.ts'
import { DRAFT_CHANGES, DRAFTS, type Draft, type DraftChange, type RollbackNote } from './records.ts'
import { readHead, readHorizon, readObject, readValue, store } from './state.ts'

const DRAFTS_MAX = 200
export const DRAFT_CHANGES_MAX = 20_000
const DRAFT_CHARACTERS_MAX = 64 * 1024 ** 2
export const MESSAGE_CHARACTERS_MAX = 4000
/** The ETag of what is not there: who puts an object with it creates one. */
export const ABSENT = 'absent'

export type DraftRefusal =
  | {
      readonly refused: 'unknown-draft' | 'stale' | 'too-many-drafts' | 'draft-too-large' | 'unknown-kind' | 'unknown-object' | 'owned-by-file' | 'bad-message'
    }
  | { readonly refused: 'invalid'; readonly faults: readonly Fault[] }

/** Who does it and when; `expected` is the ETag that they saw. */
export interface Editing {
  readonly by: Actor
  readonly nowMs: number
  readonly expected: string
}

export interface NewDraft {
  /** `draft_...`, drawn by the caller. */
  readonly id: string
  readonly author: Actor
  readonly message: string
  readonly nowMs: number
  readonly changes?: readonly ProposedChange[]
  /** Absent: the newest revision. */
  readonly base?: number
  readonly rollback?: RollbackNote
}

export async function openDraft(writing: Writing, { id, author, message, nowMs, changes = [], base, rollback }: NewDraft): Promise<Draft | DraftRefusal> {
  if (!isMessage(message)) return { refused: 'bad-message' }
  if ((await writing.scan(DRAFTS, { limit: DRAFTS_MAX })).length >= DRAFTS_MAX) return { refused: 'too-many-drafts' }
  if (changes.length > DRAFT_CHANGES_MAX) return { refused: 'draft-too-large' }
  const faults = changes.flatMap(faultsOf)
  if (faults.length > 0) return { refused: 'invalid', faults }
  if (changes.reduce((sum, { kind, value }) => sum + charactersOf(kind, value), 0) > DRAFT_CHARACTERS_MAX) return { refused: 'draft-too-large' }
  for (const change of changes) await write(writing, id, change)
  const draft = { id, base: base ?? (await readHead(writing)).revision, author, coauthors: [], message, createdMs: nowMs }
  return settle(writing, { ...draft, ...(rollback && { rollback }) }, nowMs)
}

const isMessage = (message: string): boolean => message.trim() !== '' && message.length <= MESSAGE_CHARACTERS_MAX && message.isWellFormed()

export const readDraft = (reading: Reading, id: string): Promise<Draft | undefined> => reading.get(DRAFTS, id)

export async function listDrafts(reading: Reading, limit: number, after?: string): Promise<readonly Draft[]> {
  return (await reading.scan(DRAFTS, { limit, ...(after !== undefined && { after }) })).map(({ value }) => value)
}

/** What a draft would change, with texts. */
export async function draftChanges(reading: Reading, id: string): Promise<ProposedChange[]> {
  const changes: ProposedChange[] = []
  for await (const { value } of everyEntry(reading, DRAFT_CHANGES, `${id}/`)) {
    const { kind, name, stored } = value
    changes.push(stored ? { kind, name, value: await readValue(reading, stored) } : { kind, name })
  }
  return changes
}

/** An object as the draft has it: changed by it, or as the console owns it now. Its `digest` is the ETag to put or remove it with. */
export async function objectInDraft(reading: Reading, id: string, key: ObjectKey): Promise<{ readonly digest: string; readonly object?: CatalogObject }> {
  const known = (await reading.get(DRAFT_CHANGES, `${id}/${key}`)) ?? (await readObject(reading, 'console', key))
  if (!known?.stored || known.digest === undefined) return { digest: ABSENT }
  return { digest: known.digest, object: { kind: known.kind, name: known.name, value: await readValue(reading, known.stored) } }
}

/** Puts an object into a draft, or with no value removes it. Returns the draft as it now is. */
export async function changeInDraft(writing: Writing, id: string, change: ProposedChange, editing: Editing): Promise<Draft | DraftRefusal> {
  const draft = await readDraft(writing, id)
  if (!draft) return { refused: 'unknown-draft' }
  const faults = faultsOf(change)
  if (faults.length > 0) return kindNamed(change.kind) ? { refused: 'invalid', faults } : { refused: 'unknown-kind' }
  const key = keyOf(change)
  if (await readObject(writing, 'file', key)) return { refused: 'owned-by-file' }
  const seen = await objectInDraft(writing, id, key)
  if (change.value === undefined && !seen.object) return { refused: 'unknown-object' }
  if (seen.digest !== editing.expected) return { refused: 'stale' }
  const known = await writing.get(DRAFT_CHANGES, `${id}/${key}`)
  const characters = draft.characters - (known ? storedCharacters(known) : 0) + charactersOf(change.kind, change.value)
  if ((!known && draft.changes >= DRAFT_CHANGES_MAX) || characters > DRAFT_CHARACTERS_MAX) return { refused: 'draft-too-large' }
  const isNothing = change.value === undefined && !(await readObject(writing, 'console', key))
  if (isNothing) await forget(writing, id, key)
  else await write(writing, id, change, editing.by)
  return settle(writing, edited(draft, editing.by), editing.nowMs)
}

/** Takes an object's change out of the draft again. `expected`: the draft's own ETag. */
export async function undoInDraft(writing: Writing, id: string, key: ObjectKey, editing: Editing): Promise<Draft | DraftRefusal> {
  const draft = await expectedDraft(writing, id, editing.expected)
  if ('refused' in draft) return draft
  if (!(await writing.get(DRAFT_CHANGES, `${id}/${key}`))) return { refused: 'unknown-object' }
  await forget(writing, id, key)
  return settle(writing, edited(draft, editing.by), editing.nowMs)
}

export async function describeDraft(writing: Writing, id: string, message: string, editing: Editing): Promise<Draft | DraftRefusal> {
  const draft = await expectedDraft(writing, id, editing.expected)
  if ('refused' in draft) return draft
  if (!isMessage(message)) return { refused: 'bad-message' }
  return settle(writing, { ...edited(draft, editing.by), message }, editing.nowMs)
}

/** The objects of a draft that others changed since its base: all of them when nobody can tell any more. */
export async function conflictsOf(reading: Reading, base: number, changes: readonly { readonly kind: string; readonly name: string }[]): Promise<ObjectKey[]> {
  if (base < (await readHorizon(reading)).revision) return changes.map(keyOf)
  const conflicts: ObjectKey[] = []
  for (const change of changes) if (await wasTouchedSince(reading, keyOf(change), base)) conflicts.push(keyOf(change))
  return conflicts
}

/** Sets a draft upon the newest revision, knowing that it overwrites what others did to these objects since. Approvals are void. */
export async function rebaseDraft(
  writing: Writing,
  id: string,
  editing: Editing,
): Promise<{ readonly draft: Draft; readonly overwrites: readonly ObjectKey[] } | DraftRefusal> {
  const draft = await expectedDraft(writing, id, editing.expected)
  if ('refused' in draft) return draft
  const keys: { kind: string; name: string }[] = []
  for await (const { value } of everyEntry(writing, DRAFT_CHANGES, `${id}/`)) keys.push(value)
  const overwrites = await conflictsOf(writing, draft.base, keys)
  const { revision: base } = await readHead(writing)
  return { draft: await settle(writing, { ...edited(draft, editing.by), base }, editing.nowMs), overwrites }
}

export async function discardDraft(writing: Writing, id: string, expected: string): Promise<DraftRefusal | { readonly discarded: Draft }> {
  const draft = await expectedDraft(writing, id, expected)
  if ('refused' in draft) return draft
  await removeDraft(writing, draft)
  return { discarded: draft }
}

/** For who has published it. */
export async function removeDraft(writing: Writing, { id }: Draft): Promise<void> {
  const keys: string[] = []
  for await (const { key } of everyEntry(writing, DRAFT_CHANGES, `${id}/`)) keys.push(key.slice(id.length + 1))
  for (const key of keys) await forget(writing, id, key)
  await withdrawApprovals(writing, id)
  writing.remove(DRAFTS, id)
}

async function expectedDraft(reading: Reading, id: string, expected: string): Promise<Draft | DraftRefusal> {
  const draft = await readDraft(reading, id)
  if (!draft) return { refused: 'unknown-draft' }
  return draft.digest === expected ? draft : { refused: 'stale' }
}

function faultsOf({ kind, name, value }: ProposedChange): Fault[] {
  const known = kindNamed(kind)
  if (!known) return [{ code: 'unknown-word', path: [], message: `there is no kind '${kind.slice(0, 60)}'` }]
  // A removal has a name to check as well, and no value.
  const faults = plainFaults(known, name, value === undefined ? (known.isText ? '' : {}) : value)
  return faults.map((fault) => ({ ...fault, path: [keyOf({ kind, name }), ...fault.path] }))
}

const charactersOf = (kind: string, value: unknown): number =>
  value === undefined ? 0 : kindNamed(kind)?.isText ? (value as string).length : JSON.stringify(value).length
const storedCharacters = ({ stored }: DraftChange): number => (!stored ? 0 : 'content' in stored ? stored.characters : JSON.stringify(stored.value).length)

async function write(writing: Writing, id: string, { kind, name, value }: ProposedChange, by?: Actor): Promise<void> {
  const key = keyOf({ kind, name })
  await forget(writing, id, key)
  const kept = value === undefined ? undefined : await store(writing, { kind, name, value }, `draft/${id}/${key}`)
  writing.put(DRAFT_CHANGES, `${id}/${key}`, { kind, name, ...kept, ...(by && { by: { kind: by.kind, id: by.id } }) })
}

async function forget(writing: Writing, id: string, key: ObjectKey): Promise<void> {
  const known = await writing.get(DRAFT_CHANGES, `${id}/${key}`)
  if (known?.stored && 'content' in known.stored) await releaseContent(writing, known.stored.content, `draft/${id}/${key}`)
  writing.remove(DRAFT_CHANGES, `${id}/${key}`)
}

/** Whoever touches a draft is one of its authors from then on. */
const edited = (draft: Draft, { kind, id }: Actor): Draft =>
  [draft.author, ...draft.coauthors].some((known) => known.kind === kind && known.id === id)
    ? draft
    : { ...draft, coauthors: [...draft.coauthors, { kind, id }] }

/** Writes the draft with its new digest. What was approved before is another draft: the approvals go. */
async function settle(writing: Writing, draft: Omit<Draft, 'digest' | 'changes' | 'characters' | 'changedMs'>, nowMs: number): Promise<Draft> {
  const all: [key: ObjectKey, digest: string][] = []
  let characters = 0
  for await (const { value } of everyEntry(writing, DRAFT_CHANGES, `${draft.id}/`)) {
    all.push([keyOf(value), value.digest ?? ABSENT])
    characters += storedCharacters(value)
  }
  await withdrawApprovals(writing, draft.id)
  const digest = hashOf({ base: draft.base, message: draft.message, changes: all })
  const settled: Draft = { ...draft, changedMs: nowMs, changes: all.length, characters, digest }
  writing.put(DRAFTS, draft.id, settled)
  return settled
}
