// The policies of an API or a version with those that its policy sets, its plans and the API above it bring.
import type { Fault, Path } from '../../base/fault.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import type { Attachment, Attachments } from '../sections/attachments.ts'
import { type PlanOffer, planAttachment } from './plan-offer.ts'
import type { SharedObjects } from './shared-objects.ts'

/** An API's section, or a version's. */
interface Holder {
  readonly policySets?: readonly string[]
  readonly policies: Attachments
}
export interface Inherited {
  readonly policies: { readonly [policy: string]: readonly Attachment[] }
  /** False when something is missing because a set or a plan is faulty: what follows from that is not told, since the fault was told where it stands. */
  readonly isWhole: boolean
}

/** An API's own policy takes the place of a set's of the same name; two sets with the same policy are a fault unless the API decides. */
export function apiInheritance(
  api: Holder,
  path: Path,
  offer: PlanOffer | undefined,
  shared: SharedObjects,
  catalogue: readonly AnyPolicy[],
  faults: Fault[],
): Inherited {
  const { policies: brought, isWhole } = broughtBySets(api, path, shared, faults)
  for (const policy of taken(api.policies))
    if (!Object.hasOwn(brought, policy) && isWhole)
      faults.push({
        code: 'wrong-type',
        path: [...path, 'policies', policy],
        message: `'${policy}' is false, but none of the API's policy sets has it: here, leave it out`,
      })
  const plan = offer && planAttachment(offer, catalogue, path)
  return {
    policies: { ...over(brought, api.policies), ...(plan && { [plan.policy.name]: [plan] }) },
    isWhole: isWhole && (!offer || offer.plans.size === offer.names.length),
  }
}

/** A version's own policy comes before its sets', those before what its API has; `false` takes away whatever would come from below. */
export function versionInheritance(version: Holder, above: Inherited, path: Path, shared: SharedObjects, faults: Fault[]): Inherited {
  const { policies: brought, isWhole } = broughtBySets(version, path, shared, faults)
  const below = { ...above.policies, ...brought }
  for (const policy of taken(version.policies))
    if (!Object.hasOwn(below, policy) && isWhole && above.isWhole)
      faults.push({
        code: 'removes-nothing',
        path: [...path, 'policies', policy],
        atKey: true,
        message: `the API has no '${policy}' that could be removed here`,
      })
  return { policies: over(below, version.policies), isWhole: isWhole && above.isWhole }
}

function broughtBySets({ policySets = [], policies }: Holder, path: Path, shared: SharedObjects, faults: Fault[]): Inherited {
  const brought: Record<string, readonly Attachment[]> = {}
  const from = new Map<string, string>()
  for (const [i, name] of policySets.entries()) {
    const at: Path = [...path, 'policySets', i]
    const missing = shared.missing('policySets', name, at)
    if (missing) faults.push(missing)
    for (const [policy, attached] of Object.entries(shared.policySets.get(name) ?? {})) {
      const other = from.get(policy)
      from.set(policy, name)
      if (other !== undefined && !Object.hasOwn(policies, policy)) {
        const message = `'${policy}' comes from '${other}' and from '${name}': say under 'policies' what holds here`
        faults.push({ code: 'sets-disagree', path: at, message })
      }
      // What is wrong with a policy of a set only before this API is told here, and not in the set, which is right for others.
      brought[policy] = (attached || []).map((attachment) => ({ ...attachment, path: at }))
    }
  }
  return { policies: brought, isWhole: policySets.every((set) => shared.policySets.has(set)) }
}

const taken = (own: Attachments): string[] => Object.keys(own).filter((policy) => own[policy] === false)
const over = (below: Inherited['policies'], own: Attachments): Inherited['policies'] =>
  Object.fromEntries(Object.entries({ ...below, ...own }).flatMap(([policy, attached]) => (attached ? [[policy, attached]] : [])))
