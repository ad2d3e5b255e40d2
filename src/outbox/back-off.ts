// How long to wait before the next try: twice as long each time, and never the same for two, so that a server that comes back is not met by all at once.

/** After so many tries a message is given up: about a day after it was sent. */
export const TRIES_MAX = 14
const FIRST_MS = 10_000
const LONGEST_MS = 12 * 3_600_000
/** The longest that a receiver may ask us to wait. */
export const ASKED_MS_MAX = 24 * 3_600_000

/** Milliseconds after the try with this number, the first being 1. `random` is from 0 up to 1. */
export function backOffMs(attempt: number, random: number): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** (attempt - 1))
  return Math.round(whole / 2 + (whole / 2) * random)
}
