// One round of signing: a checkpoint of where the trail stands, taken to every place outside that is to remember it.
import { hash } from 'node:crypto'
import type { Egress } from '../ports/egress.ts'
import { collection, type Reading, type Store } from '../ports/store.ts'
import type { SignedCheckpoint } from './checkpoint.ts'
import { type Delivery, postCheckpoint, submitToWitness } from './checkpoint-delivery.ts'
import { appendCheckpoint } from './checkpoint-file.ts'
import { formatNoteKey, type NoteKey } from './note-key.ts'
import type { Trail } from './trail.ts'

/** A place outside of the store. A remembered checkpoint is worth as much as it is out of the hands of whoever holds the store. */
export type Outlet =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'witness'; readonly url: string; readonly key: NoteKey }

export interface Round {
  /** Undefined while the trail is empty. */
  readonly checkpoint: SignedCheckpoint | undefined
  /** For each outlet, in their order. `unchanged`: it has this checkpoint already. Whatever is neither this nor `delivered` is to be told aloud. */
  readonly outcomes: readonly (Delivery | 'unchanged')[]
}

/** How large the tree was that an outlet was brought last. */
const DELIVERED = collection<{ readonly size: number; readonly atMs: number }>('trail-outlet')

/**
 * Signs and delivers; for a timer, and on demand. Outlets do not wait for each other, and what one of them did not take is brought again by the next
 * round. Rejects only when the store fails.
 */
export async function checkpointRound(store: Store, trail: Trail, egress: Egress, outlets: readonly Outlet[], nowMs: number): Promise<Round> {
  const checkpoint = await store.write((writing) => trail.checkpoint(writing))
  if (checkpoint === undefined) return { checkpoint, outcomes: outlets.map(() => 'unchanged' as const) }
  return { checkpoint, outcomes: await Promise.all(outlets.map((outlet) => bring(store, egress, outlet, checkpoint, nowMs))) }
}

/** How much of the trail was brought out of the store last, and when; undefined: nothing ever was. */
export async function lastDelivery(reading: Reading): Promise<{ readonly size: number; readonly atMs: number } | undefined> {
  const all = (await reading.scan(DELIVERED, { limit: 1000 })).map(({ value }) => value)
  return all.sort((a, b) => b.atMs - a.atMs)[0]
}

async function bring(store: Store, egress: Egress, outlet: Outlet, checkpoint: SignedCheckpoint, nowMs: number): Promise<Delivery | 'unchanged'> {
  const key = outletKey(outlet)
  const { size } = checkpoint
  const before = await store.read((reading) => reading.get(DELIVERED, key))
  // Not "at least": a store that was turned back brings its smaller tree as well, and whoever keeps the file sees it.
  if (before?.size === size) return 'unchanged'
  const delivery = await deliver(store, egress, outlet, checkpoint)
  if (delivery === 'delivered') await store.write(async (writing) => writing.put(DELIVERED, key, { size, atMs: nowMs }))
  return delivery
}

async function deliver(store: Store, egress: Egress, outlet: Outlet, checkpoint: SignedCheckpoint): Promise<Delivery> {
  if (outlet.kind === 'webhook') return postCheckpoint(egress, outlet.url, checkpoint)
  if (outlet.kind === 'witness') return submitToWitness(store, egress, outlet, checkpoint)
  try {
    await appendCheckpoint(outlet.path, checkpoint)
    return 'delivered'
  } catch (cause) {
    return { failed: `cannot be written (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason'})` }
  }
}

/** Addresses may hold secrets and whatever else keys of the store may not. */
const outletKey = (outlet: Outlet): string =>
  hash('sha256', JSON.stringify(outlet.kind === 'witness' ? [outlet.kind, outlet.url, formatNoteKey(outlet.key)] : Object.values(outlet)), 'hex')
