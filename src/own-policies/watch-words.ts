// Shared memory in which gateway threads say which operators' policy has them in hand, so that the main thread can tell whose loop holds a thread up.

/** Texts of policies that one process loads in its life, at most: what was loaded as a module stays in memory. */
export const REVISIONS_MAX = 1000

/** Words of one thread. */
const BEAT = 0
const RUNNING = 1
const CALLS = 2
const PENDING = 3
const THREAD_WORDS = PENDING + REVISIONS_MAX + 1
/** Before them, for each number: 1 when no thread runs it any more. */
const FIRST_THREAD = REVISIONS_MAX + 1

/** The memory that the threads share with the main thread. Revisions have numbers from 1. */
export const watchMemory = (threads: number): SharedArrayBuffer => new SharedArrayBuffer((FIRST_THREAD + threads * THREAD_WORDS) * 4)

/** A thread's own words. */
export class ThreadWords {
  private readonly cells: Int32Array
  private readonly at: number

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.cells = new Int32Array(memory)
    this.at = FIRST_THREAD + thread * THREAD_WORDS
  }

  /** The thread's event loop turns. */
  beat(): void {
    this.cells[this.at + BEAT]!++
  }
  /** From now on this revision runs; answers what ran before, for `leave`. */
  enter(revision: number): number {
    const { cells, at } = this
    const before = cells[at + RUNNING]!
    cells[at + CALLS]!++
    cells[at + RUNNING] = revision
    return before
  }
  leave(before: number): void {
    this.cells[this.at + RUNNING] = before
  }
  /** A call of it waits: what it does when it goes on is nobody's turn that could be seen. */
  pending(revision: number, by: 1 | -1): void {
    this.cells[this.at + PENDING + revision]! += by
  }
  isQuarantined(revision: number): boolean {
    return this.cells[revision] !== 0
  }
}

/** What the main thread sees of one thread. */
export interface Sight {
  readonly beat: number
  readonly running: number
  readonly calls: number
}

export class WatchWords {
  private readonly cells: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.cells = new Int32Array(memory)
  }

  see(thread: number): Sight {
    const at = FIRST_THREAD + thread * THREAD_WORDS
    const { cells } = this
    return { beat: Atomics.load(cells, at + BEAT), running: Atomics.load(cells, at + RUNNING), calls: Atomics.load(cells, at + CALLS) }
  }
  /** Revisions of which calls wait on the thread. */
  waiting(thread: number): readonly number[] {
    const at = FIRST_THREAD + thread * THREAD_WORDS + PENDING
    const found: number[] = []
    for (let revision = 1; revision <= REVISIONS_MAX; revision++) if (Atomics.load(this.cells, at + revision) > 0) found.push(revision)
    return found
  }
  /** The thread is gone. */
  wipe(thread: number): void {
    const at = FIRST_THREAD + thread * THREAD_WORDS
    this.cells.fill(0, at, at + THREAD_WORDS)
  }
  quarantine(revision: number): void {
    Atomics.store(this.cells, revision, 1)
  }
}
