// Which plans an API offers, and the policy that holds its callers to them.
import type { Fault, Path } from '../../base/fault.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { PlanLimit } from '../../pipeline/plan-limit.ts'
import type { ApiSection } from '../sections/api-schema.ts'
import type { Attachment } from '../sections/attachments.ts'
import type { PlanSection } from '../sections/shared-schema.ts'
import type { SharedObjects } from './shared-objects.ts'

/** The plans of one API; absent: it is called without a plan. */
export interface PlanOffer {
  readonly plans: ReadonlyMap<string, PlanSection>
  /** As the API names them, whether or not they are sound. */
  readonly names: readonly string[]
  /** The plan of consumers that chose none. */
  readonly fallback: string | undefined
}

export function offerOf(name: string, api: ApiSection, path: Path, shared: SharedObjects, faults: Fault[]): PlanOffer | undefined {
  if (api.plans === undefined) return undefined
  const plans = new Map<string, PlanSection>()
  for (const [i, wanted] of api.plans.entries()) {
    const at: Path = [...path, 'plans', i]
    const missing = shared.missing('plans', wanted, at)
    if (missing) faults.push(missing)
    const plan = shared.plans.get(wanted)
    if (!plan) continue
    if (plan.apis && !plan.apis.includes(name))
      faults.push({
        code: 'plan-of-others',
        path: at,
        message: `the plan '${wanted}' is for other APIs: add '${name}' to its 'apis'`,
      })
    plans.set(wanted, plan)
  }
  const defaults = [...plans].filter(([, plan]) => plan.default).map(([each]) => each)
  if (defaults.length > 1)
    faults.push({
      code: 'two-defaults',
      path: [...path, 'plans'],
      message: `${defaults.map((each) => `'${each}'`).join(' and ')} are both the default: one consumer cannot be on both`,
    })
  return { plans, names: api.plans, fallback: defaults[0] }
}

/** The policy with the offered plans as its configuration, in one spelling, so that an API changes with the meaning of its plans and not with their text. */
export function planAttachment({ plans, fallback }: PlanOffer, catalogue: readonly AnyPolicy[], path: Path): Attachment {
  const policy = catalogue.find(({ attachedBy }) => attachedBy === 'plans')
  if (!policy) throw new TypeError('the catalogue has no policy that stands before APIs with plans')
  const byName = [...plans].sort(([a], [b]) => (a < b ? -1 : 1))
  const config = {
    plans: Object.fromEntries(byName.map(([name, { limits }]) => [name, { limits: limits.map(written) }])),
    ...(fallback !== undefined && { default: fallback }),
  }
  const faults: Fault[] = []
  const read: unknown = policy.config.read(config, path, faults)
  if (faults.length > 0) throw new TypeError(`a plan that its own policy refuses: ${faults[0]!.message}`)
  return { policy, config, read, mode: 'enforce', path: [...path, 'plans'] }
}

const written = ({ limit, window, name, burst, algorithm }: PlanLimit): object => ({
  limit,
  window: `${window}ms`,
  algorithm,
  ...(name !== undefined && { name }),
  ...(burst !== undefined && { burst }),
})
