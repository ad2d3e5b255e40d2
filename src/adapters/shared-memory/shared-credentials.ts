// The directory in shared memory, as one gateway thread reads it: what a file defines, and what the store holds.
import type { KnownConsumer } from '../../model/directory.ts'
import type { Credentials, FoundKey } from '../../ports/credentials.ts'
import { ConsumerTable } from './consumer-table.ts'
import { KeyTable, readDigest } from './key-table.ts'
import type { DirectoryMemory } from './shared-directory.ts'

/** Keys and consumers that a thread keeps at hand as objects, a power of two. The others cost their making, each time they are shown. */
const KEYS_AT_HAND = 16_384
const CONSUMERS_AT_HAND = 4096
const RIGHTS_AT_HAND = 1024

interface AtHand extends FoundKey {
  readonly digest: string
  readonly table: KeyTable
  readonly number: number
  readonly expiresMs: number
  readonly consumers: ConsumerTable
  readonly consumerNumber: number
  /** Where the consumer's rights stood when this was made. */
  readonly rightsAt: number
}
interface KnownConsumerAtHand {
  readonly number: number
  readonly rightsAt: number
  readonly consumer: KnownConsumer
}

/** One owner's share of the directory: a file's or the store's. */
class Share {
  readonly keys: KeyTable
  readonly consumers: ConsumerTable
  private readonly atHand: (KnownConsumerAtHand | undefined)[] = new Array(CONSUMERS_AT_HAND)
  private readonly rightsByPlace = new Map<number, Omit<KnownConsumer, 'name'>>()
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
    const place = number & (CONSUMERS_AT_HAND - 1)
    const known = this.atHand[place]
    if (known !== undefined && known.number === number && known.rightsAt === rightsAt) return known.consumer
    const consumer = { name: this.consumers.name(number), ...this.rights(rightsAt) }
    this.atHand[place] = { number, rightsAt, consumer }
    return consumer
  }
  private rights(at: number): Omit<KnownConsumer, 'name'> {
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
  private readonly atHand: (AtHand | undefined)[] = new Array(KEYS_AT_HAND)
  private readonly words = new Int32Array(8)

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
    const known = this.atHand[place]
    const found = known !== undefined && known.digest === digest && isStillSo(known) ? known : this.seek(digest, place)
    return found === undefined || found.expiresMs <= nowMs ? undefined : found
  }

  private seek(digest: string, place: number): AtHand | undefined {
    readDigest(digest, this.words)
    const found = this.in(this.file, digest) ?? this.in(this.store, digest)
    if (found !== undefined) this.atHand[place] = found
    return found
  }
  private in(share: Share, digest: string): AtHand | undefined {
    const { keys, consumers } = share
    const number = keys.seek(this.words)
    if (number < 0) return undefined
    const consumerNumber = keys.consumer(number)
    const rightsAt = consumers.rightsAt(consumerNumber)
    // Keys of the store may belong to a consumer that the file defines.
    const consumer = rightsAt === 0 ? this.file.consumerNamed(consumers.name(consumerNumber)) : share.consumer(consumerNumber, rightsAt)
    if (consumer === undefined) return undefined
    return { digest, table: keys, number, expiresMs: keys.expiresMs(number), consumers, consumerNumber, rightsAt, key: { id: keys.id(number) }, consumer }
  }
}

function isStillSo({ table, number, consumers, consumerNumber, rightsAt }: AtHand): boolean {
  return table.isLive(number) && consumers.rightsAt(consumerNumber) === rightsAt
}

/** Twelve bits of the digest from its first three digits, and two from the fourth. */
function placeOf(digest: string): number {
  return (
    (digitOf(digest.charCodeAt(0)) << 10) | (digitOf(digest.charCodeAt(1)) << 6) | (digitOf(digest.charCodeAt(2)) << 2) | (digitOf(digest.charCodeAt(3)) & 3)
  )
}
/** `0`-`9` are 48-57, `a`-`f` 97-102. */
const digitOf = (code: number): number => (code & 15) + (code >> 6) * 9
