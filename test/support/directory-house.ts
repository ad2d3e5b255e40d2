// A directory for tests: a store in memory, a clock that is moved by hand, and the table that gateway threads would read.
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { SharedCredentials } from '../../src/adapters/shared-memory/shared-credentials.ts'
import { fileDirectory, SharedDirectory } from '../../src/adapters/shared-memory/shared-directory.ts'
import { keyDigest } from '../../src/base/keys.ts'
import { DirectoryFeed } from '../../src/directory/feed.ts'
import { KeyDigests } from '../../src/directory/key-digests.ts'
import { type Act, type FileOwned, isRefused, NO_FILE, type Refused } from '../../src/directory/records.ts'
import type { Reading, Store, Writing } from '../../src/ports/store.ts'

const DAY_MS = 86_400_000

export class DirectoryHouse {
  readonly store: Store = new MemoryStore()
  readonly digests = new KeyDigests(new Uint8Array(32).fill(5))
  readonly reports: string[] = []
  readonly revokedTags: string[] = []
  file: FileOwned = NO_FILE
  nowMs = Date.parse('2027-01-01T12:00:00Z')
  readonly table = new SharedDirectory({ handOver: async (memory) => this.credentials.replaceStore(memory), nowMs: () => this.nowMs })
  readonly credentials = new SharedCredentials(fileDirectory({ consumers: [], keys: [] }).memory, this.table.memory)
  readonly feed = this.newFeed()

  newFeed(digests = this.digests): DirectoryFeed {
    return new DirectoryFeed({
      store: this.store,
      digests,
      directory: this.table,
      nowMs: () => this.nowMs,
      report: (text) => this.reports.push(text),
      revoked: (tag) => this.revokedTags.push(tag),
    })
  }

  get act(): Act {
    return { by: 'person_1', nowMs: this.nowMs }
  }
  get means(): { digests: KeyDigests } {
    return { digests: this.digests }
  }
  passDays(days: number): void {
    this.nowMs += days * DAY_MS
  }

  write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    return this.store.write(work)
  }
  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.store.read(work)
  }
  /** Writes, and throws when the act is refused. */
  async done<T>(work: (writing: Writing) => Promise<T>): Promise<Exclude<T, Refused<string>>> {
    const outcome = await this.store.write(work)
    if (isRefused(outcome)) throw new Error(`refused: ${outcome.refused}: ${outcome.says}`)
    return outcome as Exclude<T, Refused<string>>
  }
  /** The code that an act is refused with; undefined when it was done. */
  async code(work: (writing: Writing) => Promise<unknown>): Promise<string | undefined> {
    const outcome = await this.store.write(work)
    return isRefused(outcome) ? outcome.refused : undefined
  }
  /** The consumer that a secret calls for, as the gateway sees it after all that was committed. */
  async callsAs(secret: string): Promise<string | undefined> {
    await this.feed.catchUp()
    return this.credentials.findKey(keyDigest(secret), this.nowMs)?.consumer.name
  }
}
