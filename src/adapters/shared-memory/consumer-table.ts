// The table of consumers that all threads share: names and the APIs they may call, written by one thread, read by any without a lock.

/**
 * A consumer is a number for as long as the process lives. It has two words: where its name stands, and where its list of APIs stands; 0 is nowhere. Texts
 * are ASCII, written behind one another and never changed: a new list is written first, then the word that points to it, by one atomic store.
 */
const HEADER_WORDS = 16
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
  /** Where each list stands: most consumers share theirs with many. Known to the writer only. */
  private readonly lists = new Map<string, number>()

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
  /** Where the list of APIs stands; 0 when this table has none for it. It changes with the list. */
  listAt(number: number): number {
    return Atomics.load(this.heads, number * 2 + 1)
  }
  /** The list that stands there. */
  list(at: number): readonly string[] {
    return JSON.parse(this.text(at)) as string[]
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
  setList(number: number, apis: readonly string[]): boolean {
    const text = JSON.stringify(apis)
    let at = this.lists.get(text)
    if (at === undefined) {
      at = this.write(text)
      if (at < 0) return false
      this.lists.set(text, at)
    }
    Atomics.store(this.heads, number * 2 + 1, at)
    return true
  }
  /** Does nothing for a number that came after this table. */
  dropList(number: number): void {
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
    const lists = new Set<number>([0])
    let inUse = 1
    const sizeAt = (at: number): number => 1 + Math.ceil(this.words[at]! / 4)
    for (let number = 0; number < this.used; number++) {
      inUse += sizeAt(this.heads[number * 2]!)
      if (!lists.has(this.listAt(number))) inUse += sizeAt(this.listAt(number))
      lists.add(this.listAt(number))
    }
    const next = new ConsumerTable(consumerTableMemory(Math.max(this.capacity, this.used * 2), (inUse + textWords) * 2))
    for (let number = 0; number < this.used; number++) {
      next.add(this.name(number))
      const at = this.listAt(number)
      if (at !== 0) next.setList(number, this.list(at))
    }
    return next
  }
}
