// What the trail keeps in the store: its collections, their keys, and how they are read.
import { hash } from 'node:crypto'
import { collection, type Reading } from '../ports/store.ts'
import type { TrailEntry } from './entry.ts'
import { Frontier, type Hash } from './merkle-hash.ts'
import type { NodeReader } from './merkle-proofs.ts'
import type { Opening } from './opening.ts'

/**
 * An entry, with the nodes of the tree that it completed, by level from its own leaf upwards, in base64. Each node is the last work of exactly one
 * leaf, so that the whole tree is kept with no record of its own and an append writes one record however high the tree is.
 */
export interface EntryRecord {
  readonly entry: TrailEntry
  readonly nodes: readonly string[]
}
export const ENTRIES = collection<EntryRecord>('trail-entry')
/** By entry and field. The only place where personal data stands. */
export const OPENINGS = collection<Opening>('trail-opening')
/** Which entries are about an actor, an object or a noun: only keys. */
export const MENTIONS = collection<0>('trail-mention')

/** Where the trail ends. */
export interface Head {
  readonly origin: string
  readonly size: number
  /** Of the last entry, in milliseconds. */
  readonly timeMs: number
  /** The frontier, in base64. */
  readonly peaks: readonly string[]
  /** The id of the key that signs. */
  readonly keyId: string
  /** The digest of all of the above, sealed: who can write to the store but has no envelope key cannot have another history signed. */
  readonly seal: string
}
export const HEAD = collection<Head>('trail-head')
export const HEAD_KEY = 'head'
export const HEAD_PLACE = 'trail-head/head'

/** A signing key. Once it is retired only its public half is left. */
export interface KeyRecord {
  readonly key: string
  readonly sealed?: string
}
export const KEYS = collection<KeyRecord>('trail-key')
export const sealedPlace = (keyId: string): string => `trail-key/${keyId}`

/** By size: the note, with the signatures of witnesses as they come in. */
export const CHECKPOINTS = collection<{ readonly note: string }>('trail-checkpoint')

const INDEX_DIGITS = 13
/** Fixed width, so that the order of keys is that of numbers. */
export const indexKey = (index: number): string => String(index).padStart(INDEX_DIGITS, '0')
export const openingKey = (index: number, name: string): string => `${indexKey(index)}/${name}`

/** Names may hold what keys may not, so their hash stands for them; whoever finds an entry by it compares the name. */
export const mentionPrefix = (kind: 'actor' | 'object' | 'noun', ...names: readonly string[]): string =>
  `${kind}/${hash('sha256', JSON.stringify(names), 'hex').slice(0, 24)}/`
export const indexOfMention = (key: string): number => Number(key.slice(-INDEX_DIGITS))

export const readHead = (reading: Reading): Promise<Head | undefined> => reading.get(HEAD, HEAD_KEY)
export const frontierOf = ({ size, peaks }: Pick<Head, 'size' | 'peaks'>): Frontier => new Frontier(size, peaks.map(fromBase64))

export async function readEntry(reading: Reading, index: number): Promise<TrailEntry | undefined> {
  return (await reading.get(ENTRIES, indexKey(index)))?.entry
}

/** Nodes of the tree, for proofs: one read each. */
export const nodesOf =
  (reading: Reading): NodeReader =>
  async (level, index) => {
    // The node over these leaves was completed by the last of them.
    const node = (await reading.get(ENTRIES, indexKey((index + 1) * 2 ** level - 1)))?.nodes[level]
    if (node === undefined) throw new Error('the trail does not hold a node that its size says is there')
    return fromBase64(node)
  }

const fromBase64 = (text: string): Hash => Buffer.from(text, 'base64')
