// One limit of a plan, as a file has it and as it is counted: the catalog reads it, the policy `plan` holds callers to it.
import { checked, duration, type Infer, integer, object, oneOf, optional, string } from '../base/schema.ts'
import { COUNT_MAX, type LimitRule, ruleFault } from '../ports/counters.ts'

const written = object({
  limit: integer({ min: 1, max: COUNT_MAX, describe: 'How many requests are admitted in a window.' }),
  window: duration({ minMs: 1, describe: 'The window.' }),
  name: optional(
    string({
      pattern: /^[a-zA-Z0-9._-]{1,40}$/,
      means: 'a name of at most 40 letters, digits, ".", "_" or "-"',
      describe: 'What response fields call this limit. Left out: the plan and the window.',
    }),
  ),
  burst: optional(integer({ min: 1, max: COUNT_MAX, describe: 'gcra and token-bucket: how many may come at once. Left out: the limit.' })),
  algorithm: optional(oneOf(['gcra', 'fixed-window', 'sliding-window', 'token-bucket'], 'How it counts, as in `rate-limit`.'), 'gcra'),
})

export type PlanLimit = Infer<typeof written>

export const ruleOfLimit = ({ algorithm, limit, window, burst }: PlanLimit): LimitRule => ({
  algorithm,
  limit,
  windowMs: window,
  ...(burst !== undefined && { burst }),
})

/** A limit that can be counted exactly, or a fault. */
export const planLimit = checked(written, (limit) => {
  const wrong = ruleFault(ruleOfLimit(limit))
  if (wrong !== undefined) return { code: 'uncountable-limit', message: `this limit ${wrong}` }
  return limit.burst !== undefined && limit.algorithm.endsWith('window')
    ? { code: 'contradiction', message: `'burst' means nothing to ${limit.algorithm}: it belongs to gcra and token-bucket` }
    : undefined
})

/** What response fields call a limit of a plan. */
export const limitName = (plan: string, { name, window }: PlanLimit): string => name ?? `${plan}-${window / 1000}s`
