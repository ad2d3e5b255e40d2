// Back-off: how often somebody may guess. Counted before a guess is looked at, and kept in the store: neither haste nor a restart buys more.
import { addressGroup, parseIp, unmapped } from '../base/ip.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { tag } from './secret-text.ts'

/** Guesses that were counted under one name. A budget holds when it is whole again; a pair how many failed, and when the last one did. */
export interface Failures {
  readonly count?: number
  readonly lastMs?: number
  readonly wholeAtMs?: number
}
export const FAILURES = collection<Failures>('sign-in-failures')

/** So many at once, and one more for each interval that passes. */
export interface Budget {
  readonly burst: number
  readonly intervalMs: number
}
/** Wrong passwords for one account from everywhere but its own devices: 30 at once, 10 an hour. */
export const ACCOUNT_BUDGET: Budget = { burst: 30, intervalMs: 360_000 }
/** Attempts from one address (an IPv6 /64 counts as one) for whichever accounts: 30 at once, one a minute. */
export const ADDRESS_BUDGET: Budget = { burst: 30, intervalMs: 60_000 }
/** Wrong codes by who already showed the right password: 10 at once, one an hour. */
export const CODE_BUDGET: Budget = { burst: 10, intervalMs: 3_600_000 }

const FREE_FAILURES = 3
const WAIT_MS_MAX = 900_000
/** A pair that was quiet for so long begins anew. */
export const FORGOTTEN_AFTER_MS = 86_400_000
// Names that strangers can make up fall into this many places, chosen with the key: the records cannot be made more, nor a place aimed at.
const PLACES = 65_536

export type Counted = { readonly key: string; readonly budget?: Budget }

/** After `count` failures in a row: nothing for the first three, then 1 s, 2 s, 4 s, up to 15 minutes. */
export const waitMs = (count: number): number => (count < FREE_FAILURES ? 0 : Math.min(WAIT_MS_MAX, 1000 * 2 ** (count - FREE_FAILURES)))

const place = (key: Uint8Array, ...parts: string[]): number => Buffer.from(tag(key, 'back-off', ...parts), 'base64url').readUInt32BE(0) % PLACES

/** What is counted under for a caller's address. One that cannot be read is one caller with all the others like it. */
export function addressName(address: string): string {
  const octets = parseIp(address)
  return octets ? addressGroup(unmapped(octets)) : 'unknown'
}

/** Who is asked for: a person, or a name that nobody has. Both are counted alike, so that counting does not tell which it is. */
export type Account = { readonly personId: string } | { readonly unknown: string }

/**
 * What a guess at a password is counted under. From a browser that the account has signed in with before, only that browser's own failures count: strangers cannot keep somebody out
 * of their own account (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 */
export function passwordCounts(key: Uint8Array, account: Account, address: string, deviceId: string | undefined): Counted[] {
  const name = 'personId' in account ? account.personId : `unknown/${place(key, 'name', account.unknown)}`
  if (deviceId !== undefined) return [{ key: `device/${name}/${deviceId}` }]
  const from = addressName(address)
  return [{ key: `pair/${place(key, 'pair', name, from)}` }, { key: `account/${name}`, budget: ACCOUNT_BUDGET }, addressCount(key, address)]
}

export const addressCount = (key: Uint8Array, address: string): Counted => ({
  key: `address/${place(key, 'address', addressName(address))}`,
  budget: ADDRESS_BUDGET,
})

export const codeCounts = (personId: string, deviceId: string | undefined): Counted[] => [
  { key: deviceId === undefined ? `code/${personId}` : `device-code/${personId}/${deviceId}`, budget: CODE_BUDGET },
]

/** How long until a guess under all of these is looked at: 0 now. */
export async function waitFor(reading: Reading, counts: readonly Counted[], nowMs: number): Promise<number> {
  let wait = 0
  for (const { key, budget } of counts) {
    const failures = await reading.get(FAILURES, key)
    if (failures) wait = Math.max(wait, budget ? budgetWait(failures, budget, nowMs) : pairWait(failures, nowMs))
  }
  return Math.ceil(wait)
}
const budgetWait = ({ wholeAtMs = 0 }: Failures, { burst, intervalMs }: Budget, nowMs: number): number =>
  Math.max(0, Math.min(wholeAtMs, nowMs + burst * intervalMs) - nowMs - (burst - 1) * intervalMs)
function pairWait({ count = 0, lastMs = 0 }: Failures, nowMs: number): number {
  // A clock that was set back must not make the wait longer than it ever was.
  const since = Math.max(0, nowMs - lastMs)
  return since > FORGOTTEN_AFTER_MS ? 0 : Math.max(0, waitMs(count) - since)
}

/** Counts a guess under all of these, or tells how long to wait and counts nothing. Before the guess is looked at, so that many at once are many. */
export async function charge(writing: Writing, counts: readonly Counted[], nowMs: number): Promise<number> {
  const wait = await waitFor(writing, counts, nowMs)
  if (wait > 0) return wait
  for (const { key, budget } of counts) {
    const { count = 0, lastMs = 0, wholeAtMs = 0 } = (await writing.get(FAILURES, key)) ?? {}
    if (budget) writing.put(FAILURES, key, { wholeAtMs: Math.max(nowMs, Math.min(wholeAtMs, nowMs + budget.burst * budget.intervalMs)) + budget.intervalMs })
    else writing.put(FAILURES, key, { count: nowMs - lastMs > FORGOTTEN_AFTER_MS ? 1 : count + 1, lastMs: nowMs })
  }
  return 0
}

/** Takes back one guess that was right, or was never looked at: a budget gets one back, no more, so that who belongs here gives strangers no new guesses. */
export async function settle(writing: Writing, counts: readonly Counted[], guess: 'right' | 'not-looked-at'): Promise<void> {
  for (const { key, budget } of counts) {
    const failures = await writing.get(FAILURES, key)
    if (!failures) continue
    if (budget) writing.put(FAILURES, key, { wholeAtMs: (failures.wholeAtMs ?? 0) - budget.intervalMs })
    else if (guess === 'right' || (failures.count ?? 0) <= 1) writing.remove(FAILURES, key)
    else writing.put(FAILURES, key, { ...failures, count: failures.count! - 1 })
  }
}
