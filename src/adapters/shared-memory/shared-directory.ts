// The directory in shared memory, as the thread that writes it sees it: keys and consumers, in tables that are built anew and handed over when they are full.
import type { Consumer, DirectoryContent, LiveKey } from '../../model/directory.ts'
import { fileKeyId } from '../../model/directory.ts'
import type { CredentialDirectory, CredentialWriter } from '../../ports/credentials.ts'
import { ConsumerTable, consumerTableMemory } from './consumer-table.ts'
import { KeyTable, keyTableMemory } from './key-table.ts'

/** What readers need: shared with them, not copied. */
export interface DirectoryMemory {
  readonly keys: SharedArrayBuffer
  readonly consumers: SharedArrayBuffer
}
interface Tables {
  readonly keys: KeyTable
  readonly consumers: ConsumerTable
  /** Of the consumers, by name: a table that has grown goes on with them, a directory that was filled anew has others. */
  readonly numbers: Map<string, number>
}

const KEYS_MIN = 1024
const CONSUMERS_MIN = 256
const TEXT_WORDS_MIN = 8192
/** A table that is built anew has so much more room than is in use. */
const GROWTH = 1.5

export interface SharedDirectoryOptions {
  /** Resolves, and never rejects, when no reader uses the memory before this one any more. Without it there are no readers yet. */
  readonly handOver?: (memory: DirectoryMemory) => Promise<void>
  /** By it a key has expired and is left behind when a table is built anew. Without it none is. */
  readonly nowMs?: () => number
  /** How much is to be expected. */
  readonly room?: { readonly keys: number; readonly consumers: number }
}

export class SharedDirectory implements CredentialDirectory {
  private tables: Tables
  /** Tables that are no longer written, and that some reader may still look into. */
  private readonly retiredKeys = new Set<KeyTable>()
  private readonly retiredConsumers = new Map<ConsumerTable, Tables['numbers']>()
  private handingOver: Promise<void> = Promise.resolve()
  private readonly handOver: (memory: DirectoryMemory) => Promise<void>
  private readonly nowMs: () => number

  constructor({ handOver = async () => {}, nowMs = () => 0, room = { keys: 0, consumers: 0 } }: SharedDirectoryOptions = {}) {
    this.handOver = handOver
    this.nowMs = nowMs
    this.tables = emptyTables(room)
  }

  get memory(): DirectoryMemory {
    return { keys: this.tables.keys.memory, consumers: this.tables.consumers.memory }
  }
  get keyCount(): number {
    return this.tables.keys.live
  }
  get consumerCount(): number {
    return this.tables.numbers.size
  }
  get octets(): number {
    return this.tables.keys.memory.byteLength + this.tables.consumers.memory.byteLength
  }

  putConsumer({ name, ...rights }: Consumer): void {
    const number = this.numberOf(name)
    if (!this.tables.consumers.setRights(number, rights)) {
      this.growConsumers(JSON.stringify(rights).length)
      this.tables.consumers.setRights(number, rights)
    }
    // Who still reads an old table may not go on with old rights: until it has the new table, it does not know this consumer.
    for (const [table, numbers] of this.retiredConsumers) dropRights(table, numbers.get(name))
  }
  removeConsumer(name: string): void {
    const { consumers, numbers } = this.tables
    for (const [table, known] of [[consumers, numbers] as const, ...this.retiredConsumers]) dropRights(table, known.get(name))
  }

  putKey(key: LiveKey): void {
    const consumer = this.numberOf(key.consumer)
    if (this.tables.keys.isFull) this.growKeys()
    this.tables.keys.put(key, consumer)
    // As above: what an old table says of this key is not true any more.
    for (const table of this.retiredKeys) table.remove(key.digest)
  }
  removeKey(digest: string): void {
    for (const table of [this.tables.keys, ...this.retiredKeys]) table.remove(digest)
  }
  removeKeyById(id: string): void {
    for (const table of [this.tables.keys, ...this.retiredKeys]) table.removeById(id)
  }

  async replace(room: { readonly keys: number; readonly consumers: number }, fill: (writer: CredentialWriter) => Promise<void>): Promise<void> {
    const fresh = new SharedDirectory({ nowMs: this.nowMs, room })
    await fill(fresh)
    this.move(fresh.tables)
    await this.settled()
  }

  async settled(): Promise<void> {
    await this.handingOver
  }

  private numberOf(name: string): number {
    const known = this.tables.numbers.get(name)
    if (known !== undefined) return known
    let number = this.tables.consumers.add(name)
    if (number < 0) {
      this.growConsumers(name.length)
      number = this.tables.consumers.add(name)
    }
    this.tables.numbers.set(name, number)
    return number
  }
  private growKeys(): void {
    const { keys } = this.tables
    this.move({ ...this.tables, keys: keys.grown(Math.ceil(keys.live * GROWTH) + KEYS_MIN, this.nowMs()) })
  }
  private growConsumers(octets: number): void {
    this.move({ ...this.tables, consumers: this.tables.consumers.grown(octets + TEXT_WORDS_MIN) })
  }

  private move(next: Tables): void {
    const { keys, consumers, numbers } = this.tables
    this.tables = next
    const { memory } = this
    // A table that stays is still written: only what was left behind is retired.
    if (keys !== next.keys) this.retiredKeys.add(keys)
    if (consumers !== next.consumers) this.retiredConsumers.set(consumers, numbers)
    this.handingOver = this.handingOver
      .then(() => this.handOver(memory))
      .then(() => {
        if (keys !== next.keys) this.retiredKeys.delete(keys)
        if (consumers !== next.consumers) this.retiredConsumers.delete(consumers)
      })
  }
}

function dropRights(table: ConsumerTable, number: number | undefined): void {
  if (number !== undefined) table.dropRights(number)
}

function emptyTables({ keys, consumers }: { readonly keys: number; readonly consumers: number }): Tables {
  return {
    keys: new KeyTable(keyTableMemory(Math.max(KEYS_MIN, keys))),
    consumers: new ConsumerTable(consumerTableMemory(Math.max(CONSUMERS_MIN, consumers), Math.max(TEXT_WORDS_MIN, consumers * 32))),
    numbers: new Map(),
  }
}

/** What a file defines, as a whole that is handed over with the snapshot it belongs to. */
export function fileDirectory({ consumers, keys }: DirectoryContent): SharedDirectory {
  const directory = new SharedDirectory({ room: { keys: keys.length, consumers: consumers.length } })
  for (const consumer of consumers) directory.putConsumer(consumer)
  for (const key of keys) directory.putKey({ ...key, id: fileKeyId(key.digest) })
  return directory
}
