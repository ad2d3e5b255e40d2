// The `balance` of an upstream: which of its targets the next request goes to.
import { checked, either, mapped, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import type { Balance, HashBy } from '../../model/snapshot.ts'

const BY = /^(?:consumer|address|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}|cookie:[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100})$/
const by: Schema<HashBy> = mapped(
  string({
    pattern: BY,
    maxLength: 107,
    means: 'consumer, address, header:NAME or cookie:NAME',
    describe:
      'What stays at one target: `consumer`, `address`, `header:NAME` or `cookie:NAME`. Where a request has no such consumer, field or cookie, its address counts.',
  }),
  (text) => {
    const [kind, name] = text.split(/:(.*)/s)
    return kind === 'header' || kind === 'cookie' ? { kind, name: name! } : { kind: kind as 'consumer' | 'address' }
  },
)

const BOUND = /^[1-9]\d{2}%$/
const bound = mapped(
  checked(
    string({
      pattern: BOUND,
      maxLength: 4,
      means: 'a share such as 125%',
      describe:
        'So much of its part of the requests under way a target may have before further ones go to the next best, 105% to 999%. Left out: as much as its callers bring.',
    }),
    (text) => (Number(text.slice(0, -1)) < 105 ? { code: 'out-of-range', message: `${text} is below 105%` } : undefined),
  ),
  (text) => Number(text.slice(0, -1)) / 100,
)

const hashing = object(
  {
    'consistent-hash': object(
      { by, bound: optional(bound) },
      'The same caller goes to the same target, for as long as it is there; one that comes or goes moves only its own callers.',
    ),
  },
  'Consistent hashing.',
)

const WORDS = ['round-robin', 'least-requests', 'power-of-two'] as const
export const balance: Schema<Balance> = either(
  [
    mapped(
      oneOf(
        WORDS,
        '`round-robin`: in turn, by weight. `least-requests`: to the one with the fewest under way, by weight. `power-of-two`: to the one with fewer under way of two that are drawn by weight; for many gateways before the same targets.',
      ),
      (kind): Balance => ({ kind }),
    ),
    mapped(hashing, ({ 'consistent-hash': { by: who, bound: loadMax } }): Balance => ({ kind: 'consistent-hash', by: who, ...(loadMax && { loadMax }) })),
  ],
  'round-robin, least-requests, power-of-two, or {consistent-hash: {by: ...}}',
)
