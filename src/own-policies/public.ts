// `gatehouse/policy`: what a file with a policy of your own may import. Documented in docs/guide/own-policies.md.
export {
  boolean,
  checked,
  described,
  duration,
  either,
  type Infer,
  integer,
  list,
  mapped,
  object,
  oneOf,
  optional,
  record,
  type Schema,
  size,
  string,
} from '../base/schema.ts'
export type { BodyFilter, BodySink, MakeBodyFilter } from '../pipeline/body-filter.ts'
export type { Denial, Refusal, Reply, ResponseField, Verdict } from '../pipeline/contract.ts'
export { Principal, type PrincipalValue, type Slot } from '../pipeline/slots.ts'
export type { Stage } from '../pipeline/stages.ts'
export { definePolicy, type Fetch, type Fetched, type FetchOptions, type OwnExample, type OwnHooks, type OwnKit, type OwnPolicy, reply } from './contract.ts'
export type { OwnAnswer } from './own-answer.ts'
export type { OwnExchange } from './own-exchange.ts'
export { slot } from './own-slots.ts'
