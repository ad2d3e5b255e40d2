// Makes an operator's policy one of the catalogue's: each of its turns is marked, what it is given is narrow, and what it answers is judged.
import type { Fault } from '../base/fault.ts'
import type { Schema } from '../base/schema.ts'
import type { Answer } from '../pipeline/answer.ts'
import type { AnyPolicy, Example, Hooks, Kit, Refusal, Resources, Verdict } from '../pipeline/contract.ts'
import { quarantinedRefusal } from '../pipeline/denials.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import { Principal } from '../pipeline/slots.ts'
import type { AnyOwnPolicy, Fetch, OwnHooks, OwnResources } from './contract.ts'
import { OwnAnswer } from './own-answer.ts'
import { type Bounds, OwnExchange, told } from './own-exchange.ts'
import { Turns } from './turns.ts'
import { verdictOf } from './verdict.ts'
import type { ThreadWords } from './watch-words.ts'

/** What a thread that runs policies of operators has for them. */
export interface Guards {
  /** The number of the revision among those of the process. */
  readonly number: number
  /** Absent where nobody watches: in tests. */
  readonly words?: ThreadWords
  readonly fetch: Fetch
}

/** The policy as the main thread knows it: nothing of it is compiled there. */
export const declared = (policy: AnyOwnPolicy, revision: string): AnyPolicy => ({
  name: policy.name,
  stage: policy.stage,
  summary: policy.summary,
  when: '',
  config: guardedSchema(policy.config),
  uses: [],
  denials: policy.denials,
  examples: policy.examples as unknown as readonly [Example, ...Example[]],
  revision,
  ...(policy.reads && { reads: policy.reads }),
  ...(policy.writes && { writes: policy.writes }),
  ...(policy.credentials && { credentials: policy.credentials.bind(policy) }),
  ...(policy.faults && { faults: guardedFaults(policy) }),
  compile() {
    throw new TypeError(`${policy.name} is compiled in gateway threads alone`)
  },
})

/** The policy as chains run it. */
export function guarded(policy: AnyOwnPolicy, revision: string, guards: Guards): AnyPolicy {
  const uses = (policy.uses ?? []) as readonly (keyof OwnResources)[]
  return {
    ...declared(policy, revision),
    uses: uses.filter((use): use is keyof Resources & keyof OwnResources => use !== 'fetch'),
    compile: (config: unknown, kit: Kit<never, string>) => compiled(policy, config, kit, guards),
  }
}

function compiled(policy: AnyOwnPolicy, config: unknown, kit: Kit<never, string>, { number, words, fetch }: Guards): Hooks | null {
  const quarantined = quarantinedRefusal(policy.name)
  // It held up threads while it was compiled, perhaps: then it is not tried again.
  if (words?.isQuarantined(number)) return { request: () => quarantined }
  const denied = new WeakSet<Refusal>()
  const own = {
    ...kit,
    deny(code: string, more?: Parameters<typeof kit.deny>[1]): Refusal {
      for (const [name, value] of more?.fields ?? []) told(name, value)
      const refusal = kit.deny(code, more)
      denied.add(refusal)
      return refusal
    },
    ...(policy.uses?.includes('fetch') && { fetch }),
  }
  const turns = new Turns(number, words)
  const identifies = policy.stage === 'identify'
  const hooks = hooksOf(turns.take(() => policy.compile(config, own as never)))
  // The catalog believes that it asks callers who they are: one that asks nobody would leave the API open.
  if (identifies && hooks?.request === undefined) throw new TypeError("a policy of the stage 'identify' has the hook 'request' under every configuration")
  if (hooks === null) return null
  const bounds: Bounds = { policy: policy.name, writes: new Set(policy.writes ?? []), marked: (make) => turns.marked(make) }

  const judged = (x: Exchange, answer: unknown): Verdict => {
    const verdict = verdictOf(answer, denied)
    // hardening: identify can never fail open. Whoever is let in is somebody.
    if (verdict === undefined && identifies && x.get(Principal)?.by !== policy.name)
      throw new TypeError(`${policy.name} lets a caller in and does not say who it is`)
    return verdict
  }
  const later = async (x: Exchange, mine: OwnExchange, answer: Promise<unknown>): Promise<Verdict> => {
    words?.pending(number, 1)
    try {
      return judged(x, await answer)
    } finally {
      words?.pending(number, -1)
      OwnExchange.close(mine)
    }
  }
  return {
    ...(hooks.request !== undefined && {
      request(x: Exchange) {
        if (words?.isQuarantined(number)) return quarantined
        const mine = new OwnExchange(x, bounds)
        let waits = false
        try {
          const answer: unknown = turns.take(() => hooks.request!(mine))
          if (isThenable(answer)) {
            waits = true
            return later(x, mine, Promise.resolve(answer))
          }
          return judged(x, answer)
        } finally {
          if (!waits) OwnExchange.close(mine)
        }
      },
    }),
    ...(hooks.response !== undefined && {
      response(x: Exchange, answer: Answer) {
        if (words?.isQuarantined(number)) return quarantined
        const mine = new OwnExchange(x, bounds)
        const its = new OwnAnswer(answer, bounds.marked)
        try {
          return verdictOf(atOnce(turns.take(() => hooks.response!(mine, its))), denied)
        } finally {
          OwnExchange.close(mine)
          OwnAnswer.close(its)
        }
      },
    }),
    ...(hooks.still !== undefined && {
      still(x: Exchange, nowMs: number) {
        if (words?.isQuarantined(number)) return false
        const mine = new OwnExchange(x, bounds)
        try {
          return turns.take(() => hooks.still!(mine, nowMs)) === true
        } finally {
          OwnExchange.close(mine)
        }
      },
    }),
    ...(hooks.failed !== undefined && {
      failed(x: Exchange, code: string) {
        if (words?.isQuarantined(number)) return undefined
        const mine = new OwnExchange(x, bounds)
        try {
          const verdict = verdictOf(atOnce(turns.take(() => hooks.failed!(mine, code))), denied)
          if (verdict?.kind === 'refusal') throw new TypeError('there is nothing to refuse any more: failed() answers a reply, or undefined')
          return verdict
        } finally {
          OwnExchange.close(mine)
        }
      },
    }),
  }
}

const HOOKS = ['request', 'response', 'failed', 'still'] as const

/** What checks nothing, a promise of hooks for one, must not pass for something that does. */
function hooksOf(compiled: unknown): OwnHooks | null {
  if (compiled === null) return null
  if (typeof compiled !== 'object' || isThenable(compiled)) throw new TypeError("'compile' answers hooks, or null, at once")
  const hooks = compiled as { readonly [name: string]: unknown }
  for (const key of Object.keys(hooks)) {
    if (!(HOOKS as readonly string[]).includes(key) && typeof hooks[key] === 'function')
      throw new TypeError(`there is no hook '${key}': a policy has ${HOOKS.join(', ')}`)
  }
  const given = HOOKS.filter((hook) => hooks[hook] !== undefined)
  for (const hook of given) if (typeof hooks[hook] !== 'function') throw new TypeError(`the hook '${hook}' is no function`)
  if (given.length === 0) throw new TypeError("'compile' answers hooks, and this has none: null says that a configuration asks for nothing")
  return hooks
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
function atOnce(value: unknown): unknown {
  if (!isThenable(value)) return value
  // Nobody waits for it: what it rejects with must not end the thread.
  Promise.resolve(value).catch(() => {})
  throw new TypeError('this hook never waits, and answered a promise')
}

/** A schema of one's own may throw: that is a fault of the configuration that it was asked about, and of nothing else. */
function guardedSchema(schema: Schema<unknown>): Schema<unknown> {
  return {
    json: schema.json,
    fits: (value) => {
      try {
        return schema.fits(value) === true
      } catch {
        return false
      }
    },
    read(value, path, faults: Fault[]) {
      try {
        return schema.read(value, path, faults)
      } catch (cause) {
        faults.push({ code: 'policy-threw', path, message: `the policy's own schema threw: ${messageOf(cause)}` })
        return undefined
      }
    },
  }
}

const guardedFaults = (policy: AnyOwnPolicy): NonNullable<AnyPolicy['faults']> => {
  return (config: unknown) => {
    try {
      return policy.faults!(config).map(({ code, message }) => ({ code: String(code), message: String(message) }))
    } catch (cause) {
      return [{ code: 'policy-threw', message: `the policy's own check threw: ${messageOf(cause)}` }]
    }
  }
}

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
