// Checks the targets of all upstreams that want it, once for all threads, and keeps what it finds in shared words.
import type { ActiveHealth } from '../../../../model/resilience.ts'
import { type CheckedTarget, check } from './checks.ts'
import { HealthWords } from './health-words.ts'

/** Checks under way at once; those that are due wait for a place. */
const UNDER_WAY_MAX = 64
/** Who takes longer than this gives their place to others: targets that answer nobody must not keep those of others from being asked. */
const PLACE_MS = 2000

/** One target to be checked. Two upstreams that check the same in the same way share it. */
export interface Checked {
  /** By what gateway threads find its word: all that makes the check what it is. */
  readonly key: string
  /** What the log calls it. */
  readonly name: string
  readonly target: CheckedTarget
  readonly settings: ActiveHealth
}
export interface ActiveCheckMeans {
  readonly memory: SharedArrayBuffer
  nowMs(): number
  /** Between 0 and 1. */
  chance(): number
  report(text: string): void
  /** In place of the network, in tests. */
  readonly check?: typeof check
}

class Watch {
  isUp = true
  /** Results in a row that say the opposite of what holds. */
  contrary = 0
  timer: NodeJS.Timeout | undefined
  readonly word: number
  checked: Checked

  constructor(checked: Checked, word: number) {
    this.checked = checked
    this.word = word
  }
}

export class ActiveChecks {
  private readonly means: ActiveCheckMeans
  private readonly words: HealthWords
  private readonly watches = new Map<string, Watch>()
  private readonly free: number[]
  private underWay = 0
  private readonly due: Watch[] = []
  private stopped = false

  constructor(means: ActiveCheckMeans) {
    this.means = means
    this.words = new HealthWords(means.memory)
    this.free = Array.from({ length: this.words.size }, (_, i) => this.words.size - 1 - i)
  }

  /** What is to be checked from now on; what is known of those that stay is kept. Answers the word of each, by key. */
  watch(all: readonly Checked[]): ReadonlyMap<string, number> {
    const wanted = new Map(all.map((checked) => [checked.key, checked]))
    for (const [key, watch] of this.watches) {
      const stays = wanted.get(key)
      if (stays !== undefined) watch.checked = stays
      else this.forget(key, watch)
    }
    for (const [key, checked] of wanted) {
      if (this.watches.has(key)) continue
      const word = this.free.pop()
      if (word === undefined) {
        this.means.report(`more than ${this.words.size} targets are to be checked: ${checked.name} is taken to be up`)
        continue
      }
      this.words.set(word, true)
      const watch = new Watch(checked, word)
      this.watches.set(key, watch)
      // The first check comes soon, and all the first ones not at once.
      this.schedule(watch, Math.min(1000, checked.settings.intervalMs) * this.means.chance())
    }
    return new Map([...this.watches].map(([key, { word }]) => [key, word]))
  }
  /** What is found of each, by name. */
  get states(): readonly { readonly name: string; readonly isUp: boolean }[] {
    return [...this.watches.values()].map(({ checked: { name }, isUp }) => ({ name, isUp }))
  }
  stop(): void {
    this.stopped = true
    for (const { timer } of this.watches.values()) clearTimeout(timer)
  }

  private forget(key: string, watch: Watch): void {
    clearTimeout(watch.timer)
    this.watches.delete(key)
    // A thread that has not heard of it yet still reads this word.
    this.words.set(watch.word, true)
    this.free.unshift(watch.word)
  }
  private schedule(watch: Watch, delayMs: number): void {
    watch.timer = setTimeout(() => {
      this.due.push(watch)
      this.next()
    }, delayMs).unref()
  }
  private next(): void {
    while (this.underWay < UNDER_WAY_MAX && this.due.length > 0) {
      const watch = this.due.shift()!
      if (this.isWatched(watch)) void this.run(watch)
    }
  }
  private isWatched(watch: Watch): boolean {
    return !this.stopped && this.watches.get(watch.checked.key) === watch
  }

  private async run(watch: Watch): Promise<void> {
    const { target, settings } = watch.checked
    this.underWay++
    let hasPlace = true
    const leave = (): void => {
      if (hasPlace) this.underWay--
      hasPlace = false
    }
    const slow = setTimeout(() => {
      leave()
      this.next()
    }, PLACE_MS).unref()
    const why = await (this.means.check ?? check)(target, settings, this.means.nowMs())
    clearTimeout(slow)
    leave()
    if (this.isWatched(watch)) {
      this.judge(watch, why)
      const spread = (settings.intervalMs * settings.jitterPercent) / 100
      this.schedule(watch, settings.intervalMs - spread / 2 + spread * this.means.chance())
    }
    this.next()
  }
  private judge(watch: Watch, why: string | undefined): void {
    const { name, settings } = watch.checked
    const isWell = why === undefined
    if (isWell === watch.isUp) {
      watch.contrary = 0
      return
    }
    if (++watch.contrary < (isWell ? settings.up : settings.down)) return
    watch.contrary = 0
    watch.isUp = isWell
    this.words.set(watch.word, isWell)
    this.means.report(isWell ? `${name} is well again: requests go there` : `${name} is not well, and no request goes there: ${why}`)
  }
}
