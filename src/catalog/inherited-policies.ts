// The policies of an API with those that its policy sets and its plans bring.
import type { Fault, Path } from '../base/fault.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import type { ApiSection } from './api-schema.ts'
import type { Attachment, Attachments } from './attachments.ts'
import { type PlanOffer, planAttachment } from './plan-offer.ts'
import type { SharedObjects } from './shared-objects.ts'

/** An API's own policy takes the place of a set's of the same name; two sets with the same policy are a fault unless the API decides. */
export function inheritedPolicies(
  api: ApiSection,
  path: Path,
  offer: PlanOffer | undefined,
  shared: SharedObjects,
  catalogue: readonly AnyPolicy[],
  faults: Fault[],
): Attachments {
  const out: Record<string, readonly Attachment[]> = {}
  const from = new Map<string, string>()
  for (const [i, name] of (api.policySets ?? []).entries()) {
    const at: Path = [...path, 'policySets', i]
    const missing = shared.missing('policySets', name, at)
    if (missing) faults.push(missing)
    for (const [policy, attached] of Object.entries(shared.policySets.get(name) ?? {})) {
      const other = from.get(policy)
      from.set(policy, name)
      if (Object.hasOwn(api.policies, policy)) continue
      if (other !== undefined) {
        const message = `'${policy}' comes from '${other}' and from '${name}': say under 'policies' what holds here`
        faults.push({ code: 'sets-disagree', path: at, message })
      }
      // What is wrong with a policy of a set only before this API is told here, and not in the set, which is right for others.
      out[policy] = (attached || []).map((attachment) => ({ ...attachment, path: at }))
    }
  }
  for (const [policy, attached] of Object.entries(api.policies)) {
    if (attached) out[policy] = attached
    else if (!from.has(policy) && (api.policySets ?? []).every((set) => shared.policySets.has(set)))
      faults.push({
        code: 'wrong-type',
        path: [...path, 'policies', policy],
        message: `'${policy}' is false, but none of the API's policy sets has it: here, leave it out`,
      })
  }
  const plan = offer && planAttachment(offer, catalogue, path)
  return plan ? { ...out, [plan.policy.name]: [plan] } : out
}
