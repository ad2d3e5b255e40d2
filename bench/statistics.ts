// The few figures that a row of the table shows of its rounds.

export type Summary = { readonly median: number; readonly min: number; readonly max: number; readonly lowerQuartile: number; readonly upperQuartile: number }

/** Summarizes at least one figure; quartiles are interpolated between neighbours. */
export function summarize(figures: readonly number[]): Summary {
  if (figures.length === 0) throw new Error('a summary of no figures says nothing')
  const sorted = [...figures].sort((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = Math.floor(place)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  return low + (high - low) * (place - below)
}
