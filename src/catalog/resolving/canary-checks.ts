// What must hold for a canary to lead from one version to another without anybody passing by what protects either.
import type { Fault, Path } from '../../base/fault.ts'
import type { Api, AttachedPolicy } from '../../model/snapshot.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { stageOrder } from '../../pipeline/stages.ts'
import type { CanarySection } from '../sections/canary-schema.ts'

/**
 * A request that is moved has been through the admit stage of the version that it asked for. What stands there unchanged in the target counts once; what
 * stands only there would have left its traces on a request that is now another version's; lifecycle and virtual patches only refuse, and leave none. The
 * caller is identified anew, by the target's own policies.
 */
export function canaryFaults(
  from: Api,
  to: Api,
  canary: CanarySection,
  isPreview: boolean,
  isPublic: boolean,
  catalogue: readonly AnyPolicy[],
  at: Path,
): Fault[] {
  const faults: Fault[] = []
  const early = (policies: readonly AttachedPolicy[]): AttachedPolicy[] =>
    policies.filter((each) => each.policy !== 'lifecycle' && each.untilMs === undefined && stageRank(each, catalogue) <= stageOrder('identify'))
  const known = new Set(early(to.policySets[0] ?? []).map(({ scope }) => scope))
  const missing = from.policySets.flatMap(early).find(({ scope }) => !known.has(scope))
  if (missing) {
    const message = `'${from.name}' has its own '${missing.policy}', which '${to.name}' has not: attach it to the API, for both`
    faults.push({ code: 'canary-differs', path: at, message })
  }
  const asked = new Set(early(from.policySets[0] ?? []).map(({ scope }) => scope))
  const stranger = early(to.policySets[0] ?? []).find((each) => stageRank(each, catalogue) === stageOrder('identify') && !asked.has(each.scope))
  if (!missing && stranger) {
    const message = `'${to.name}' knows its callers by its own '${stranger.policy}', and '${from.name}' does not: whoever is moved would be a stranger there`
    faults.push({ code: 'canary-differs', path: at, message })
  }
  if (isPreview && !isPublic && (canary.share !== undefined || canary.header !== undefined)) {
    const message = `'${to.name}' is a preview, which refuses whoever is not let into it by name: choose 'consumers', or make it active`
    faults.push({ code: 'canary-preview', path: at, message })
  }
  return faults
}

function stageRank({ policy: name, config }: AttachedPolicy, catalogue: readonly AnyPolicy[]): number {
  const policy = catalogue.find((each) => each.name === name)!
  return stageOrder(typeof policy.stage === 'function' ? policy.stage(policy.config.read(config, [], [])) : policy.stage)
}
