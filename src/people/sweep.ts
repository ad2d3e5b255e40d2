// Sweeping: what is over is removed, a bounded piece at a time, so that nothing that strangers can cause stays.
import { type Collection, type Entry, SCAN_LIMIT_MAX, type Writing } from '../ports/store.ts'
import { FAILURES, FORGOTTEN_AFTER_MS } from './back-off.ts'
import { TOTPS_BEGUN } from './factors.ts'
import { dropLink, LINKS } from './links.ts'
import { removeToken, TOKENS } from './machine-tokens.ts'
import { endSession, isOver, SESSIONS } from './sessions.ts'
import { SPENT } from './tickets.ts'

/** How long a token that has expired or was revoked stays to be asked about. */
export const TOKENS_KEPT_MS = 90 * 86_400_000

/** Where the next piece of each collection begins. */
export type SweepPlace = Readonly<Record<string, string>>

/** Looks at up to a thousand records of each kind from `place` on, removes those that are over, and tells where to go on. To be called every few minutes. */
export async function sweep(writing: Writing, nowMs: number, place: SweepPlace = {}): Promise<{ readonly removed: number; readonly place: SweepPlace }> {
  let removed = 0
  const next: Record<string, string> = {}
  async function over<T>(of: Collection<T>, isDone: (value: T) => boolean, remove: (entry: Entry<T>) => void | Promise<void>): Promise<void> {
    const after = place[of.name]
    const page = await writing.scan(of, { limit: SCAN_LIMIT_MAX, ...(after !== undefined && { after }) })
    if (page.length === SCAN_LIMIT_MAX) next[of.name] = page.at(-1)!.key
    for (const entry of page) {
      if (!isDone(entry.value)) continue
      await remove(entry)
      removed++
    }
  }
  const drop =
    <T>(of: Collection<T>) =>
    ({ key }: Entry<T>): void =>
      writing.remove(of, key)
  await over(
    SESSIONS,
    (each) => isOver(each, nowMs),
    ({ key }) => endSession(writing, key),
  )
  await over(SPENT, (each) => each.expiresAtMs <= nowMs, drop(SPENT))
  await over(
    LINKS,
    (each) => each.expiresAtMs <= nowMs,
    ({ value }) => dropLink(writing, value.personId),
  )
  await over(TOTPS_BEGUN, (each) => each.expiresAtMs <= nowMs, drop(TOTPS_BEGUN))
  await over(FAILURES, ({ lastMs, wholeAtMs = 0 }) => (lastMs === undefined ? wholeAtMs <= nowMs : nowMs - lastMs > FORGOTTEN_AFTER_MS), drop(FAILURES))
  await over(
    TOKENS,
    ({ expiresAtMs, revokedAtMs = expiresAtMs }) => Math.min(expiresAtMs, revokedAtMs) + TOKENS_KEPT_MS <= nowMs,
    ({ value }) => removeToken(writing, value),
  )
  return { removed, place: next }
}
