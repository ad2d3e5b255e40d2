// What the catalog keeps in the store: objects, revisions with their changes, where history begins, drafts, approvals, and which node runs what.
import type { Actor } from '../../model/trail-event.ts'
import { collection } from '../../ports/store.ts'
import type { ObjectKey } from './kinds.ts'

/** `file`: read off the file and only remembered, so that history is whole. The store never becomes the owner of such an object. */
export type Owner = 'console' | 'file'

/** A value where it is small, and the digest of a text that is kept once. */
export type Stored = { readonly value: unknown } | { readonly content: string; readonly characters: number }
/** An object as it is now. `digest` is its ETag: SHA-256 of the canonical value, or of the text. */
export interface StoredObject {
  readonly kind: string
  readonly name: string
  readonly digest: string
  readonly stored: Stored
  /** The revision that made it what it is. */
  readonly revision: number
}

/** Where history ends. */
export interface Head {
  readonly revision: number
  /** Of all that the console owns. */
  readonly digest: string
  /** Of all that the file owned when it was last published. */
  readonly fileDigest: string
  /** The last rollback; absent: there was none. */
  readonly rollback?: number
}

/** Where history begins: everything up to this revision was pruned, and this is what it had left. */
export interface Horizon {
  readonly revision: number
  readonly digest: string
  readonly fileDigest: string
  /** When it was pruned; absent: nothing ever was. */
  readonly prunedMs?: number
}

/** One change of the catalog, whole: what was published at once. */
export interface Revision {
  readonly number: number
  /** 0 for the first: before it there was nothing. */
  readonly parent: number
  readonly author: Actor
  /** Others who changed the draft, and who approved it. */
  readonly coauthors: readonly Actor[]
  readonly approvers: readonly Actor[]
  readonly atMs: number
  readonly message: string
  readonly source: Owner
  /** How many objects changed. */
  readonly changes: number
  readonly digest: string
  readonly fileDigest: string
  readonly rollback?: RollbackNote
}
/** A rollback's target, and what it left as it was. */
export interface RollbackNote {
  readonly to: number
  readonly left: readonly Left[]
}
export interface Left {
  readonly kind: string
  readonly name: string
  /** `file-owned`: the file says otherwise than it did then, or has taken the name. `ended`: its time is over. `never-restored`: its kind stays. */
  readonly why: 'file-owned' | 'ended' | 'never-restored'
}

export interface Change {
  readonly kind: string
  readonly name: string
  readonly owner: Owner
  /** Absent: there was, or is, no such object. */
  readonly before?: { readonly digest: string; readonly stored: Stored }
  readonly after?: { readonly digest: string; readonly stored: Stored }
}

export interface Draft {
  readonly id: string
  /** The revision that its author looked at: what changed since then is not overwritten. */
  readonly base: number
  readonly author: Actor
  /** Everyone else who changed it: none of them can approve it. */
  readonly coauthors: readonly Actor[]
  readonly message: string
  readonly createdMs: number
  readonly changedMs: number
  readonly changes: number
  readonly characters: number
  /** SHA-256 over base, message and changes: its ETag, and what an approval approves. */
  readonly digest: string
  readonly rollback?: RollbackNote
}
/** One object as a draft would have it; without `stored`, removed. */
export interface DraftChange {
  readonly kind: string
  readonly name: string
  readonly digest?: string
  readonly stored?: Stored
  /** Who wrote it; absent: it came with the draft. */
  readonly by?: Actor
}
export interface Approval {
  readonly draft: string
  readonly digest: string
  readonly by: Actor
  readonly atMs: number
}

/** What one process runs. */
export interface NodeRecord {
  readonly id: string
  readonly fileDigest: string
  readonly revision: number
  readonly atMs: number
  readonly startedMs: number
}

export const HEAD = collection<Head>('catalog-head')
export const HEAD_KEY = 'head'
export const HORIZON = collection<Horizon>('catalog-horizon')
export const HORIZON_KEY = 'horizon'
/** By owner and object: `console/api/bookshop`. */
export const OBJECTS = collection<StoredObject>('catalog-object')
/** By number in twelve digits, so that the order of keys is that of time. */
export const REVISIONS = collection<Revision>('catalog-revision')
/** By revision, owner and object. */
export const CHANGES = collection<Change>('catalog-change')
/** By object and revision: which revisions touched it. */
export const TOUCHES = collection<Owner>('catalog-touch')
export const DRAFTS = collection<Draft>('catalog-draft')
/** By draft and object. */
export const DRAFT_CHANGES = collection<DraftChange>('catalog-draft-change')
/** By draft and approver. */
export const APPROVALS = collection<Approval>('catalog-approval')
export const NODES = collection<NodeRecord>('catalog-node')

export const revisionKey = (revision: number): string => String(revision).padStart(12, '0')
export const changeKey = (revision: number, owner: Owner, key: ObjectKey): string => `${revisionKey(revision)}/${owner}/${key}`

/** A text has as its users the object that holds it now, and every kept revision that tells of it: before its change, or after. */
export const objectUser = (owner: Owner, key: ObjectKey): string => `object/${owner}/${key}`
export const changeUser = (revision: number, owner: Owner, key: ObjectKey, side: 'before' | 'after'): string => `revision/${revision}/${owner}/${key}/${side}`
