// Watches a configuration and everything it refers to, and tells of each new state that was read twice alike.
import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { realPath } from './bounded-file.ts'
import { DocumentCache } from './document-cache.ts'
import { readSources, type Sources } from './sources.ts'

export interface Watch {
  close(): void
}
export interface WatchOptions {
  /** Resolves when the second of two readings that must agree is due: a YAML file cut short by its writer can be valid and open. Default: after 50 ms. */
  readonly settle?: () => Promise<void>
  /** Between two looks at all files, for file systems that do not tell of changes. Default 2000. */
  readonly pollMs?: number
  /** Digest of the configuration that is in use already: an edit since then is told of. Absent: what the file holds now is taken to be in use. */
  readonly digest?: string
}

/**
 * Calls `changed` with each new state, good or bad, one at a time: never again before its promise settles, and always with the last state in the end.
 * A state that is overwritten before it settles is never told of.
 */
export function watchSources(file: string, options: WatchOptions, changed: (sources: Sources) => Promise<void>): Watch {
  const watching = new ConfigurationWatch(resolve(file), options, changed)
  watching.start()
  return watching
}

const SETTLE_MS = 50
const POLL_MS = 2000

class ConfigurationWatch implements Watch {
  private readonly file: string
  private readonly options: WatchOptions
  private readonly changed: (sources: Sources) => Promise<void>
  private readonly cache = new DocumentCache()
  /** By folder: the folder is watched and not the file, whose inode changes when an editor saves by renaming. */
  private readonly folders = new Map<string, FSWatcher>()
  private poll: NodeJS.Timeout | undefined
  private settling: NodeJS.Timeout | undefined
  private told = ''
  private marks = ''
  private watched: readonly string[] = []
  private names: ReadonlySet<string> = new Set()
  private endPause: (() => void) | undefined
  private wasTouched = false
  private isRunning = false
  private isStale = false
  private isClosed = false

  constructor(file: string, options: WatchOptions, changed: (sources: Sources) => Promise<void>) {
    this.file = file
    this.options = options
    this.changed = changed
  }

  start(): void {
    // Watched first and read after: an edit between the two is then seen by one of them.
    this.watchFolder(dirname(this.file))
    const sources = readSources(this.file, this.cache)
    this.told = this.options.digest ?? sources.digest
    this.follow(sources)
    if (this.told !== sources.digest) this.look()
    this.poll = setInterval(() => this.pollOnce(), this.options.pollMs ?? POLL_MS)
    this.poll.unref()
  }

  close(): void {
    this.isClosed = true
    clearInterval(this.poll)
    clearTimeout(this.settling)
    for (const watcher of this.folders.values()) watcher.close()
    this.folders.clear()
  }

  /** Something may have changed. While a look is under way this is only noted: it is repeated until nothing comes in between. */
  private look(): void {
    this.isStale = true
    if (this.isRunning || this.isClosed) return
    this.isRunning = true
    void this.run().finally(() => {
      this.isRunning = false
      if (this.isStale) this.look()
    })
  }

  private async run(): Promise<void> {
    while (this.isStale && !this.isClosed) {
      this.isStale = false
      const sources = await this.settled()
      if (!sources || this.isClosed || sources.digest === this.told) continue
      this.told = sources.digest
      await this.changed(sources).catch(() => {})
    }
  }

  /**
   * Reads until two readings in a row agree. A write to one of the files in between begins anew at once: else a file that is written in several goes would
   * be compared with a piece of itself, and a state that lasts for less than two pauses would be missed.
   */
  private async settled(): Promise<Sources | undefined> {
    let before = this.read()
    while (!this.isClosed) {
      this.wasTouched = false
      await this.pause()
      if (this.isClosed) return undefined
      const after = this.read()
      if (after.digest === before.digest && !this.wasTouched) return after
      before = after
    }
    return undefined
  }

  /**
   * An event of a watched folder. Other files may be written there all the time, an access log with each request: what is written into them says nothing.
   * That one came, went or was renamed may: a pattern finds it now, or a link leads elsewhere.
   */
  private seen(event: string, name: string | null): void {
    const isOurs = name === null || this.names.has(name)
    if (event === 'change' && !isOurs) return
    if (isOurs) {
      this.wasTouched = true
      this.endPause?.()
    }
    this.look()
  }

  private read(): Sources {
    const sources = readSources(this.file, this.cache)
    this.follow(sources)
    return sources
  }

  private pause(): Promise<void> {
    if (this.options.settle) return this.options.settle()
    return new Promise((done) => {
      this.endPause = () => {
        clearTimeout(this.settling)
        done()
      }
      this.settling = setTimeout(done, SETTLE_MS)
    })
  }

  /** Renews the watchers after each reading: files may have moved, folders may have been replaced. */
  private follow({ files, folders }: Sources): void {
    this.marks = this.marksOf(files)
    const wanted = new Set(folders)
    const names = new Set<string>()
    for (const file of files) {
      // A file mounted through a symbolic link changes where the link leads.
      for (const path of [file, realPath(file)]) {
        if (path === undefined) continue
        wanted.add(dirname(path))
        names.add(basename(path))
      }
    }
    for (const folder of wanted) this.watchFolder(folder)
    for (const [folder, watcher] of this.folders) {
      if (wanted.has(folder)) continue
      watcher.close()
      this.folders.delete(folder)
    }
    this.watched = files
    this.names = names
  }

  private watchFolder(folder: string): void {
    if (this.isClosed || this.folders.has(folder)) return
    try {
      const watcher = watch(folder, { persistent: false }, (event, name) => this.seen(event, name))
      // The folder itself went away: the poll finds it when it is back.
      watcher.on('error', () => this.dropFolder(folder, watcher))
      this.folders.set(folder, watcher)
    } catch {
      // No such folder yet, or no more watches to be had: the poll does the work, only later.
    }
  }
  private dropFolder(folder: string, watcher: FSWatcher): void {
    watcher.close()
    if (this.folders.get(folder) === watcher) this.folders.delete(folder)
  }

  /** Cheap when nothing happened: the files are looked at, and read only when one of them looks different. */
  private pollOnce(): void {
    if (this.isRunning || this.marksOf(this.watched) === this.marks) return
    // A folder that was replaced keeps its old watcher, which will never fire again.
    for (const [folder, watcher] of this.folders) this.dropFolder(folder, watcher)
    this.look()
  }

  private marksOf(files: readonly string[]): string {
    return files.map((file) => mark(file)).join(' ')
  }
}

/** Changes whenever the file does: its inode, size and both times, to the nanosecond. */
function mark(file: string): string {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false })
  return stats ? `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}` : '-'
}
