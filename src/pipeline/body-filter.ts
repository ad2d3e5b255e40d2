// What changes or watches a body on its way, octet by octet: the contract between a policy and the gateway that moves the octets.
import type { Refusal } from './contract.ts'

/** Takes what a filter makes. `put` is given memory that holds only until it returns. */
export interface BodySink {
  put(octets: Uint8Array, start: number, end: number): void
  /** The body is whole. */
  end(): void
  /** A filter that answers later holds less than it did: who waits for it may go on. */
  eased(): void
  /** The body cannot be completed: what began is seen broken, never short. A refusal is answered where nothing has left yet. */
  fail(cause: unknown): void
}

/** Answers at once or later. The octets that it holds (`waiting`) make the other side wait, until `sink.eased()` tells that there are fewer; nothing may be put out after `abandon`. */
export interface BodyFilter {
  readonly waiting: number
  /** `octets[start, end)` hold only until it returns. */
  put(octets: Uint8Array, start: number, end: number): void
  /** All has been put. */
  end(): void
  /** The exchange is over before the body: nobody waits for the rest. */
  abandon(): void
}
export type MakeBodyFilter = (sink: BodySink) => BodyFilter

/** Sees the octets that the client gets and changes nothing. Exactly one of `whole` and `abandoned` is called, once. */
export interface BodyWatcher {
  put(octets: Uint8Array, start: number, end: number): void
  whole(): void
  abandoned(): void
}

/** Filters one behind the other, the first made standing first; what comes out of the last goes to `tail`. */
export class BodyWay {
  private readonly filters: BodyFilter[] = []
  private readonly tail: BodySink
  private over = false

  constructor(makers: readonly MakeBodyFilter[], tail: BodySink) {
    this.tail = tail
    let sink: BodySink = this.guarded(tail)
    for (let i = makers.length - 1; i >= 0; i--) {
      const filter = made(makers[i]!, sink)
      this.filters.unshift(filter)
      sink = this.guarded({
        put: (octets, start, end) => filter.put(octets, start, end),
        end: () => filter.end(),
        eased: () => tail.eased(),
        fail: (cause) => tail.fail(cause),
      })
    }
  }

  /** Octets that the filters hold. */
  get waiting(): number {
    let waiting = 0
    for (const filter of this.filters) waiting += filter.waiting
    return waiting
  }
  put(octets: Uint8Array, start: number, end: number): void {
    this.trying(() => this.filters[0]!.put(octets, start, end))
  }
  end(): void {
    this.trying(() => this.filters[0]!.end())
  }
  /** Nothing comes out any more. */
  abandon(): void {
    if (this.over) return
    this.over = true
    for (const filter of this.filters) filter.abandon()
  }

  /** Nothing passes a way that is over, however late a filter answers; what a filter throws later fails the body and nothing else. */
  private guarded(sink: BodySink): BodySink {
    return {
      put: (octets, start, end) => this.trying(() => sink.put(octets, start, end)),
      end: () =>
        this.trying(() => {
          sink.end()
          if (sink === this.tail) this.over = true
        }),
      eased: () => this.trying(() => sink.eased()),
      fail: (cause) => this.fail(cause),
    }
  }
  private trying(act: () => void): void {
    if (this.over) return
    try {
      act()
    } catch (cause) {
      this.fail(cause)
    }
  }
  private fail(cause: unknown): void {
    if (this.over) return
    this.abandon()
    this.tail.fail(cause)
  }
}

/** One that cannot be made fails the body that it was to change: those that are made already are given up with it, and nobody else is blamed. */
function made(make: MakeBodyFilter, sink: BodySink): BodyFilter {
  try {
    return make(sink)
  } catch (cause) {
    const fail = (): never => {
      throw cause
    }
    return { waiting: 0, put: fail, end: fail, abandon() {} }
  }
}

export const isRefusal = (cause: unknown): cause is Refusal => (cause as Refusal | undefined)?.kind === 'refusal'
