// Refusals before an operation runs, as entries of the trail (ASVS 16.3.1, 16.3.2): a few a minute, so that nobody can flood it; the rest is counted.
import type { Operator } from '../model/operator.ts'
import type { Counters, Limiter } from '../ports/counters.ts'
import { callerGroup } from './arrival.ts'
import type { CommonRefusal } from './common-refusals.ts'
import type { Plane } from './plane.ts'

/** Entries a minute for each operator, and for each address of strangers. */
export const ENTRIES_OF_CALLER = 5
/** Entries a minute for all strangers together. */
export const ENTRIES_OF_STRANGERS = 30
const rule = (limit: number) => ({ algorithm: 'gcra', limit, windowMs: 60_000 }) as const

export class RefusalLog {
  private readonly ofOperator: Limiter
  private readonly ofAddress: Limiter
  private readonly ofStrangers: Limiter
  /** What had no entry of its own since the last entry. */
  private readonly unrecorded = { operators: 0, strangers: 0 }

  /** `guests`: counters apart, so that strangers take no room of operators. */
  constructor(operators: Counters, guests: Counters) {
    this.ofOperator = operators.limiter('refusals', rule(ENTRIES_OF_CALLER))
    this.ofStrangers = operators.limiter('refusals-of-strangers', rule(ENTRIES_OF_STRANGERS))
    this.ofAddress = guests.limiter('refusals', rule(ENTRIES_OF_CALLER))
  }

  /** Throws when there is to be an entry and it cannot be written. `operation`: which one was asked for; undefined: none that is served. */
  async told(plane: Plane, code: CommonRefusal, by: Refusal): Promise<void> {
    const { operator, address, operation, shown } = by
    const whose = operator === undefined ? 'strangers' : 'operators'
    if (!(await this.admits(operator, address, plane.nowMs() * 1000))) {
      this.unrecorded[whose]++
      return
    }
    const unrecorded = this.unrecorded[whose]
    this.unrecorded[whose] = 0
    const detail = { ...(operation !== undefined && { operation }), ...(shown !== undefined && { shown }), ...(unrecorded > 0 && { unrecorded }) }
    const actor = operator?.actor ?? { kind: 'anonymous', id: 'anonymous' }
    const event = { act: 'request.refuse', actor, outcome: 'refused', code: `management.${code}`, detail, personal: { address } } as const
    try {
      await plane.store.write((writing) => plane.record(writing, event))
    } catch (cause) {
      // Whatever came of this entry: what it would have told of the others is not lost with it.
      this.unrecorded[whose] += unrecorded
      throw cause
    }
  }

  private async admits(operator: Operator | undefined, address: string, nowUs: number): Promise<boolean> {
    if (operator !== undefined) return isAdmitted(this.ofOperator.take(`${operator.actor.kind}:${operator.actor.id}`, nowUs))
    // An address takes a place in the table only while strangers have entries left, and takes of what all have only within its own part.
    if (!(await isAdmitted(this.ofStrangers.peek('all', nowUs)))) return false
    if (!(await isAdmitted(this.ofAddress.take(callerGroup(address), nowUs)))) return false
    return isAdmitted(this.ofStrangers.take('all', nowUs))
  }
}

export interface Refusal {
  readonly operator: Operator | undefined
  readonly address: string
  readonly operation?: string | undefined
  /** What was shown of who it is. */
  readonly shown?: string | undefined
}

/** Read at once: the object holds the next answer as soon as somebody else asks. */
const isAdmitted = (taken: ReturnType<Limiter['take']>): boolean | Promise<boolean> =>
  taken instanceof Promise ? taken.then(({ admitted }) => admitted) : taken.admitted
