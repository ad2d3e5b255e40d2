// How many connections may be open, for the whole process and for one address, counted across threads in shared memory.
import { randomSeed } from '../../base/ids.ts'

const SLOTS = 16_384
const HEADER = 1

/** The memory that all threads count in: one row a thread, so that the row of a thread that died can be wiped. */
export const capsMemory = (threads: number): SharedArrayBuffer => new SharedArrayBuffer((HEADER + threads * (SLOTS + 1)) * 4)

/**
 * Addresses share slots by a hash with a secret seed, so an attacker cannot aim at somebody's slot; a shared slot counts too much, never too little.
 */
export class ConnectionCaps {
  private readonly cells: Int32Array
  private readonly row: number
  private readonly threads: number

  constructor(memory: SharedArrayBuffer, thread: number, threads: number) {
    this.cells = new Int32Array(memory)
    this.threads = threads
    this.row = HEADER + thread * (SLOTS + 1)
    Atomics.compareExchange(this.cells, 0, 0, randomSeed())
  }

  /** Forgets what a thread held: called before it is started again. */
  wipe(): void {
    this.cells.fill(0, this.row, this.row + SLOTS + 1)
  }

  /** The slot of an address group: the value that `enter` and `leave` take. */
  slotOf(group: string): number {
    let hash = Atomics.load(this.cells, 0) ^ 0x9e3779b9
    for (let i = 0; i < group.length; i++) {
      hash = Math.imul(hash ^ group.charCodeAt(i), 0x85ebca6b)
      hash ^= hash >>> 13
    }
    hash = Math.imul(hash, 0xc2b2ae35)
    return (hash ^ (hash >>> 16)) & (SLOTS - 1)
  }

  /** Counts a connection in, unless one of the caps is reached. */
  enter(slot: number, most: number, mostOfSlot: number): boolean {
    if (this.sum(SLOTS) >= most || this.sum(slot) >= mostOfSlot) return false
    Atomics.add(this.cells, this.row + SLOTS, 1)
    Atomics.add(this.cells, this.row + slot, 1)
    return true
  }
  leave(slot: number): void {
    Atomics.sub(this.cells, this.row + SLOTS, 1)
    Atomics.sub(this.cells, this.row + slot, 1)
  }
  /** Open connections of the whole process. */
  get open(): number {
    return this.sum(SLOTS)
  }

  private sum(slot: number): number {
    let sum = 0
    for (let thread = 0; thread < this.threads; thread++) sum += Atomics.load(this.cells, HEADER + thread * (SLOTS + 1) + slot)
    return sum
  }
}
