// Decides from what gateway threads say of themselves whether one is held up by an operator's policy, and which policy is left alone from then on.
import { WatchWords } from './watch-words.ts'

/** How often threads are looked at. What is counted are looks and not seconds: a machine that slept, or a main thread that was busy, ends nobody. */
export const LOOK_MS = 250
/** How long one turn of a policy may hold its thread. */
const TURN_LOOKS = 2000 / LOOK_MS
/** How long a thread may be held up while calls of policies wait, one of which may be what holds it. */
const WAITING_LOOKS = 5000 / LOOK_MS
/** How long one may be held up that runs policies of operators and shows none: by a timer of theirs, or by a fault of ours. */
const SILENT_LOOKS = 15_000 / LOOK_MS
/** So many threads that a policy held up, or ended, within this time, and it is not run any more. */
const STRIKES = 3
const STRIKES_MS = 600_000

interface Seen {
  beat: number
  running: number
  calls: number
  sameTurn: number
  sameBeat: number
}

/** A thread to end. */
export interface Held {
  readonly thread: number
  /** Revisions that held it, or may have: none when nobody can be named. */
  readonly revisions: readonly number[]
  readonly ms: number
  /** Those of them that are in quarantine from now on. */
  readonly quarantined: readonly number[]
}

export class Watchdog {
  private readonly words: WatchWords
  private readonly seen = new Map<number, Seen>()
  private readonly strikes = new Map<number, number[]>()

  constructor(memory: SharedArrayBuffer) {
    this.words = new WatchWords(memory)
  }

  /** To be called every `LOOK_MS`. */
  look(threads: number, nowMs: number): readonly Held[] {
    const held: Held[] = []
    for (let thread = 0; thread < threads; thread++) {
      const found = this.lookAt(thread)
      if (found === undefined) continue
      held.push({ thread, ...found, quarantined: found.revisions.filter((revision) => this.strike(revision, nowMs)) })
    }
    return held
  }

  /** The thread ended. By itself, and not because it was held: whoever ran then ended it, by its memory or by process.exit, and that counts as much. */
  ended(thread: number, nowMs: number, wasHeld: boolean): Pick<Held, 'revisions' | 'quarantined'> {
    const { running } = this.words.see(thread)
    this.seen.delete(thread)
    this.words.wipe(thread)
    const revisions = wasHeld || running === 0 ? [] : [running]
    return { revisions, quarantined: revisions.filter((revision) => this.strike(revision, nowMs)) }
  }

  private lookAt(thread: number): Pick<Held, 'revisions' | 'ms'> | undefined {
    const now = this.words.see(thread)
    const before = this.seen.get(thread)
    if (before === undefined) {
      this.seen.set(thread, { ...now, sameTurn: 0, sameBeat: 0 })
      return undefined
    }
    // A loop that turns is held by nobody: a file whose top waits while it is loaded runs in all those looks.
    const isSameTurn = now.running !== 0 && now.running === before.running && now.calls === before.calls && now.beat === before.beat
    before.sameTurn = isSameTurn ? before.sameTurn + 1 : 0
    // 0: it runs no policies of operators, or has not begun.
    before.sameBeat = now.beat !== 0 && now.beat === before.beat ? before.sameBeat + 1 : 0
    Object.assign(before, now)
    if (before.sameTurn >= TURN_LOOKS) return { revisions: [now.running], ms: before.sameTurn * LOOK_MS }
    if (before.sameBeat < WAITING_LOOKS) return undefined
    const waiting = this.words.waiting(thread)
    return waiting.length > 0 || before.sameBeat >= SILENT_LOOKS ? { revisions: waiting, ms: before.sameBeat * LOOK_MS } : undefined
  }

  /** True when this was one too many. */
  private strike(revision: number, nowMs: number): boolean {
    const recent = [...(this.strikes.get(revision) ?? []).filter((atMs) => nowMs - atMs < STRIKES_MS), nowMs]
    this.strikes.set(revision, recent)
    if (recent.length < STRIKES) return false
    this.words.quarantine(revision)
    return true
  }
}
