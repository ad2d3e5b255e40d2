// Runs a compiled chain over one exchange: synchronous until a hook really waits, and only arrays of functions run.
import type { Clock } from '../base/clock.ts'
import type { Verdict } from './contract.ts'
import { type Timer, within } from './deadline.ts'
import type { Exchange, Remembered } from './exchange.ts'
import type { Identification } from './identification.ts'
import { DECISIONS, isPromise, type Link, PASSED, rememberFor, settle, settleBroken } from './link.ts'

/** What runs, in order: policies, and among them the identify policies as one. */
export interface Run {
  readonly parts: readonly (Link | Identification)[]
  readonly steps: number
  readonly clock: Clock
  readonly timer: Timer
  readonly deadlineMs: number
}

/** One request in so many is timed: what timing costs must not be what it finds. */
const SAMPLE = 64
let turn = 0

/**
 * A tally holds, for each of `n` steps, four counts (`link.ts`), and after all of these two numbers a step: microseconds spent in the sampled runs, and how
 * many runs were sampled. One writer: the thread that owns it.
 */
export const tallyLength = (steps: number): number => steps * (DECISIONS + 2)

/** Asks every policy of the chain in its order, up to the first that refuses or replies. */
export function run(chain: { readonly run: Run }, x: Exchange, tally: Float64Array): Verdict | Promise<Verdict> {
  return advance(chain.run, x, tally, 0, chain.run.parts.length, ++turn % SAMPLE === 0)
}
/** Asks the parts `[from, to)` only: for who decides in the middle which chain it is that goes on. */
export function runPart(chain: { readonly run: Run }, x: Exchange, tally: Float64Array, from: number, to: number): Verdict | Promise<Verdict> {
  return advance(chain.run, x, tally, from, to, ++turn % SAMPLE === 0)
}

function advance(chain: Run, x: Exchange, tally: Float64Array, from: number, to: number, sampled: boolean): Verdict | Promise<Verdict> {
  const { parts } = chain
  for (let i = from; i < to; i++) {
    const part = parts[i]!
    const startUs = sampled ? chain.clock.nowUs() : 0
    let verdict: Verdict | Promise<Verdict>
    let before: Remembered | undefined
    if ('hook' in part) {
      before = rememberFor(part, x)
      try {
        verdict = part.hook(x)
      } catch (cause) {
        verdict = settleBroken(part, x, tally, cause, before)
        if (verdict !== undefined) return verdict
        continue
      }
      if (verdict === undefined && before === undefined) tally[part.at + PASSED]!++
      else if (!isPromise(verdict)) verdict = settle(part, x, tally, verdict, before)
    } else verdict = part.run(x, tally)
    if (isPromise(verdict)) return resume(chain, x, tally, i, to, verdict, before, sampled, startUs)
    if (sampled) record(chain, part, tally, startUs)
    if (verdict !== undefined) return verdict
  }
  return undefined
}

async function resume(
  chain: Run,
  x: Exchange,
  tally: Float64Array,
  index: number,
  to: number,
  pending: Promise<Verdict>,
  before: Remembered | undefined,
  sampled: boolean,
  startUs: number,
): Promise<Verdict> {
  const part = chain.parts[index]!
  let verdict: Verdict
  if ('hook' in part) {
    try {
      verdict = settle(part, x, tally, await within(pending, chain.deadlineMs, chain.timer), before)
    } catch (cause) {
      verdict = settleBroken(part, x, tally, cause, before)
    }
  } else verdict = await pending
  if (sampled) record(chain, part, tally, startUs)
  return verdict ?? advance(chain, x, tally, index + 1, to, sampled)
}

/** The identify policies are timed together, under the step of the built-in limit that stands before them. */
function record(chain: Run, part: Link | Identification, tally: Float64Array, startUs: number): void {
  const at = chain.steps * DECISIONS + (part.at / DECISIONS) * 2
  tally[at]! += chain.clock.nowUs() - startUs
  tally[at + 1]!++
}
