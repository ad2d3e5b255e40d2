// A body's passage from one side to the other: in chunks or as it is, through the filters of policies, and past those who only watch.
import { bufferOf } from '../../base/octet-writer.ts'
import { type BodySink, type BodyWatcher, BodyWay, type MakeBodyFilter } from '../../pipeline/body-filter.ts'
import type { Output } from '../output.ts'

const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const NOBODY: readonly BodyWatcher[] = []

/** Who is told of what filters make later than they were asked. */
export interface PassageOwner {
  readonly output: Output
  /** Octets that were made later stand in the output, and perhaps the end behind them: they are to be sent. */
  madeLater(isWhole: boolean): void
  /** Filters hold less than they did. */
  eased(): void
  failed(cause: unknown): void
  report(cause: unknown): void
}

/** Serves one body after the other. */
export class BodyPassage implements BodySink {
  /** All of it stands in the output, or has left. */
  isWhole = false
  /** Octets that came out. */
  passed = 0
  private chunked = false
  private silent = false
  private way: BodyWay | undefined
  private watchers: readonly BodyWatcher[] = NOBODY
  /** Filters answer at once while this is so. */
  private asking = false
  private readonly owner: PassageOwner

  constructor(owner: PassageOwner) {
    this.owner = owner
  }

  /** `silent`: what comes is not passed on, as to a HEAD. */
  begin(chunked: boolean, silent: boolean, makers: readonly MakeBodyFilter[], watchers: readonly BodyWatcher[]): void {
    this.isWhole = false
    this.passed = 0
    this.chunked = chunked
    this.silent = silent
    this.way = undefined
    this.watchers = NOBODY
    if (makers.length > 0) this.way = new BodyWay(makers, this)
    if (watchers.length > 0) this.watchers = [...watchers]
  }
  /** Octets that filters hold. */
  get waiting(): number {
    return this.way?.waiting ?? 0
  }

  /** Takes a stretch of what came. */
  take(bytes: Buffer, start: number, end: number): void {
    if (this.way === undefined) {
      this.pass(bytes, start, end)
      return
    }
    this.asking = true
    try {
      this.way.put(bytes, start, end)
    } finally {
      this.asking = false
    }
  }
  /** Nothing more comes. */
  close(): void {
    if (this.way === undefined) {
      this.end()
      return
    }
    this.asking = true
    try {
      this.way.end()
    } finally {
      this.asking = false
    }
  }
  /** The body is given up, or over. */
  abandon(): void {
    this.way?.abandon()
    this.way = undefined
    if (this.watchers !== NOBODY) this.tell((watcher) => watcher.abandoned())
    this.watchers = NOBODY
  }

  put(octets: Uint8Array, start: number, end: number): void {
    this.pass(bufferOf(octets), start, end)
    if (!this.asking && end > start && !this.silent) this.owner.madeLater(false)
  }
  private pass(bytes: Buffer, start: number, end: number): void {
    if (end <= start) return
    this.passed += end - start
    if (this.watchers !== NOBODY) this.show(bytes, start, end)
    if (this.silent) return
    const { output } = this.owner
    if (this.chunked) output.chunk(bytes, start, end)
    else output.put(bytes, start, end)
  }
  /** Apart from `pass`: what a closure holds would be made for every stretch of every body. */
  private show(bytes: Buffer, start: number, end: number): void {
    this.tell((watcher) => watcher.put(bytes, start, end))
  }
  end(): void {
    this.isWhole = true
    if (this.watchers !== NOBODY) this.tell((watcher) => watcher.whole())
    this.watchers = NOBODY
    if (this.chunked) this.owner.output.put(LAST_CHUNK)
    if (this.way !== undefined && !this.asking) this.owner.madeLater(true)
  }
  eased(): void {
    if (!this.asking) this.owner.eased()
  }
  fail(cause: unknown): void {
    this.owner.failed(cause)
  }

  /** Who watches changes nothing, not even by breaking. */
  private tell(what: (watcher: BodyWatcher) => void): void {
    for (const watcher of this.watchers) {
      try {
        what(watcher)
      } catch (cause) {
        this.watchers = this.watchers.filter((other) => other !== watcher)
        this.owner.report(cause)
      }
    }
  }
}
