// Looks after gateway threads that run policies of operators: one that is held up is ended, which starts it anew, and the operator is told whose loop it was.

import { watchMemory } from '../own-policies/watch-words.ts'
import { LOOK_MS, Watchdog } from '../own-policies/watchdog.ts'

export interface HeldThreadsMeans {
  readonly threads: number
  readonly nowMs: () => number
  /** Ends a thread; `why` completes the sentence "it was ended because". */
  readonly end: (thread: number, why: string) => void
  readonly report: (text: string) => void
  /** The name of a revision. */
  readonly named: (revision: number) => string | undefined
}

export class HeldThreads {
  readonly memory: SharedArrayBuffer
  private ended = 0
  private quarantined = 0
  private readonly means: HeldThreadsMeans
  private readonly watchdog: Watchdog
  private looking: NodeJS.Timeout | undefined

  constructor(means: HeldThreadsMeans) {
    this.means = means
    this.memory = watchMemory(means.threads)
    this.watchdog = new Watchdog(this.memory)
  }

  /** Undefined while there is nothing to watch. */
  get measures(): { readonly threadsEnded: number; readonly quarantined: number } | undefined {
    return this.looking && { threadsEnded: this.ended, quarantined: this.quarantined }
  }
  /** From the first policy of an operator on: without any there is nothing to look at. */
  watch(): void {
    this.looking ??= setInterval(() => this.look(), LOOK_MS).unref()
  }
  /** The thread is gone; `wasHeld`: because we ended it. Answers whose code ran at that moment, if that ended it. */
  gone(thread: number, wasHeld: boolean): string | undefined {
    const { revisions, quarantined } = this.watchdog.ended(thread, this.means.nowMs(), wasHeld)
    this.ended += revisions.length
    this.quarantine(quarantined)
    return revisions.length === 0 ? undefined : this.nameOf(revisions[0]!)
  }
  close(): void {
    clearInterval(this.looking)
  }

  private look(): void {
    for (const { thread, revisions, ms, quarantined } of this.watchdog.look(this.means.threads, this.means.nowMs())) {
      const names = revisions.map((revision) => `'${this.nameOf(revision)}'`).join(', ')
      const whose =
        revisions.length === 0
          ? 'nobody can be named: a timer of an own policy, or a fault of the gateway'
          : revisions.length === 1
            ? `the policy ${names} did not let go of it`
            : `one of the policies ${names}, which were waiting, did not let go of it`
      this.ended++
      this.means.end(thread, `it did not answer for ${ms} ms, and ${whose}`)
      this.quarantine(quarantined)
    }
  }
  private quarantine(revisions: readonly number[]): void {
    for (const revision of revisions) {
      this.quarantined++
      const name = this.nameOf(revision)
      this.means.report(
        `the policy '${name}' held up or ended gateway threads too often and is not run any more: requests it would check get 503 ${name}.quarantined until its file changes`,
      )
    }
  }
  private readonly nameOf = (revision: number): string => this.means.named(revision) ?? String(revision)
}
