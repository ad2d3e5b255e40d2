// The directory in shared memory, as one gateway thread reads it: what a file defines, and what the store holds.
import type { KnownConsumer, KnownKey } from '../../model/directory.ts'
import type { Credentials, FoundKey } from '../../ports/credentials.ts'
import { ConsumerTable } from './consumer-table.ts'
import { KeyTable, readDigest } from './key-table.ts'
import type { DirectoryMemory } from './shared-directory.ts'

/**
 * Keys of an owner that a thread keeps at hand, at most, a power of two: those that are found twice with no other at their place in between. Whoever shows
 * a million keys in turn gets objects that live as long as the request does; texts are made for whoever reads them.
 */
const KEYS_AT_HAND = 16_384
const RIGHTS_AT_HAND = 1024
const NONE = -1

type KnownRights = Omit<KnownConsumer, 'name'>

/** A consumer, where its name stands and what it may do. */
interface Owner {
  readonly consumers: ConsumerTable
  readonly number: number
  readonly rights: KnownRights
}

/** What is known of a key and of its consumer: one object, since most live no longer than a request. */
class Known implements FoundKey, KnownKey, KnownConsumer {
  /** Where the consumer's rights stood in the key's own table when this was made. */
  readonly rightsAt: number
  /** Hidden from whoever prints this object: the tables are large, and not theirs to see. */
  readonly #keys: KeyTable
  private readonly number: number
  readonly #consumers: ConsumerTable
  private readonly consumerNumber: number
  private readonly rights: KnownRights
  private idText: string | undefined
  private nameText: string | undefined

  constructor(keys: KeyTable, number: number, rightsAt: number, consumers: ConsumerTable, consumerNumber: number, rights: KnownRights) {
    this.#keys = keys
    this.number = number
    this.rightsAt = rightsAt
    this.#consumers = consumers
    this.consumerNumber = consumerNumber
    this.rights = rights
    this.idText = undefined
    this.nameText = undefined
  }
  hasExpired(nowMs: number): boolean {
    return this.#keys.hasExpired(this.number, nowMs)
  }
  get key(): KnownKey {
    return this
  }
  get consumer(): KnownConsumer {
    return this
  }
  get id(): string {
    this.idText ??= this.#keys.id(this.number)
    return this.idText
  }
  get name(): string {
    this.nameText ??= this.#consumers.name(this.consumerNumber)
    return this.nameText
  }
  get apis(): ReadonlySet<string> {
    return this.rights.apis
  }
  get plans(): KnownConsumer['plans'] {
    return this.rights.plans
  }
}

/** One owner's share of the directory, a file's or the store's, with what a thread keeps of it at hand: by the numbers of keys, which are never used twice. */
class Share {
  readonly keys: KeyTable
  readonly consumers: ConsumerTable
  private readonly rightsByPlace = new Map<number, KnownRights>()
  private readonly numbers = new Map<string, number>()
  private readonly slots: number
  private readonly atHand: (Known | undefined)[]
  /** By slot: the number of the key at hand there, so that no other one has to look at it, and of the one that was found there last. */
  private readonly numberAtHand: Int32Array
  private readonly numberFound: Int32Array

  constructor({ keys, consumers }: DirectoryMemory) {
    this.keys = new KeyTable(keys)
    this.consumers = new ConsumerTable(consumers)
    this.slots = Math.min(KEYS_AT_HAND, 2 ** Math.ceil(Math.log2(this.keys.places)))
    this.atHand = new Array(this.slots)
    this.numberAtHand = new Int32Array(this.slots).fill(NONE)
    this.numberFound = new Int32Array(this.slots).fill(NONE)
  }
  nameAll(): this {
    for (let number = 0; number < this.consumers.used; number++) this.numbers.set(this.consumers.name(number), number)
    return this
  }
  forget(): void {
    this.atHand.fill(undefined)
    this.numberAtHand.fill(NONE)
  }

  /** A key that was found alive. What is at hand of it is believed only while the table says that its consumer's rights are the same. */
  known(number: number, file: Share): Known | undefined {
    const rightsAt = this.consumers.rightsAt(this.keys.consumer(number))
    const slot = number & (this.slots - 1)
    if (this.numberAtHand[slot] === number) {
      const known = this.atHand[slot]!
      if (known.rightsAt === rightsAt) return known
    }
    const made = this.make(number, rightsAt, file)
    if (made !== undefined && this.numberFound[slot] === number) {
      this.numberAtHand[slot] = number
      this.atHand[slot] = made
    }
    this.numberFound[slot] = number
    return made
  }
  private make(number: number, rightsAt: number, file: Share): Known | undefined {
    const { keys, consumers } = this
    const consumer = keys.consumer(number)
    if (rightsAt !== 0) return new Known(keys, number, rightsAt, consumers, consumer, this.rights(rightsAt))
    // Keys of the store may belong to a consumer that the file defines.
    const owner = file.owner(consumers.name(consumer))
    return owner && new Known(keys, number, rightsAt, owner.consumers, owner.number, owner.rights)
  }
  private owner(name: string): Owner | undefined {
    const { consumers } = this
    const number = this.numbers.get(name)
    const rightsAt = number === undefined ? 0 : consumers.rightsAt(number)
    return number === undefined || rightsAt === 0 ? undefined : { consumers, number, rights: this.rights(rightsAt) }
  }
  private rights(at: number): KnownRights {
    let known = this.rightsByPlace.get(at)
    if (known === undefined) {
      if (this.rightsByPlace.size >= RIGHTS_AT_HAND) this.rightsByPlace.clear()
      const { apis, plans = {} } = this.consumers.rights(at)
      known = { apis: new Set(apis), plans }
      this.rightsByPlace.set(at, known)
    }
    return known
  }
}

/** A key is looked for in the file's table, then in the store's: every key in the same way, however often it is shown. */
export class SharedCredentials implements Credentials {
  private file: Share
  private store: Share

  constructor(file: DirectoryMemory, store: DirectoryMemory) {
    this.file = new Share(file).nameAll()
    this.store = new Share(store)
  }

  /** What a file defines, as a whole: together with the snapshot that belongs to it. */
  replaceFile(memory: DirectoryMemory): void {
    if (memory.keys === this.file.keys.memory && memory.consumers === this.file.consumers.memory) return
    this.file = new Share(memory).nameAll()
    // Some keys of the store belong to consumers of the old file.
    this.store.forget()
  }
  /** The store's tables have moved: from now on the old ones are not read. */
  replaceStore(memory: DirectoryMemory): void {
    this.store = new Share(memory)
  }

  findKey(digest: string, nowMs: number): FoundKey | undefined {
    const words = readDigest(digest)
    const found = this.in(this.file, words) ?? this.in(this.store, words)
    return found === undefined || found.hasExpired(nowMs) ? undefined : found
  }
  private in(share: Share, words: Int32Array): Known | undefined {
    if (share.keys.isEmpty) return undefined
    const number = share.keys.seek(words)
    return number < 0 ? undefined : share.known(number, this.file)
  }
}
