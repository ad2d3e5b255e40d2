// rate-limit: caps how many requests one caller may send in a time.
import { checked, duration, either, type Infer, integer, list, mapped, object, oneOf, optional, string } from '../../base/schema.ts'
import { definePolicy } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { limitFields } from '../../pipeline/limit-fields.ts'
import { Principal } from '../../pipeline/slots.ts'
import { COUNT_MAX, type LimitRule, ruleFault, type Taken } from '../../ports/counters.ts'
import { type CallerPart, isCallerPart, keyOf, readsPrincipal } from './partition.ts'

const part = checked(string({ maxLength: 110, means: 'consumer, address, credential, operation or header:NAME' }), (text) =>
  isCallerPart(text) ? undefined : { code: 'unknown-word', message: `'${text.slice(0, 40)}' must be consumer, address, credential, operation or header:NAME` },
)
const by = mapped(
  either([part, list(part, { min: 1, max: 5 })], 'one of these words or a list of them'),
  (value) => (typeof value === 'string' ? [value] : value) as readonly CallerPart[],
)

const config = object({
  limit: integer({ min: 1, max: COUNT_MAX, describe: 'How many requests are admitted in a window.' }),
  window: duration({ minMs: 1, describe: 'The window.' }),
  by: optional(by, ['consumer']),
  algorithm: optional(
    oneOf(
      ['gcra', 'fixed-window', 'sliding-window', 'token-bucket'],
      'gcra spreads the limit evenly and lets `burst` come at once; the others are what their names say.',
    ),
    'gcra',
  ),
  burst: optional(integer({ min: 1, max: COUNT_MAX, describe: 'gcra and token-bucket: how many may come at once. Left out: the limit.' })),
  name: optional(
    string({
      pattern: /^[a-zA-Z0-9._-]{1,40}$/,
      means: 'a name of at most 40 letters, digits, ".", "_" or "-"',
      describe: 'What response fields call this limit.',
    }),
  ),
  onStoreLoss: optional(oneOf(['refuse', 'allow'], 'What becomes of requests while the counters cannot be reached.'), 'refuse'),
})
type Config = Infer<typeof config>

const ruleOf = ({ limit, window, algorithm, burst }: Config): LimitRule => ({ algorithm, limit, windowMs: window, ...(burst !== undefined && { burst }) })
const onlyAddress = ({ by }: Config): boolean => by.every((each) => each === 'address')

export const rateLimit = definePolicy<Config, 'counters', 'exceeded' | 'unavailable'>({
  name: 'rate-limit',
  // By address alone it needs nobody's name, and floods die before cryptography.
  stage: (config) => (onlyAddress(config) ? 'admit' : 'limit'),
  summary: 'Caps how many requests one caller may send in a time.',
  when: 'On every API: a caller in a loop, or a thief with a key, must not use up what is meant for all. Limit by consumer for fairness, and by address against floods before identity.',
  config,
  uses: ['counters'],
  reads: ({ by }) => (by.some(readsPrincipal) ? [Principal] : []),
  denials: {
    exceeded: {
      status: 429,
      says: 'Too many requests.',
      ref: 'OWASP API4:2023',
      mend: 'Wait as long as `Retry-After` says. The `RateLimit` field of every response tells how much is left.',
    },
    unavailable: {
      status: 503,
      says: 'The request cannot be counted now.',
      ref: 'OWASP API4:2023',
      mend: 'The counters are full or out of reach, and the operator chose to refuse rather than not to count. Try again shortly.',
    },
  },
  examples: [
    {
      title: 'The third request of a limit of two is refused',
      config: { limit: 2, window: '1m', by: 'address' },
      send: { times: 3 },
      expect: { status: 429, code: 'rate-limit.exceeded' },
    },
    { title: 'Two requests pass', config: { limit: 2, window: '1m', by: 'address' }, send: { times: 2 }, expect: { status: 200 } },
    {
      title: 'Each tenant has its own limit',
      config: { limit: 1, window: '1m', by: ['address', 'header:X-Tenant'] },
      send: { headers: { 'X-Tenant': 'blue' } },
      expect: { status: 200 },
    },
  ],
  related: ['api-key', 'request-size'],
  mayFailOpen: true,
  faults(config) {
    const faults: { code: string; message: string }[] = []
    const wrong = ruleFault(ruleOf(config))
    if (wrong !== undefined) faults.push({ code: 'uncountable-limit', message: `this limit ${wrong}` })
    if (config.burst !== undefined && config.algorithm.endsWith('window'))
      faults.push({ code: 'contradiction', message: `'burst' means nothing to ${config.algorithm}: it belongs to gcra and token-bucket` })
    if (new Set(config.by.map((each) => each.toLowerCase())).size < config.by.length)
      faults.push({ code: 'redundant', message: "'by' names the same thing twice" })
    return faults
  },
  compile(config, { counters, scope, deny }) {
    const { by, limit, window, name = `${by.map((each) => each.replace(/:.*$/, '')).join('-')}-${window / 1000}s` } = config
    const limiter = counters.limiter(scope, ruleOf(config))
    const key = keyOf(by)
    const tell = limitFields(name, limit, window)
    const unavailable = deny('unavailable')
    const lost = config.onStoreLoss === 'allow' ? undefined : unavailable

    const judge = (x: Exchange, taken: Taken) => {
      // A full table is no lost store: whoever can fill it must not thereby open the gate.
      if (taken.full) return unavailable
      tell(x, taken)
      return taken.admitted ? undefined : deny('exceeded', { fields: [['Retry-After', String(Math.max(1, Math.ceil(taken.retryAfterMs / 1000)))]] })
    }
    return {
      request(x) {
        let taken: Taken | Promise<Taken>
        try {
          taken = limiter.take(key(x), x.nowUs)
        } catch {
          return lost
        }
        if (!(taken instanceof Promise)) return judge(x, taken)
        return taken.then(
          (later) => judge(x, later),
          () => lost,
        )
      },
    }
  },
})
