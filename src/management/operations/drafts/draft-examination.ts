// What a draft would lead to, looked at aside: for who validates it and for who approves it.
import type { Infer } from '../../../base/schema.ts'
import type { Demand } from '../../../catalog/revisions/approvals.ts'
import { proposalOf } from '../../../catalog/revisions/publish.ts'
import { readHead } from '../../../catalog/revisions/state.ts'
import { type BreakingFinding, breakingChanges, FINDINGS_TOLD_MAX } from '../../catalog/breaking-changes.ts'
import { type ReachedDraft, reachedDraft } from '../../catalog/drafts.ts'
import type { CatalogVerb } from '../../catalog/reach.ts'
import { type faultList, shownFaults, shownKeys } from '../../catalog/shapes.ts'
import { type Call, isRefused, type Refused, refused } from '../../operation.ts'

export interface DraftExamination {
  readonly faults: Infer<typeof faultList>
  readonly notices: Infer<typeof faultList>
  readonly conflicts: ReturnType<typeof shownKeys>
  readonly demand: Demand
  readonly breaking: readonly BreakingFinding[]
}

/** A draft for who reaches it, and a name for it as it is now upon what is published now. */
export const draftNow = (
  { operator, plane }: Pick<Call, 'operator' | 'plane'>,
  id: string,
  verb: CatalogVerb,
): Promise<(ReachedDraft & { readonly nameNow: string }) | Refused> =>
  plane.store.read(async (reading) => {
    const reached = await reachedDraft({ operator }, reading, id, verb)
    return isRefused(reached) ? reached : { ...reached, nameNow: `${id}/${reached.draft.digest}/${(await readHead(reading)).revision}` }
  })

/** Resolving takes longer than a transaction may, and is shared by all who ask the same. */
export async function examinedDraft(
  call: Pick<Call, 'operator' | 'plane'>,
  id: string,
  verb: CatalogVerb,
): Promise<(ReachedDraft & { readonly examination: DraftExamination }) | Refused> {
  const { operator, plane } = call
  const found = await draftNow(call, id, verb)
  if (isRefused(found)) return found
  const { digest } = found.draft
  const { catalog, resolving } = plane.services
  const examination = await resolving.ask<DraftExamination | Refused>(operator, {
    key: `draft/${found.nameNow}`,
    async answer() {
      const proposal = await plane.store.read((reading) => proposalOf(reading, id, digest))
      if ('refused' in proposal) return refused('unknown')
      const { faults, notices, conflicts, demand } = await catalog.examine(proposal)
      const { findings } = await breakingChanges(plane, proposal.changes)
      return {
        faults: shownFaults(faults),
        notices: shownFaults(notices),
        conflicts: shownKeys(conflicts),
        demand,
        breaking: findings.slice(0, FINDINGS_TOLD_MAX),
      }
    },
  })
  return isRefused(examination) ? examination : { ...found, examination }
}
