// The memory of a cache: bounded in octets and in keys, and such that reading everything once pushes nothing out that is asked for often (S3-FIFO).
import type { KeyedHash } from '../base/keyed-hash.ts'

/**
 * All that is stored under one key. New ones stand in the small queue; only those that were asked for again there get into the main one (Yang et al., "FIFO
 * queues are all you need for cache eviction", SOSP 2023).
 */
export interface Shelf<T> {
  readonly key: string
  /** Never empty. */
  items: readonly T[]
  octets: number
  uses: number
  isMain: boolean
  newer: Shelf<T> | undefined
  older: Shelf<T> | undefined
}

/** The small queue's share of the octets. */
const SMALL_SHARE = 0.1
const USES_MAX = 3
/** Memory for a shelf itself: its object, its place in the table, its array. */
const SHELF_OCTETS = 256
/** How many keys that were pushed out are remembered, as numbers. */
const GHOSTS = 16_384

export interface ShelfBounds {
  readonly octets: number
  readonly keys: number
}

export class Shelves<T> {
  private readonly shelves = new Map<string, Shelf<T>>()
  private readonly small = new Queue<T>()
  private readonly main = new Queue<T>()
  private readonly ghosts: Ghosts
  private bounds: ShelfBounds
  private readonly sizeOf: (item: T) => number
  evictions = 0

  constructor(bounds: ShelfBounds, hash: KeyedHash, sizeOf: (item: T) => number) {
    this.bounds = bounds
    this.ghosts = new Ghosts(hash)
    this.sizeOf = sizeOf
  }
  get octets(): number {
    return this.small.octets + this.main.octets
  }
  get keys(): number {
    return this.shelves.size
  }
  get octetsMax(): number {
    return this.bounds.octets
  }
  /** From now on. What is too much is pushed out at once. */
  bound(bounds: ShelfBounds): void {
    this.bounds = bounds
    this.makeRoom(undefined)
  }

  find(key: string): Shelf<T> | undefined {
    const shelf = this.shelves.get(key)
    if (shelf !== undefined && shelf.uses < USES_MAX) shelf.uses++
    return shelf
  }
  /** What stands there, without that counting as a use. */
  peek(key: string): readonly T[] {
    return this.shelves.get(key)?.items ?? []
  }

  /** Puts these in the place of what stands there; none: takes the shelf away. False: they are more than there is room for, and then nothing stands there. */
  put(key: string, items: readonly T[]): boolean {
    const known = this.shelves.get(key)
    let octets = SHELF_OCTETS + key.length
    for (const item of items) octets += this.sizeOf(item)
    if (items.length === 0 || octets > this.bounds.octets / 2 || this.bounds.keys < 1) {
      if (known !== undefined) this.remove(known)
      return items.length === 0
    }
    if (known !== undefined) {
      this.queueOf(known).octets += octets - known.octets
      known.items = items
      known.octets = octets
      this.makeRoom(known)
      return true
    }
    const shelf: Shelf<T> = { key, items, octets, uses: 0, isMain: this.ghosts.take(key), newer: undefined, older: undefined }
    this.shelves.set(key, shelf)
    this.queueOf(shelf).push(shelf)
    this.makeRoom(shelf)
    return true
  }
  clear(): void {
    for (const shelf of this.shelves.values()) this.remove(shelf)
  }
  all(): IterableIterator<Shelf<T>> {
    return this.shelves.values()
  }

  private queueOf(shelf: Shelf<T>): Queue<T> {
    return shelf.isMain ? this.main : this.small
  }
  private remove(shelf: Shelf<T>): void {
    this.queueOf(shelf).take(shelf)
    this.shelves.delete(shelf.key)
  }

  /** `spared` was put just now. Ends: each round takes one away, moves one into the main queue, or uses up one use. */
  private makeRoom(spared: Shelf<T> | undefined): void {
    while (this.octets > this.bounds.octets || this.shelves.size > this.bounds.keys) {
      const fromSmall = this.small.octets > this.bounds.octets * SMALL_SHARE || this.main.oldest === undefined
      const shelf = (fromSmall ? this.small.oldest : undefined) ?? this.main.oldest ?? this.small.oldest
      if (shelf === undefined) return
      if (shelf.uses > (shelf.isMain ? 0 : 1) || (shelf === spared && this.shelves.size > 1)) {
        this.queueOf(shelf).take(shelf)
        shelf.uses = shelf.isMain ? Math.max(0, shelf.uses - 1) : 0
        shelf.isMain = true
        this.main.push(shelf)
        continue
      }
      if (!shelf.isMain) this.ghosts.add(shelf.key)
      this.remove(shelf)
      this.evictions++
    }
  }
}

/** First in, first out; whoever stands in it can be taken out. */
class Queue<T> {
  octets = 0
  oldest: Shelf<T> | undefined
  private newest: Shelf<T> | undefined

  push(shelf: Shelf<T>): void {
    shelf.older = this.newest
    shelf.newer = undefined
    if (this.newest === undefined) this.oldest = shelf
    else this.newest.newer = shelf
    this.newest = shelf
    this.octets += shelf.octets
  }
  take(shelf: Shelf<T>): void {
    if (shelf.older === undefined) this.oldest = shelf.newer
    else shelf.older.newer = shelf.newer
    if (shelf.newer === undefined) this.newest = shelf.older
    else shelf.newer.older = shelf.older
    shelf.newer = undefined
    shelf.older = undefined
    this.octets -= shelf.octets
  }
}

/** Keys that were pushed out of the small queue, as numbers in a ring. */
class Ghosts {
  private readonly ring = new Float64Array(GHOSTS)
  private readonly known = new Set<number>()
  private at = 0
  private readonly hash: KeyedHash

  constructor(hash: KeyedHash) {
    this.hash = hash
  }
  add(key: string): void {
    this.known.delete(this.ring[this.at]!)
    const number = this.numberOf(key)
    this.ring[this.at] = number
    this.known.add(number)
    this.at = (this.at + 1) % GHOSTS
  }
  take(key: string): boolean {
    return this.known.delete(this.numberOf(key))
  }
  private numberOf(key: string): number {
    this.hash.hash(key)
    return (this.hash.words[0]! >>> 0) * 2 ** 20 + (this.hash.words[1]! >>> 12)
  }
}
