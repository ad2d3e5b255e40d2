// The directory in shared memory, as one gateway thread reads it: what a file defines, and what the store holds.
import type { KnownConsumer, KnownKey } from '../../model/directory.ts'
import type { Credentials, FoundKey } from '../../ports/credentials.ts'
import { ConsumerTable } from './consumer-table.ts'
import { KeyTable, readDigest } from './key-table.ts'
import type { DirectoryMemory } from './shared-directory.ts'

/**
 * Keys that a thread keeps at hand, a power of two: those that are shown twice with no other at their place in between. Whoever shows a million keys in
 * turn gets objects that live as long as the request does; texts are made for whoever reads them.
 */
const KEYS_AT_HAND = 16_384
const RIGHTS_AT_HAND = 1024

class TableKey implements KnownKey {
  private text: string | undefined
  private readonly table: KeyTable
  private readonly number: number
  constructor(table: KeyTable, number: number) {
    this.table = table
    this.number = number
  }
  get id(): string {
    this.text ??= this.table.id(this.number)
    return this.text
  }
}

type KnownRights = Omit<KnownConsumer, 'name'>
class TableConsumer implements KnownConsumer {
  readonly apis: ReadonlySet<string>
  readonly plans: KnownConsumer['plans']
  private text: string | undefined
  private readonly table: ConsumerTable
  private readonly number: number
  constructor(table: ConsumerTable, number: number, { apis, plans }: KnownRights) {
    this.table = table
    this.number = number
    this.apis = apis
    this.plans = plans
  }
  get name(): string {
    this.text ??= this.table.name(this.number)
    return this.text
  }
}

/** What a look-up found, and what must still be so for it to be believed again. */
class Found implements FoundKey {
  readonly digest: string
  readonly key: KnownKey
  readonly consumer: KnownConsumer
  readonly expiresMs: number
  private readonly keys: KeyTable
  private readonly number: number
  private readonly consumers: ConsumerTable
  private readonly consumerNumber: number
  /** Where the consumer's rights stood when this was made. */
  private readonly rightsAt: number

  constructor(digest: string, { keys, consumers }: Share, number: number, consumerNumber: number, rightsAt: number, consumer: KnownConsumer) {
    this.digest = digest
    this.key = new TableKey(keys, number)
    this.consumer = consumer
    this.expiresMs = keys.expiresMs(number)
    this.keys = keys
    this.number = number
    this.consumers = consumers
    this.consumerNumber = consumerNumber
    this.rightsAt = rightsAt
  }
  get isStillSo(): boolean {
    return this.keys.isLive(this.number) && this.consumers.rightsAt(this.consumerNumber) === this.rightsAt
  }
}

/** One owner's share of the directory: a file's or the store's. */
class Share {
  readonly keys: KeyTable
  readonly consumers: ConsumerTable
  private readonly rightsByPlace = new Map<number, KnownRights>()
  private readonly numbers = new Map<string, number>()

  constructor({ keys, consumers }: DirectoryMemory) {
    this.keys = new KeyTable(keys)
    this.consumers = new ConsumerTable(consumers)
  }
  nameAll(): this {
    for (let number = 0; number < this.consumers.used; number++) this.numbers.set(this.consumers.name(number), number)
    return this
  }

  consumer(number: number, rightsAt: number): KnownConsumer {
    return new TableConsumer(this.consumers, number, this.rights(rightsAt))
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
  consumerNamed(name: string): KnownConsumer | undefined {
    const number = this.numbers.get(name)
    return number === undefined ? undefined : this.consumer(number, this.consumers.rightsAt(number))
  }
}

/**
 * A key is looked for among those at hand, then in the file's table, then in the store's. What is at hand is believed only while the table says that the
 * key lives and that its consumer's rights are the same: two words, read at each look-up.
 */
export class SharedCredentials implements Credentials {
  private file: Share
  private store: Share
  private readonly atHand: (Found | undefined)[] = new Array(KEYS_AT_HAND)
  /** By place: a few bits of the digest that is at hand there, so that no other one has to look at it, and of the one that was sought there last. */
  private readonly tagAtHand = new Int32Array(KEYS_AT_HAND)
  private readonly tagSought = new Int32Array(KEYS_AT_HAND)

  constructor(file: DirectoryMemory, store: DirectoryMemory) {
    this.file = new Share(file).nameAll()
    this.store = new Share(store)
  }

  /** What a file defines, as a whole: together with the snapshot that belongs to it. */
  replaceFile(memory: DirectoryMemory): void {
    if (memory.keys === this.file.keys.memory && memory.consumers === this.file.consumers.memory) return
    this.file = new Share(memory).nameAll()
    this.atHand.fill(undefined)
  }
  /** The store's tables have moved: from now on the old ones are not read. */
  replaceStore(memory: DirectoryMemory): void {
    this.store = new Share(memory)
    this.atHand.fill(undefined)
  }

  findKey(digest: string, nowMs: number): FoundKey | undefined {
    const place = placeOf(digest)
    const tag = tagOf(digest)
    const known = this.tagAtHand[place] === tag ? this.atHand[place] : undefined
    const found = known !== undefined && known.digest === digest && known.isStillSo ? known : this.seek(digest, place, tag)
    return found === undefined || found.expiresMs <= nowMs ? undefined : found
  }

  private seek(digest: string, place: number, tag: number): Found | undefined {
    const words = readDigest(digest)
    const found = this.in(this.file, digest, words) ?? this.in(this.store, digest, words)
    if (found !== undefined && this.tagSought[place] === tag) {
      this.tagAtHand[place] = tag
      this.atHand[place] = found
    }
    this.tagSought[place] = tag
    return found
  }
  private in(share: Share, digest: string, words: Int32Array): Found | undefined {
    const { keys, consumers } = share
    const number = keys.seek(words)
    if (number < 0) return undefined
    const consumerNumber = keys.consumer(number)
    const rightsAt = consumers.rightsAt(consumerNumber)
    // Keys of the store may belong to a consumer that the file defines.
    const consumer = rightsAt === 0 ? this.file.consumerNamed(consumers.name(consumerNumber)) : share.consumer(consumerNumber, rightsAt)
    return consumer && new Found(digest, share, number, consumerNumber, rightsAt, consumer)
  }
}

/** Twelve bits of the digest from its first three digits, and two from the fourth. */
function placeOf(digest: string): number {
  return (
    (digitOf(digest.charCodeAt(0)) << 10) | (digitOf(digest.charCodeAt(1)) << 6) | (digitOf(digest.charCodeAt(2)) << 2) | (digitOf(digest.charCodeAt(3)) & 3)
  )
}
/** Sixteen bits from the next four digits. */
function tagOf(digest: string): number {
  return (digest.charCodeAt(4) << 24) | (digest.charCodeAt(5) << 16) | (digest.charCodeAt(6) << 8) | digest.charCodeAt(7)
}
/** `0`-`9` are 48-57, `a`-`f` 97-102. */
const digitOf = (code: number): number => (code & 15) + (code >> 6) * 9
