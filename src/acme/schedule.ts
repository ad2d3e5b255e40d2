// When the next certificate is ordered: early and never at the same moment as others', and after a failure later and later.

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** A certificate is renewed when two thirds of its life are over, and up to this share of it later. */
const SPREAD = 1 / 30
/** However short they live: nobody orders certificates in a circle. */
const RENEW_MS_MIN = 5 * MINUTE

const FIRST_MS = 2 * MINUTE
const LONGEST_MS = 12 * HOUR

/**
 * `random` is from 0 up to 1. Of its life counts what is left of it by our clock: by one that is far ahead, every certificate that comes would else be due
 * at once, and ordered in a circle.
 */
export function renewalMs({ validFromMs, expiresMs }: { readonly validFromMs: number; readonly expiresMs: number }, nowMs: number, random: number): number {
  const fromMs = Math.max(validFromMs, nowMs)
  const life = Math.max(0, expiresMs - fromMs)
  return Math.max(nowMs + RENEW_MS_MIN, Math.round(fromMs + (life * 2) / 3 + life * SPREAD * random))
}

/**
 * Milliseconds after the failure with this number, the first being 1. Five tries fill an hour: authorities count failed proofs of a name by the hour,
 * and five are what the strictest of them grants. `askedMs`: what the server asked for.
 */
export function backOffMs(failures: number, random: number, askedMs = 0): number {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20))
  return Math.max(Math.round(whole + (whole / 2) * random), Math.round(askedMs + MINUTE * random))
}
