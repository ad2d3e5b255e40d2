// The directory in the running program: the store's and the file's consumers and keys, kept up to date for the gateway threads, and their use brought back.
import { type DirectoryMemory, fileDirectory, SharedDirectory } from '../adapters/shared-memory/shared-directory.ts'
import { ContactKeys } from '../directory/contact-keys.ts'
import { DirectoryFeed } from '../directory/feed.ts'
import { type AdmittedFile, admitFile } from '../directory/file-keys.ts'
import { KeyDigests } from '../directory/key-digests.ts'
import { createKey, forgetKeysOf, type MadeKey } from '../directory/keys.ts'
import { recordUses, USES_MAX } from '../directory/last-use.ts'
import { type Act, type FileOwned, isRefused, type Refused, type StoredKey } from '../directory/records.ts'
import type { DirectoryContent } from '../model/directory.ts'
import { afterCommit, type Store, type Writing } from '../ports/store.ts'
import { UsageLedger, type Use, usesByCredential } from '../telemetry/usage.ts'

/** At most one transaction in so long for the last use of keys, and one key is written once in it. */
const USES_MS = 10_000

export interface DirectoryMeans {
  readonly store: Store
  /** 32 octets. The secrets room keeps it. */
  readonly dataKey: Uint8Array
}

/** A file's part, ready to go live with its snapshot. */
export interface FileShare {
  readonly written: string
  readonly admitted: AdmittedFile
  readonly table: SharedDirectory
}

export class LiveDirectory {
  readonly digests: KeyDigests
  readonly contactKeys: ContactKeys
  /** What threads told of who called, for whoever keeps more of it than the last use of keys. */
  onUse: (uses: readonly Use[]) => void = () => {}
  private readonly store: Store
  private readonly report: (text: string) => void
  private readonly table: SharedDirectory
  private readonly feed: DirectoryFeed
  private readonly ledger = new UsageLedger()
  private handOver: (memory: DirectoryMemory) => Promise<void> = async () => {}
  private live: FileShare | undefined
  private coming: FileShare | undefined
  /** Tags revoked while a file is being read against the store. */
  private readonly arriving = new Set<string[]>()
  private telling: NodeJS.Timeout | undefined
  private writing: Promise<void> = Promise.resolve()

  constructor({ store, dataKey }: DirectoryMeans, nowMs: () => number, report: (text: string) => void) {
    this.digests = new KeyDigests(dataKey)
    this.contactKeys = new ContactKeys(dataKey)
    this.store = store
    this.report = report
    this.table = new SharedDirectory({ handOver: (memory) => this.handOver(memory), nowMs })
    this.feed = new DirectoryFeed({ store, digests: this.digests, directory: this.table, nowMs, report, revoked: (tag) => this.revoked(tag) })
  }

  /** Loads the store's part and follows it from there. */
  async start(): Promise<void> {
    await this.feed.start()
    this.telling = setInterval(() => this.tellUses(), USES_MS).unref()
  }
  /** The gateway threads, once there are some. */
  attach(handOver: (memory: DirectoryMemory) => Promise<void>): void {
    this.handOver = handOver
  }

  get memory(): DirectoryMemory {
    return this.table.memory
  }
  /** What the live file owns. */
  get file(): FileOwned {
    return this.live!.admitted
  }

  /** Holds a file's consumers and keys against the store. Nothing is live yet: see `accept`. */
  async admit(content: DirectoryContent): Promise<FileShare> {
    const written = JSON.stringify(content)
    // The same again: what is at hand on the threads stays at hand.
    if (this.live?.written === written) return this.live
    const arrived: string[] = []
    this.arriving.add(arrived)
    try {
      const admitted = await this.store.read((reading) => admitFile(reading, this.digests, content))
      const share = { written, admitted, table: fileDirectory(admitted.content) }
      for (const tag of arrived) revokeIn(share, tag)
      this.coming = share
      for (const { id, consumer, why } of admitted.leftOut)
        this.report(
          `the key ${id} of '${consumer}' in the file does not count, since ${why === 'revoked' ? 'it was revoked' : 'the store holds it'}: take it out`,
        )
      return share
    } finally {
      this.arriving.delete(arrived)
    }
  }
  /** The share has gone live with its snapshot. */
  accept(share: FileShare): void {
    this.live = share
    this.coming = undefined
  }

  /**
   * The one key that Gatehouse itself keeps for a consumer: those that it made before are over with it. In the store before it is told, with what `within` writes, and live on
   * every thread when this resolves.
   */
  async replaceOwnKey(
    act: Act,
    consumer: string,
    expiresMs: number,
    within: (writing: Writing, key: StoredKey) => Promise<unknown>,
  ): Promise<MadeKey | Refused<string>> {
    const made = await this.store.write(async (writing) => {
      await forgetKeysOf(writing, act, consumer, 'another took its place', act.by)
      const outcome = await createKey(writing, { digests: this.digests }, act, this.file, consumer, { expiresMs })
      if (!isRefused(outcome)) await within(writing, outcome.key)
      return outcome
    })
    if (!isRefused(made)) await this.feed.catchUp().catch(afterCommit)
    return made
  }

  /** Resolves when everything committed so far holds on every thread. */
  catchUp(): Promise<void> {
    return this.feed.catchUp()
  }

  used(uses: readonly Use[]): void {
    this.ledger.add(uses)
    this.onUse(uses)
  }
  private tellUses(): void {
    this.writing = this.writing.then(async () => {
      const uses = this.ledger.take(USES_MAX)
      if (uses.length === 0) return
      try {
        await this.store.write((writing) => recordUses(writing, usesByCredential(uses)))
      } catch (cause) {
        this.ledger.add(uses)
        this.report(`the last use of ${uses.length} keys could not be written and waits: ${(cause as Error).message}`)
      }
    })
  }

  private revoked(tag: string): void {
    for (const share of [this.live, this.coming]) if (share) revokeIn(share, tag)
    for (const tags of this.arriving) tags.push(tag)
  }

  /** After the threads have ended: what they told last is written. */
  async stop(): Promise<void> {
    clearInterval(this.telling)
    this.tellUses()
    await this.writing
    await this.feed.close()
  }
}

function revokeIn({ admitted, table }: FileShare, tag: string): void {
  const digest = admitted.digestOfTag(tag)
  if (digest !== undefined) table.removeKey(digest)
}
