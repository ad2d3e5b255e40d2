// Responses in the memory of one gateway thread; what makes them void is shared by all threads.
import type { KeyedHash } from '../../base/keyed-hash.ts'
import { Epochs } from '../../caching/epochs.ts'
import { type Shelf, type ShelfBounds, Shelves } from '../../caching/shelves.ts'
import { isSameSelection, octetsOf, type StoredResponse } from '../../caching/stored-response.ts'
import { type CacheMeasures, type CacheTally, emptyTally, type Filling, type Purge, type Purged, type Responses } from '../../ports/responses.ts'

/** Responses under one key, each for another selection of request fields. */
const SELECTIONS_MAX = 16
/** Of the store's octets, what bodies that are being collected may take beside it. */
const COLLECTED_SHARE = 0.25
const SHELVES_A_SLICE = 128

interface Item {
  readonly response: StoredResponse
  /** Place and count of the target. */
  readonly marks: Int32Array
}

export class MemoryResponses implements Responses {
  private readonly shelves: Shelves<Item>
  private readonly epochs: Epochs
  private readonly tallies = new Map<string, CacheTally>()
  private collected = 0

  constructor(bounds: ShelfBounds, epochs: SharedArrayBuffer, hash: KeyedHash) {
    this.epochs = new Epochs(epochs, hash)
    this.shelves = new Shelves(bounds, hash, ({ response, marks }) => octetsOf(response) + marks.length * 4)
  }
  get octets(): number {
    return this.shelves.octets
  }
  get keys(): number {
    return this.shelves.keys
  }
  get evictions(): number {
    return this.shelves.evictions
  }
  get collecting(): number {
    return this.collected
  }
  bound(bounds: ShelfBounds): void {
    this.shelves.bound(bounds)
  }

  find(key: string): readonly StoredResponse[] {
    const shelf = this.shelves.find(key)
    if (shelf === undefined) return NONE
    const { items } = shelf
    for (let i = 0; i < items.length; i++) if (this.isVoid(items[i]!)) return this.withoutVoid(shelf)
    return items.length === 1 ? [items[0]!.response] : items.map(({ response }) => response)
  }
  private withoutVoid(shelf: Shelf<Item>): readonly StoredResponse[] {
    const left = shelf.items.filter((item) => !this.isVoid(item))
    this.shelves.put(shelf.key, left)
    return left.map(({ response }) => response)
  }
  private isVoid({ marks }: Item): boolean {
    for (let i = 0; i < marks.length; i += 2) if (this.epochs.at(marks[i]!) !== marks[i + 1]) return true
    return false
  }

  begin(target: string): Filling {
    const place = this.epochs.placeOf(target)
    return { target, place, count: this.epochs.at(place), purges: this.epochs.purges }
  }
  put(key: string, response: StoredResponse, { place, count, purges }: Filling): boolean {
    if (this.epochs.at(place) !== count || this.epochs.purges !== purges) return false
    const others = this.shelves.peek(key).filter((item) => !isSameSelection(item.response, response) && !this.isVoid(item))
    const kept = others.length < SELECTIONS_MAX ? others : others.slice(1 - SELECTIONS_MAX)
    return this.shelves.put(key, [...kept, { response, marks: Int32Array.of(place, count) }])
  }
  forget(key: string, response: StoredResponse): void {
    const items = this.shelves.peek(key)
    const left = items.filter((item) => item.response !== response)
    if (left.length < items.length) this.shelves.put(key, left)
  }
  invalidate(target: string): void {
    this.epochs.move(this.epochs.placeOf(target))
  }

  reserve(octets: number): boolean {
    if (this.collected + octets > this.shelves.octetsMax * COLLECTED_SHARE) return false
    this.collected += octets
    return true
  }
  release(octets: number): void {
    this.collected -= octets
  }

  tallyOf(api: string): CacheTally {
    let tally = this.tallies.get(api)
    if (tally === undefined) this.tallies.set(api, (tally = emptyTally()))
    return tally
  }
  measure(): CacheMeasures {
    const { octets, keys, evictions, collected } = this
    return { octets, keys, evictions, collected, tallies: [...this.tallies] }
  }

  /** Takes away what is meant, in short slices. What is being fetched is kept from being stored by `markPurge`. */
  async purge(what: Purge): Promise<Purged> {
    let responses = 0
    let octets = 0
    let seen = 0
    for (const shelf of this.shelves.all()) {
      const left = shelf.items.filter(({ response }) => !isMeant(response, what))
      if (left.length < shelf.items.length) {
        const before = this.shelves.octets
        responses += shelf.items.length - left.length
        this.shelves.put(shelf.key, left)
        octets += before - this.shelves.octets
      }
      if (++seen % SHELVES_A_SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // Who asked before this whether something still holds must not put it back.
    this.epochs.movePurges()
    return { responses, octets }
  }
}
const NONE: readonly StoredResponse[] = []

function isMeant({ target, tags }: StoredResponse, { api, path, prefix, tag }: Purge): boolean {
  if (!target.startsWith(`${api}\n`)) return false
  if (tag !== undefined && !tags.includes(tag)) return false
  const below = target.slice(target.lastIndexOf('\n') + 1)
  if (prefix !== undefined && !below.startsWith(prefix)) return false
  return path === undefined || below === path || (!path.includes('?') && below.startsWith(`${path}?`))
}
