// What one operation did on one thread: counted in plain arrays, because the hot path must not look anything up.

/** Upper bounds of the duration buckets in microseconds; the last bucket is open. */
export const DURATION_BOUNDS_US = [500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 10_000_000] as const
const BUCKETS = DURATION_BOUNDS_US.length + 1

/** Rate, errors and duration of one operation (RED), and what its policies decided. Single writer: the thread that owns it. */
export class RouteMeter {
  /** Responses by class: index 0 is 1xx, 4 is 5xx; index 5 counts exchanges that ended without a whole response. */
  readonly classes: Float64Array
  readonly buckets: Float64Array
  durationUs = 0
  /** As the chain lays it out: see `pipeline/run-chain.ts`. */
  readonly tally: Float64Array

  /** `before` is the meter of the same operation in the snapshot before: counts go on where they were, so that no rate jumps at a publish. */
  constructor(tallyLength: number, before?: RouteMeter) {
    this.classes = before?.classes ?? new Float64Array(6)
    this.buckets = before?.buckets ?? new Float64Array(BUCKETS)
    this.durationUs = before?.durationUs ?? 0
    this.tally = before?.tally.length === tallyLength ? before.tally : new Float64Array(tallyLength)
  }

  record(status: number, durationUs: number): void {
    this.classes[status < 100 ? 5 : ((status / 100) | 0) - 1]!++
    let bucket = 0
    while (bucket < BUCKETS - 1 && durationUs > DURATION_BOUNDS_US[bucket]!) bucket++
    this.buckets[bucket]!++
    this.durationUs += durationUs
  }
}
