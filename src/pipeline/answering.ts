// The response's way through a chain: hooks in the reverse order of the request's, none of which may be skipped when it breaks.
import type { Answer } from './answer.ts'
import type { Hooks, Reply, Verdict } from './contract.ts'
import type { Exchange } from './exchange.ts'
import { BROKEN, type Link, REFUSED } from './link.ts'

/** One policy that has a word in what comes back. */
export interface AnswerLink extends Pick<Link, 'step' | 'at' | 'broken' | 'report'> {
  readonly hooks: Pick<Hooks, 'response' | 'failed' | 'over'>
  /** Microseconds since the epoch: from then on it is not asked. */
  readonly untilUs: number
}

export class Answering {
  private readonly responding: readonly AnswerLink[]
  private readonly failing: readonly AnswerLink[]
  private readonly ending: readonly AnswerLink[]

  /** `links` in the order in which requests meet them. */
  constructor(links: readonly AnswerLink[]) {
    const back = links.toReversed()
    this.responding = back.filter(({ hooks }) => hooks.response !== undefined)
    this.failing = back.filter(({ hooks }) => hooks.failed !== undefined)
    this.ending = back.filter(({ hooks }) => hooks.over !== undefined)
  }
  get responds(): boolean {
    return this.responding.length > 0
  }

  /** What takes the response's place; a hook that throws refuses it. */
  response(x: Exchange, answer: Answer, tally: Float64Array): Verdict {
    for (const link of this.responding) {
      if (x.nowUs >= link.untilUs) continue
      let verdict: Verdict
      try {
        verdict = link.hooks.response!(x, answer)
      } catch (cause) {
        tally[link.at + BROKEN]!++
        link.report(link.step, cause)
        return link.broken
      }
      if (verdict === undefined) continue
      if (verdict.kind === 'refusal') tally[link.at + REFUSED]!++
      return verdict
    }
    return undefined
  }
  /** What is answered in the place of an error, if anything. */
  failed(x: Exchange, code: string, tally: Float64Array): Reply | undefined {
    for (const link of this.failing) {
      if (x.nowUs >= link.untilUs) continue
      try {
        const reply = link.hooks.failed!(x, code)
        if (reply !== undefined) return reply
      } catch (cause) {
        // The error stands.
        tally[link.at + BROKEN]!++
        link.report(link.step, cause)
      }
    }
    return undefined
  }
  /** The exchange is over, however it ended. */
  over(x: Exchange): void {
    for (const link of this.ending) {
      try {
        link.hooks.over!(x)
      } catch (cause) {
        link.report(link.step, cause)
      }
    }
  }
}
