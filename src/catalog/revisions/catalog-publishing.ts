// What is live: the file and the console's objects, resolved into one configuration, followed from change to change of either.

import { type Reading, type Store, StoreUnavailable, UncertainCommit, type Writing } from '../../ports/store.ts'
import { type LocatedFault, sorted } from '../reading/located-fault.ts'
import type { SourceDocument } from '../reading/source-document.ts'
import type { Sources } from '../reading/sources.ts'
import { type Configuration, type Resolution, type ResolveOptions, resolveSources } from '../resolving/resolve.ts'
import { type Closed, resolveClosing } from './closing.ts'
import type { ProposedChange } from './commit.ts'
import { ConsoleDocuments, withConsole } from './console-document.ts'
import { type DriftItem, driftOf, type LiveReport } from './drift.ts'
import { type FileObjects, fileObjects } from './file-objects.ts'
import { digestOfObjects, recordFile } from './file-record.ts'
import { documentsByHolder } from './holders.ts'
import { type CatalogObject, keyOf } from './kinds.ts'
import { BEAT_MS, recordNode, removeNode } from './nodes.ts'
import { type Examination, examine, type Proposal, type PublishOptions, type PublishRefusal, publish, type Trial } from './publish.ts'
import type { Revision } from './records.ts'
import { servedForms } from './served-forms.ts'
import { objectsOfState, readHead, readState, type TextCache } from './state.ts'

export interface CatalogOptions extends Omit<ResolveOptions, 'nowMs'> {
  readonly store: Store
  /** Names this process among those that share the store. */
  readonly nodeId: string
  readonly nowMs: () => number
  /** Makes a configuration live, whole or not at all; what it rejects with is told, and the one before stays. Not called by `open`. */
  readonly live: (configuration: Configuration, revision: number) => Promise<void>
  /** Why a configuration can only be live after a restart. */
  readonly obstacles?: (configuration: Configuration) => readonly string[]
  /** In the transaction of a revision that an edit of the file makes: the trail's entry. */
  readonly within?: (writing: Writing, revision: Revision) => Promise<void>
  /** Something was refused, or is as it should be again: for the operator. */
  readonly told?: (news: News) => void
}
export interface News {
  readonly what: 'file-refused' | 'console-refused' | 'published'
  readonly faults: readonly LocatedFault[]
  readonly reasons: readonly string[]
  readonly revision: number
  /** Of what was published. */
  readonly notices?: readonly LocatedFault[]
}

/** Timers hold 31 bits of milliseconds. */
const LONGEST_WAIT_MS = 24 * 3600 * 1000
const RETRY_MS = 60_000
const NOT_BY_ITSELF = 'it needs what only the console has, and a file must stand by itself to be started with'

interface Read {
  readonly revision: number
  readonly objects: readonly CatalogObject[]
}
interface Refused {
  readonly sinceMs: number
  readonly faults: readonly LocatedFault[]
  readonly reasons: readonly string[]
}

export class CatalogPublishing {
  private readonly options: CatalogOptions
  private readonly parsed = new ConsoleDocuments()
  private readonly texts: TextCache = new Map()
  private readonly startedMs: number
  /** The file that is live, and the last one that was read: not the same while an edit is refused. */
  private file: Sources
  private disk: Sources
  private objects: FileObjects
  private fileDigest = ''
  private readMs: number
  private revision = 0
  private current!: Configuration
  /** The console's objects that are live. */
  private console: readonly CatalogObject[] = []
  private closed: readonly Closed[] = []
  private fileRefused: Refused | undefined
  /** What was followed to its end last, whatever came of it. */
  private tried: { readonly revision: number; readonly disk: Sources } | undefined
  private consoleRefused: (Refused & { readonly revision: number }) | undefined
  private turn: Promise<unknown> = Promise.resolve()
  private stopHearing: (() => void) | undefined
  private beating: NodeJS.Timeout | undefined
  private turning: NodeJS.Timeout | undefined
  private isClosed = false

  private constructor(options: CatalogOptions, sources: Sources) {
    this.options = options
    this.file = this.disk = sources
    this.objects = { objects: [], faults: [] }
    this.startedMs = this.readMs = options.nowMs()
  }

  /** Reads the store and resolves; the configuration is then in `configuration`, for the caller to start with. Refused when the file alone is at fault. */
  static async open(
    options: CatalogOptions,
    sources: Sources,
  ): Promise<
    | { readonly ok: true; readonly catalog: CatalogPublishing; readonly notices: readonly LocatedFault[] }
    | { readonly ok: false; readonly faults: readonly LocatedFault[] }
  > {
    const catalog = new CatalogPublishing(options, sources)
    const read = await catalog.read()
    const closing = resolveClosing(sources, read.objects, catalog.resolveOptions, catalog.parsed)
    if (!closing.ok) return closing
    catalog.current = closing.configuration
    catalog.closed = closing.closed
    catalog.console = read.objects
    catalog.takeFile(sources, fileObjects(sources))
    catalog.revision = await catalog.record(catalog.objects, read.revision)
    await catalog.beat()
    catalog.stopHearing = options.store.onChange(() => void catalog.refresh().catch(() => {}))
    catalog.beating = setInterval(() => void catalog.beat().catch(() => {}), BEAT_MS)
    catalog.beating.unref()
    catalog.awaitChange()
    // What was published between the two looks at the store is not missed.
    await catalog.refresh()
    return { ok: true, catalog, notices: closing.notices }
  }

  get configuration(): Configuration {
    return this.current
  }
  private get approvalsByDefault(): number {
    return this.current.settings.approvals.required
  }
  /** What the file owns, as objects. */
  get fileObjects(): readonly CatalogObject[] {
    return this.objects.objects
  }

  /** An edit of the file was read: live when it goes with the console, else reported as drift until it does. */
  fileChanged(sources: Sources): Promise<void> {
    return this.inTurn(async () => {
      this.disk = sources
      await this.follow(true)
    })
  }

  /** Looks whether the store has something new, by whichever node. What was refused is not tried again for every commit of others. */
  refresh(): Promise<void> {
    return this.look(false)
  }
  private look(triesAgain: boolean): Promise<void> {
    return this.inTurn(async () => {
      if (this.isClosed) return
      const { revision } = await this.options.store.read(readHead)
      const isLive = revision === this.revision && this.disk === this.file
      const wasTried = this.tried?.revision === revision && this.tried.disk === this.disk
      if (!isLive && (triesAgain || !wasTried)) await this.follow(false)
    })
  }

  /** How a set of console objects would fare with the file that is live: every fault at once. */
  try(console: readonly CatalogObject[]): Trial {
    const resolution = resolveSources(withConsole(this.file, console, this.parsed), this.resolveOptions)
    return { faults: resolution.faults, notices: resolution.notices, apis: resolution.ok ? servedForms(resolution.snapshot) : new Map() }
  }

  /** The OpenAPI documents of APIs and versions, by name: as they are live, or as they would be with these changes. */
  documents(changes: readonly ProposedChange[] = []): ReadonlyMap<string, SourceDocument> {
    const objects = new Map(this.console.map((each) => [keyOf(each), each]))
    for (const { kind, name, value } of changes)
      if (value === undefined) objects.delete(keyOf({ kind, name }))
      else objects.set(keyOf({ kind, name }), { kind, name, value })
    return documentsByHolder(withConsole(this.file, [...objects.values()], this.parsed))
  }

  /** What can be said of a proposal before it is published. */
  examine(proposal: Proposal): Promise<Examination> {
    return examine(this.options.store, proposal, {
      try: (objects) => this.try(objects),
      fileObjects: this.fileObjects,
      approvalsByDefault: this.approvalsByDefault,
    })
  }

  /** Publishes; live on this node when this resolves with a revision. Rejects with `UncertainCommit` when it was kept and is not live. */
  publish(proposal: Proposal, options: Pick<PublishOptions, 'mayApprove' | 'within'>): Promise<Revision | PublishRefusal> {
    return this.inTurn(async () => {
      const { store, nowMs } = this.options
      const trial = (objects: readonly CatalogObject[]): Trial => this.try(objects)
      const outcome = await publish(store, proposal, {
        ...options,
        try: trial,
        fileObjects: this.fileObjects,
        approvalsByDefault: this.approvalsByDefault,
        nowMs: nowMs(),
        texts: this.texts,
      })
      if ('refused' in outcome) return outcome
      await this.follow(false).catch(uncertain)
      // Whoever is told that it is done believes that it is served.
      if (this.revision < outcome.number) throw new UncertainCommit(`revision ${outcome.number} was kept, and cannot be made live here`)
      return outcome
    })
  }

  /** A moment of `changesAtMs` may have come: a patch has ended, a version has left the catalogue. Called by itself in time. */
  timePassed(): Promise<void> {
    return this.inTurn(async () => {
      if (this.isClosed) return
      const isDue = this.options.nowMs() >= this.current.changesAtMs
      this.awaitChange(!isDue || (await this.renew()) ? 0 : RETRY_MS)
    })
  }

  /** What is held beside the sources is another: certificates. Live when this resolves; no revision, for nobody changed what is configured. */
  heldChanged(): Promise<void> {
    return this.inTurn(async () => {
      if (!this.isClosed && !(await this.renew())) throw new Error('what is held beside the configuration could not be made live')
    })
  }

  /** Everything that is not as one of its owners says. */
  drift(reading: Reading): Promise<readonly DriftItem[]> {
    const { fileRefused, consoleRefused, closed, readMs, startedMs } = this
    const notWhole = this.objects.faults.map(({ file, message }) => ({ file, message }))
    const live: LiveReport = {
      closed,
      closedSinceMs: startedMs,
      notWhole,
      readMs,
      ...(fileRefused && { fileRefused }),
      ...(consoleRefused && { consoleRefused }),
    }
    return driftOf(reading, live, this.options.nowMs())
  }

  /** Says to the other nodes what this one runs; tries again what was refused, since that may have been the store's fault. */
  async beat(): Promise<void> {
    const { store, nodeId, nowMs } = this.options
    if (this.isClosed) return
    const { fileDigest, revision, startedMs } = this
    await store.write(async (writing) => recordNode(writing, { id: nodeId, fileDigest, revision, atMs: nowMs(), startedMs }))
    // Also what was published while the store could not be read: nobody tells of it twice.
    await this.look(true)
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.stopHearing?.()
    clearInterval(this.beating)
    await this.turn.catch(() => {})
    clearTimeout(this.turning)
    await this.options.store.write(async (writing) => removeNode(writing, this.options.nodeId)).catch(() => {})
  }

  private get resolveOptions(): ResolveOptions {
    const { policies, cores, held, nowMs } = this.options
    return { policies, nowMs: nowMs(), ...(cores !== undefined && { cores }), ...(held && { held }) }
  }

  private read(): Promise<Read> {
    return this.options.store.read(async (reading) => {
      const { revision } = await readHead(reading)
      return { revision, objects: await objectsOfState(reading, await readState(reading, 'console'), this.texts) }
    })
  }

  /** The newest of both, or of one, or neither: whatever goes together. The file on disk is tried first, so that what was refused comes in by itself. */
  private async follow(isEdit: boolean): Promise<void> {
    const read = await this.read()
    await this.takeNewest(read, isEdit)
    this.tried = { revision: read.revision, disk: this.disk }
  }
  private async takeNewest(read: Read, isEdit: boolean): Promise<void> {
    if (this.disk !== this.file || isEdit) {
      // A start knows the file before it knows the console: what would not start does not go live.
      const alone = resolveSources(this.disk, this.resolveOptions)
      const resolution = resolveSources(withConsole(this.disk, read.objects, this.parsed), this.resolveOptions)
      const reasons = alone.ok ? await this.takeUp(resolution, this.disk, read) : resolution.ok ? [NOT_BY_ITSELF] : []
      if (reasons === undefined) return
      this.refuseFile(sorted([...resolution.faults, ...alone.faults]), reasons, isEdit)
    }
    if (read.revision === this.revision) return
    const resolution = resolveSources(withConsole(this.file, read.objects, this.parsed), this.resolveOptions)
    const reasons = await this.takeUp(resolution, this.file, read)
    if (reasons !== undefined) this.refuseConsole(resolution.faults, reasons, read.revision)
  }

  /** Makes it live: the file is recorded first, since what cannot be recorded is not done. Returns why not. */
  private async takeUp(resolution: Resolution, sources: Sources, { revision, objects }: Read): Promise<readonly string[] | undefined> {
    if (!resolution.ok) return []
    const obstacles = this.options.obstacles?.(resolution) ?? []
    if (obstacles.length > 0) return [`a change of ${obstacles.join(', ')} needs a restart`]
    const other = sources === this.file ? undefined : fileObjects(sources)
    let taken = revision
    try {
      if (other) taken = await this.record(other, revision)
      await this.options.live(resolution, taken)
    } catch (cause) {
      return [(cause as Error).message]
    }
    this.current = resolution
    this.console = objects
    this.closed = []
    this.consoleRefused = undefined
    if (sources === this.disk) this.fileRefused = undefined
    if (other) this.takeFile(sources, other)
    this.revision = taken
    this.awaitChange()
    this.options.told?.({ what: 'published', faults: [], reasons: [], revision: taken, notices: resolution.notices })
    return undefined
  }

  /** The same sources mean something else from a moment on. What must end at its very moment has ended in the gateway threads by itself. */
  private awaitChange(leastMs = 0): void {
    clearTimeout(this.turning)
    const { changesAtMs } = this.current
    if (this.isClosed || changesAtMs === Number.POSITIVE_INFINITY) return
    const waitMs = Math.min(Math.max(leastMs, changesAtMs - this.options.nowMs()), LONGEST_WAIT_MS)
    this.turning = setTimeout(() => void this.timePassed(), waitMs)
    this.turning.unref()
  }

  /** Resolves what is live anew, as of now. Time ends things and brings nothing: whatever goes wrong, the configuration before stays, and it is tried again. */
  private async renew(): Promise<boolean> {
    const { revision } = this
    const closing = resolveClosing(this.file, this.console, this.resolveOptions, this.parsed)
    const known = new Set(this.closed.map(({ key }) => key))
    let reasons: readonly string[] = []
    if (!closing.ok || closing.closed.some(({ key }) => !known.has(key))) reasons = ['what has ended by the clock cannot be taken out']
    else {
      try {
        await this.options.live(closing.configuration, revision)
      } catch (cause) {
        reasons = [(cause as Error).message]
      }
    }
    if (!closing.ok || reasons.length > 0) {
      this.options.told?.({ what: 'console-refused', faults: closing.ok ? [] : closing.faults, reasons, revision })
      return false
    }
    this.current = closing.configuration
    this.closed = closing.closed
    this.options.told?.({ what: 'published', faults: [], reasons: [], revision, notices: closing.notices })
    return true
  }

  /** The revision that is live with this file: its own when nobody else published since `revision`, else still that one, and what others did is followed. */
  private async record({ objects }: FileObjects, revision: number): Promise<number> {
    const made = await recordFile(this.options.store, objects, this.options.nowMs(), this.options.within)
    return made?.parent === revision ? made.number : revision
  }

  private takeFile(sources: Sources, objects: FileObjects): void {
    this.file = this.disk = sources
    this.objects = objects
    this.fileDigest = digestOfObjects(objects.objects)
    this.readMs = this.options.nowMs()
  }

  private refuseFile(faults: readonly LocatedFault[], reasons: readonly string[], isEdit: boolean): void {
    this.fileRefused = { sinceMs: this.fileRefused?.sinceMs ?? this.options.nowMs(), faults, reasons }
    if (isEdit) this.options.told?.({ what: 'file-refused', faults, reasons, revision: this.revision })
  }
  private refuseConsole(faults: readonly LocatedFault[], reasons: readonly string[], revision: number): void {
    const isNews = this.consoleRefused?.revision !== revision
    this.consoleRefused = { sinceMs: this.consoleRefused?.sinceMs ?? this.options.nowMs(), faults, reasons, revision }
    if (isNews) this.options.told?.({ what: 'console-refused', faults, reasons, revision })
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn.then(work, work)
    this.turn = mine.catch(() => {})
    return mine
  }
}

/** It was kept: whoever asked must not be told that nothing was changed. */
function uncertain(cause: unknown): never {
  if (cause instanceof StoreUnavailable) throw new UncertainCommit('the revision was kept, and could not be read again to make it live', cause)
  throw cause
}
