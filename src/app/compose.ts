// Where the concrete meets the abstract: which policies there are. Only this room names them.
import type { AnyPolicy } from '../pipeline/contract.ts'
import { policies } from '../policies/index.ts'

export { policies }
export const catalogue: ReadonlyMap<string, AnyPolicy> = new Map(policies.map((policy) => [policy.name, policy]))
