// plan: holds each consumer to the limits of the plan that it is on.
import { type Infer, list, object, optional, record, string } from '../../base/schema.ts'
import { definePolicy, type Verdict } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { limitFields } from '../../pipeline/limit-fields.ts'
import { limitName, planLimit, ruleOfLimit } from '../../pipeline/plan-limit.ts'
import { Principal } from '../../pipeline/slots.ts'
import type { Limiter, Taken } from '../../ports/counters.ts'

const PLAN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/
const config = object({
  plans: record(object({ limits: list(planLimit, { max: 20, describe: 'Limits that all hold.' }) }), {
    key: PLAN,
    keyMeans: 'the name of a plan',
    describe: 'The plans that the API offers.',
  }),
  default: optional(string({ pattern: PLAN, means: 'the name of a plan', describe: 'The plan of consumers that may call the API and chose none.' })),
})

interface Counted {
  readonly limiter: Limiter
  readonly tell: (x: Exchange, taken: Taken) => void
}

export const plan = definePolicy<Infer<typeof config>, 'counters', 'exceeded' | 'none' | 'unavailable'>({
  name: 'plan',
  stage: 'limit',
  attachedBy: 'plans',
  summary: 'Holds each consumer to the limits of the plan that it is on.',
  when: 'When consumers of one API may call it to different amounts: a free plan and a paid one. It counts all of a consumer’s credentials and all operations of the API together.',
  config,
  uses: ['counters'],
  reads: [Principal],
  denials: {
    exceeded: {
      status: 429,
      says: 'The limit of your plan is reached.',
      ref: 'OWASP API4:2023',
      mend: 'Wait as long as `Retry-After` says, or take a larger plan. The `RateLimit` field of every response tells how much is left.',
    },
    none: {
      status: 403,
      says: 'No plan of this API is yours.',
      ref: 'OWASP API4:2023',
      mend: 'Subscribe to one of the plans that the API offers.',
    },
    unavailable: {
      status: 503,
      says: 'The request cannot be counted now.',
      ref: 'OWASP API4:2023',
      mend: 'The counters are full or out of reach. Try again shortly.',
    },
  },
  examples: [
    {
      title: 'The third request of a plan of two is refused',
      config: { plans: { free: { limits: [{ limit: 2, window: '1m' }] } }, default: 'free' },
      send: { headers: { 'X-API-Key': 'a key of the example consumer' }, times: 3 },
      expect: { status: 429, code: 'plan.exceeded' },
    },
    {
      title: 'A consumer without a plan is refused',
      config: { plans: { gold: { limits: [{ limit: 1000, window: '1m' }] } } },
      send: { headers: { 'X-API-Key': 'a key of the example consumer' } },
      expect: { status: 403, code: 'plan.none' },
    },
  ],
  related: ['rate-limit', 'api-key'],
  faults({ plans, default: fallback }) {
    return fallback === undefined || Object.hasOwn(plans, fallback)
      ? []
      : [{ code: 'unknown-plan', message: `the default plan '${fallback}' is none of the plans` }]
  },
  compile({ plans, default: fallback }, { counters, scope, whole, deny }) {
    const byName = new Map(
      Object.entries(plans).map(([name, { limits }]) => [
        name,
        limits.map((limit, i): Counted => {
          const rule = ruleOfLimit(limit)
          // The limit's place in the plan names its counter: a plan that grows goes on counting where it was.
          return { limiter: counters.limiter(`${scope}/${name}/${i}`, rule), tell: limitFields(limitName(name, limit), limit.limit, limit.window) }
        }),
      ]),
    )
    const none = deny('none')
    const unavailable = deny('unavailable')
    const exceeded = ({ retryAfterMs }: Taken): Verdict => deny('exceeded', { fields: [['Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1000)))]] })

    /** Undefined: admitted, and told. */
    const judge = (x: Exchange, { tell }: Counted, taken: Taken): Verdict => {
      if (taken.full) return unavailable
      if (taken.admitted) return undefined
      tell(x, taken)
      return exceeded(taken)
    }
    /**
     * Every limit is asked before any is charged: what one of them refuses must not use up the others. Between asking and charging another thread may
     * come first; then a limit that was charged already has counted one too many, never one too few.
     */
    const countedAt = (x: Exchange, consumer: string, limits: readonly Counted[], from: number): Verdict | Promise<Verdict> => {
      const asking = limits.length > 1 ? limits.length : 0
      for (let step = from; step < asking + limits.length; step++) {
        const counted = limits[step < asking ? step : step - asking]!
        const isAsking = step < asking
        const taken = isAsking ? counted.limiter.peek(consumer, x.nowUs) : counted.limiter.take(consumer, x.nowUs)
        const decide = (found: Taken): Verdict => {
          const verdict = judge(x, counted, found)
          if (verdict === undefined && !isAsking) counted.tell(x, found)
          return verdict
        }
        if (taken instanceof Promise) return taken.then((found) => decide(found) ?? countedAt(x, consumer, limits, step + 1))
        const verdict = decide(taken)
        if (verdict !== undefined) return verdict
      }
      return undefined
    }

    return {
      request(x) {
        const principal = x.get(Principal)
        if (principal === undefined) return none
        const { consumer, plans: chosenOf } = principal
        const chosen = (chosenOf !== undefined && Object.hasOwn(chosenOf, whole) ? chosenOf[whole] : undefined) ?? fallback
        const limits = chosen === undefined ? undefined : byName.get(chosen)
        if (limits === undefined) return none
        try {
          const verdict = countedAt(x, consumer, limits, 0)
          return verdict instanceof Promise ? verdict.catch(() => unavailable) : verdict
        } catch {
          return unavailable
        }
      },
    }
  },
})
