// The table of consumers that all threads share: names, the APIs they may call and the plans they are on, written by one thread, read by any without a lock.
import type { Consumer } from '../../model/directory.ts'

/**
 * A consumer is a number for as long as the process lives. It has two words: where its name stands, and where its rights stand; 0 is nowhere. Texts
 * are ASCII, written behind one another and never changed: new rights are written first, then the word that points to it, by one atomic store.
 */
const HEADER_WORDS = 16
/** What a consumer may call, and on which plans. */
export type Rights = Pick<Consumer, 'apis' | 'plans'>
const CAPACITY = 0
const TEXT_WORDS = 1
const USED = 2
/** The next free word of the texts; 0 is never used, so that it can mean nowhere. */
const NEXT = 3

export function consumerTableMemory(capacity: number, textWords: number): SharedArrayBuffer {
  const memory = new SharedArrayBuffer((HEADER_WORDS + capacity * 2 + textWords) * 4)
  const header = new Int32Array(memory, 0, HEADER_WORDS)
  header[CAPACITY] = capacity
  header[TEXT_WORDS] = textWords
  header[NEXT] = 1
  return memory
}

/** The table as one thread sees it. The writing methods belong to the one thread that writes. */
export class ConsumerTable {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
  private readonly textWords: number
  private readonly header: Int32Array
  private readonly heads: Int32Array
  private readonly words: Int32Array
  private readonly octets: Buffer
  /** Where each text of rights stands: most consumers share theirs with many. Known to the writer only. */
  private readonly rightsAtText = new Map<string, number>()

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.header = new Int32Array(memory, 0, HEADER_WORDS)
    this.capacity = this.header[CAPACITY]!
    this.textWords = this.header[TEXT_WORDS]!
    this.heads = new Int32Array(memory, HEADER_WORDS * 4, this.capacity * 2)
    const from = (HEADER_WORDS + this.capacity * 2) * 4
    this.words = new Int32Array(memory, from, this.textWords)
    this.octets = Buffer.from(memory, from, this.textWords * 4)
  }

  get used(): number {
    return Atomics.load(this.header, USED)
  }
  name(number: number): string {
    return this.text(this.heads[number * 2]!)
  }
  /** Where the rights stand; 0 when this table has none for it. It changes with the rights. */
  rightsAt(number: number): number {
    return Atomics.load(this.heads, number * 2 + 1)
  }
  /** The rights that stand there. */
  rights(at: number): Rights {
    return JSON.parse(this.text(at)) as Rights
  }
  private text(at: number): string {
    const from = at * 4 + 4
    return this.octets.toString('latin1', from, from + this.words[at]!)
  }

  /** A number for a new name; -1 when there is no room. */
  add(name: string): number {
    const number = this.used
    if (number >= this.capacity) return -1
    const at = this.write(name)
    if (at < 0) return -1
    this.heads[number * 2] = at
    Atomics.store(this.header, USED, number + 1)
    return number
  }
  /** False when there is no room. */
  setRights(number: number, { apis, plans }: Rights): boolean {
    const text = JSON.stringify({ apis, plans })
    let at = this.rightsAtText.get(text)
    if (at === undefined) {
      at = this.write(text)
      if (at < 0) return false
      this.rightsAtText.set(text, at)
    }
    Atomics.store(this.heads, number * 2 + 1, at)
    return true
  }
  /** Does nothing for a number that came after this table. */
  dropRights(number: number): void {
    if (number < this.used) Atomics.store(this.heads, number * 2 + 1, 0)
  }
  private write(text: string): number {
    const at = this.header[NEXT]!
    const next = at + 1 + Math.ceil(text.length / 4)
    if (next > this.textWords) return -1
    this.words[at] = text.length
    this.octets.write(text, at * 4 + 4, 'latin1')
    this.header[NEXT] = next
    return at
  }

  /** A table with twice the room that is in use here and `textWords` more, with the same numbers. This one stays as it is. */
  grown(textWords: number): ConsumerTable {
    const seen = new Set<number>([0])
    let inUse = 1
    const sizeAt = (at: number): number => 1 + Math.ceil(this.words[at]! / 4)
    for (let number = 0; number < this.used; number++) {
      inUse += sizeAt(this.heads[number * 2]!)
      if (!seen.has(this.rightsAt(number))) inUse += sizeAt(this.rightsAt(number))
      seen.add(this.rightsAt(number))
    }
    const next = new ConsumerTable(consumerTableMemory(Math.max(this.capacity, this.used * 2), (inUse + textWords) * 2))
    for (let number = 0; number < this.used; number++) {
      next.add(this.name(number))
      const at = this.rightsAt(number)
      if (at !== 0) next.setRights(number, this.rights(at))
    }
    return next
  }
}
