// Request collapsing: while one request fetches a response, others for the very same wait for it instead of fetching it too (RFC 9111 4, last paragraph).

/** How the wait ends by itself. */
export interface FlightTimer {
  after(ms: number, call: () => void): () => void
}
/** Longer keys are not remembered as not kept: whoever asks chooses how long they are, and they would hold memory that nobody counts. */
const REMEMBERED_LENGTH_MAX = 1024

export interface FlightBounds {
  readonly flights: number
  /** Of one flight. */
  readonly waiters: number
  readonly waitMs: number
  /** For how long what turned out not to be kept is fetched by everyone at once. */
  readonly apartMs: number
}

/** `stored`: it stands in the store. `failed`: the upstream did not answer as it should. `alone`: each waiter fetches it itself. */
export type FlightOutcome = 'stored' | 'failed' | 'alone'

/** What one request fetches and others wait for. */
export class Flight {
  readonly key: string
  readonly waiters: ((outcome: FlightOutcome) => void)[] = []
  isOver = false
  cancel: (() => void) | undefined
  constructor(key: string) {
    this.key = key
  }
}

export class Flights {
  private readonly flights = new Map<string, Flight>()
  /** Keys whose response was not kept, with the moment until which nobody waits for it; the oldest first. */
  private readonly apart = new Map<string, number>()
  private readonly bounds: FlightBounds
  private readonly timer: FlightTimer

  constructor(bounds: FlightBounds, timer: FlightTimer) {
    this.bounds = bounds
    this.timer = timer
  }
  get count(): number {
    return this.flights.size
  }

  /**
   * Begins to fetch, or waits for who does. Undefined: fetch it without anybody waiting, because there are too many already or it was not kept the last time.
   */
  join(key: string, nowMs: number): Flight | Promise<FlightOutcome> | undefined {
    const until = this.apart.get(key)
    if (until !== undefined) {
      if (nowMs < until) return undefined
      this.apart.delete(key)
    }
    const known = this.flights.get(key)
    if (known === undefined) return this.begin(key)
    if (known.waiters.length >= this.bounds.waiters) return undefined
    // From the first waiter on: who dies without a word, or is slow, holds nobody for longer than this.
    known.cancel ??= this.timer.after(this.bounds.waitMs, () => this.end(known, 'alone'))
    return new Promise((resolve) => known.waiters.push(resolve))
  }
  /** Begins to fetch where nobody does; undefined: somebody does, or there are too many. */
  begin(key: string): Flight | undefined {
    if (this.flights.size >= this.bounds.flights || this.flights.has(key)) return undefined
    const flight = new Flight(key)
    this.flights.set(key, flight)
    return flight
  }
  /** It is stored. */
  land(flight: Flight): void {
    this.end(flight, 'stored')
  }
  /** The upstream failed. */
  fail(flight: Flight): void {
    this.end(flight, 'failed')
  }
  /** Nothing came that could be stored: everyone goes alone. */
  release(flight: Flight): void {
    this.end(flight, 'alone')
  }
  /** What came is not to be kept: for a while nobody waits for it at all. */
  refuse(flight: Flight, nowMs: number): void {
    if (flight.isOver) return
    this.end(flight, 'alone')
    if (flight.key.length > REMEMBERED_LENGTH_MAX) return
    this.apart.delete(flight.key)
    if (this.apart.size >= this.bounds.flights) this.apart.delete(this.apart.keys().next().value!)
    this.apart.set(flight.key, nowMs + this.bounds.apartMs)
  }

  private end(flight: Flight, outcome: FlightOutcome): void {
    if (flight.isOver) return
    flight.isOver = true
    if (this.flights.get(flight.key) === flight) this.flights.delete(flight.key)
    flight.cancel?.()
    flight.cancel = undefined
    for (const tell of flight.waiters.splice(0)) tell(outcome)
  }
}
