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
