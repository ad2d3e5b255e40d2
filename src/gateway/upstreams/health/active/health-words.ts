// One word of shared memory for each target that is checked: the main thread writes it, gateway threads read it with each request.

/** Targets that can be checked at once. One more counts as up, and is reported. */
const WORDS = 4096
const DOWN = 1

export const healthMemory = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4)

export class HealthWords {
  private readonly words: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory)
  }
  get size(): number {
    return this.words.length
  }
  isUp(word: number): boolean {
    return Atomics.load(this.words, word) !== DOWN
  }
  set(word: number, isUp: boolean): void {
    Atomics.store(this.words, word, isUp ? 0 : DOWN)
  }
}

/** What a gateway thread reads there. */
export class CheckResults {
  private readonly words: HealthWords
  private byKey: ReadonlyMap<string, number> = new Map()

  constructor(memory: SharedArrayBuffer) {
    this.words = new HealthWords(memory)
  }
  /** Which word says what of each target that is checked, from now on. */
  renew(byKey: ReadonlyMap<string, number>): void {
    this.byKey = byKey
  }
  /** Whether it is up, as of each call; one that is not checked is. */
  of(key: string): () => boolean {
    return () => {
      const word = this.byKey.get(key)
      return word === undefined || this.words.isUp(word)
    }
  }
}
