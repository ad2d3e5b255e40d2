// Who is calling: runs the identify policies of a chain together, as `authenticate: any` or `all` asks.
import type { Refusal, ResponseField, Verdict } from './contract.ts'
import { type Timer, within } from './deadline.ts'
import { brokenRefusal, chainRefusal } from './denials.ts'
import { type Exchange, fieldLine, type Remembered } from './exchange.ts'
import type { FailureLimit } from './failure-limit.ts'
import { BROKEN, type ChainStep, isPromise, type Link, PASSED, REFUSED, rememberFor, settle, settleBroken } from './link.ts'
import { Principal, type PrincipalValue } from './slots.ts'

export interface IdentificationParts {
  readonly links: readonly Link[]
  readonly authenticate: 'any' | 'all'
  readonly failures: FailureLimit
  /** The built-in step of the failure limit, and where its tally begins. */
  readonly step: ChainStep
  readonly at: number
  readonly timer: Timer
  readonly deadlineMs: number
  readonly report: (step: ChainStep, cause: unknown) => void
}

/**
 * - any: the first policy that recognises the caller decides. One that finds a wrong credential refuses at once, whatever other credential is shown: else a
 *   second door would make guessing at the first one free. Only a policy that finds none of its kind lets the next one look. One that lets strangers pass
 *   speaks for itself alone.
 * - all: each must recognise the caller, and all the same one.
 *
 * Nobody recognised and nothing shown: the first policy's refusal, with the challenges of all (RFC 9110 11.6.1).
 */
export class Identification {
  private readonly parts: IdentificationParts
  private readonly watched: boolean
  private readonly required: boolean
  private readonly broken = brokenRefusal('identify')
  /** Where the tally of the built-in limit begins. */
  readonly at: number

  constructor(parts: IdentificationParts) {
    this.parts = parts
    this.at = parts.at
    this.watched = parts.links.some((link) => link.watches)
    this.required = parts.links.some((link) => !link.watches)
  }

  run(x: Exchange, tally: Float64Array): Verdict | Promise<Verdict> {
    const { failures, at } = this.parts
    let refusal: Refusal | undefined | Promise<Refusal | undefined>
    try {
      refusal = failures.check(x)
    } catch (cause) {
      return this.brokenLimit(tally, cause)
    }
    if (isPromise(refusal)) return this.awaitCheck(x, tally, refusal)
    tally[at + (refusal === undefined ? PASSED : REFUSED)]!++
    return refusal ?? this.ask(x, tally, 0, { absent: undefined, link: undefined, principal: undefined })
  }

  private async awaitCheck(x: Exchange, tally: Float64Array, pending: Promise<Verdict>): Promise<Verdict> {
    const { at, timer, deadlineMs } = this.parts
    try {
      const refusal = await within(pending, deadlineMs, timer)
      tally[at + (refusal === undefined ? PASSED : REFUSED)]!++
      return refusal ?? this.ask(x, tally, 0, { absent: undefined, link: undefined, principal: undefined })
    } catch (cause) {
      return this.brokenLimit(tally, cause)
    }
  }

  private brokenLimit(tally: Float64Array, cause: unknown): Refusal {
    tally[this.parts.at + BROKEN]!++
    this.parts.report(this.parts.step, cause)
    return this.broken
  }

  /** Asks the policies from `from` on; `found` is what came of those before it. */
  private ask(x: Exchange, tally: Float64Array, from: number, found: Found): Verdict | Promise<Verdict> {
    const { links } = this.parts
    for (let i = from; i < links.length; i++) {
      const link = links[i]!
      const before = this.watched ? rememberFor(link, x) : undefined
      // What a watching policy found must not pass for what an enforcing one establishes.
      if (this.watched && !link.watches) x.set(Principal, undefined)
      let verdict: Verdict | Promise<Verdict>
      try {
        verdict = link.hook(x)
      } catch (cause) {
        verdict = settleBroken(link, x, tally, cause, before)
        if (verdict !== undefined) return verdict
        continue
      }
      if (isPromise(verdict)) return this.resume(x, tally, i, verdict, before, found)
      const outcome = this.judge(x, tally, link, verdict, before, found)
      if (outcome !== NEXT) return outcome
    }
    return this.conclude(x, tally, found)
  }

  private async resume(
    x: Exchange,
    tally: Float64Array,
    index: number,
    pending: Promise<Verdict>,
    before: Remembered | undefined,
    found: Found,
  ): Promise<Verdict> {
    const link = this.parts.links[index]!
    let outcome: Verdict | typeof NEXT | Promise<Verdict>
    try {
      outcome = this.judge(x, tally, link, await within(pending, this.parts.deadlineMs, this.parts.timer), before, found)
    } catch (cause) {
      outcome = settleBroken(link, x, tally, cause, before) ?? NEXT
    }
    return outcome === NEXT ? this.ask(x, tally, index + 1, found) : outcome
  }

  /** What one policy's answer means for the whole: the whole's answer, or `NEXT`. */
  private judge(
    x: Exchange,
    tally: Float64Array,
    link: Link,
    verdict: Verdict,
    before: Remembered | undefined,
    found: Found,
  ): Verdict | typeof NEXT | Promise<Verdict> {
    const any = this.parts.authenticate === 'any'
    if (link.watches) {
      settle(link, x, tally, verdict, before)
      return NEXT
    }
    if (verdict === undefined) {
      tally[link.at + PASSED]!++
      const principal = x.get(Principal)
      // It lets strangers pass, and has seen one: another policy may know the caller, and one that wants to know every caller still does.
      if (any) return principal === undefined ? NEXT : this.recognised(x, principal)
      if (found.principal !== undefined && principal?.consumer !== found.principal.consumer) {
        tally[this.parts.at + REFUSED]!++
        return chainRefusal('identify.mismatch')
      }
      found.principal ??= principal
      return NEXT
    }
    if (verdict.kind === 'reply') return settle(link, x, tally, verdict, before)
    if (verdict.absent && any) {
      found.absent = found.absent === undefined ? verdict : withChallenges(found.absent, verdict)
      found.link ??= link
      return NEXT
    }
    tally[link.at + REFUSED]!++
    // 403 knows who is calling: that was no guess.
    return verdict.absent || verdict.status === 403 ? verdict : this.wrong(x, tally, verdict)
  }

  private conclude(x: Exchange, tally: Float64Array, found: Found): Verdict {
    if (!this.required) return undefined
    if (this.parts.authenticate === 'all') return this.recognised(x, found.principal)
    if (found.link !== undefined) tally[found.link.at + REFUSED]!++
    return found.absent
  }

  private recognised(x: Exchange, principal: PrincipalValue | undefined): undefined {
    if (principal === undefined) return
    x.set(Principal, principal)
    x.upstreamFields += upstreamLines(principal)
  }

  private wrong(x: Exchange, tally: Float64Array, refusal: Refusal): Verdict | Promise<Verdict> {
    try {
      const throttled = this.parts.failures.charge(x)
      if (!isPromise(throttled)) return this.charged(tally, throttled, refusal)
      return within(throttled, this.parts.deadlineMs, this.parts.timer).then(
        (late) => this.charged(tally, late, refusal),
        (cause: unknown) => this.brokenLimit(tally, cause),
      )
    } catch (cause) {
      return this.brokenLimit(tally, cause)
    }
  }

  private charged(tally: Float64Array, throttled: Verdict, refusal: Refusal): Verdict {
    if (throttled === undefined) return refusal
    tally[this.parts.at + REFUSED]!++
    return throttled
  }
}

/** The policy had no last word: ask the next one. */
const NEXT = Symbol('next')

interface Found {
  /** The first refusal for want of a credential, with the challenges of the others, and whose it was. */
  absent: Refusal | undefined
  link: Link | undefined
  /** The caller, as `all` has established it so far. */
  principal: PrincipalValue | undefined
}

function withChallenges(refusal: Refusal, other: Refusal): Refusal {
  const challenges = other.fields.filter(([name]) => name.toLowerCase() === 'www-authenticate')
  return { ...refusal, fields: [...refusal.fields, ...challenges] as readonly ResponseField[] }
}

/** How the upstream learns the caller, once whoever established it. Policies keep one value per credential, so the lines are made once for each. */
function upstreamLines(principal: Introduced): string {
  principal[LINES] ??= fieldLine('Gatehouse-Consumer', principal.consumer) + fieldLine('Gatehouse-Credential', principal.credential)
  return principal[LINES]
}
const LINES = Symbol('lines')
type Introduced = PrincipalValue & { [LINES]?: string }
