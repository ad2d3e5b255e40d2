// What a publication would break: the OpenAPI documents of APIs and versions as they are served, against what they would be.
import { type Infer, integer, list, object, oneOf, optional, string } from '../../base/schema.ts'
import type { ProposedChange } from '../../catalog/revisions/commit.ts'
import { kindNamed } from '../../catalog/revisions/kinds.ts'
import { compareDocuments } from '../../compatibility/compare-documents.ts'
import { type Finding, OPERATIONS_MAX } from '../../compatibility/finding.ts'
import { stateAt } from '../../lifecycle/schedule.ts'
import type { RefusalDeclaration } from '../operation.ts'
import type { Plane } from '../plane.ts'
import { line } from '../texts.ts'

export const BREAKING_CHANGES: RefusalDeclaration = {
  status: 409,
  says: 'Clients of an API that is in use would break.',
  mend: '`findings` lists what breaks, by API. Mend the document, make a new version of it, or repeat this with `acceptBreaking`: that you did stands in the trail. Documents in files beside the configuration are not looked at here: run `gatehouse compare` where these are reviewed.',
}
export const FINDINGS_TOLD_MAX = 1000

const findingShape = {
  rule: string({ maxLength: 100, describe: 'Stable: `request-enum-narrowed`.' }),
  severity: oneOf(['breaking', 'risky', 'compatible']),
  operations: list(string({ maxLength: 5000 }), {
    max: OPERATIONS_MAX,
    describe: 'Operations that it reaches, as the old document names them; none: the whole.',
  }),
  operationCount: integer({ min: 0, max: 1_000_000, describe: 'How many operations it reaches.' }),
  old: optional(string({ maxLength: 20_000, describe: 'Where in the old document (RFC 6901).' })),
  new: optional(string({ maxLength: 20_000, describe: 'Where in the new document (RFC 6901).' })),
  sentence: string({ maxLength: 5000 }),
}
const findingSchema = object(findingShape)
export const breakingSchema = object({ ...findingShape, api: line(200, 'The API or version whose clients would break.') })
export const findingList = list(findingSchema, { max: FINDINGS_TOLD_MAX, describe: `Worst first, at most ${FINDINGS_TOLD_MAX}.` })

export const shownFinding = ({ rule, severity, operations, operationCount, old, new: now, sentence }: Finding): Infer<typeof findingSchema> => ({
  ...{ rule, severity, operationCount },
  operations: operations.map((each) => each.slice(0, 5000)),
  ...(old !== undefined && { old: old.slice(0, 20_000) }),
  ...(now !== undefined && { new: now.slice(0, 20_000) }),
  sentence: sentence.slice(0, 5000),
})

export type BreakingFinding = Infer<typeof breakingSchema>
export interface Breaking {
  /** Documents that are in use would become others: what was found holds for what was published when it was looked at. */
  readonly isCompared: boolean
  readonly findings: readonly BreakingFinding[]
}

const isAboutDocuments = ({ kind }: ProposedChange): boolean => kindNamed(kind)?.isText === true || kindNamed(kind)?.hasOpenapi === true

/** Previews promise nothing yet, and what is retired is served to nobody. */
export async function breakingChanges(plane: Plane, changes: readonly ProposedChange[]): Promise<Breaking> {
  if (!changes.some(isAboutDocuments)) return { isCompared: false, findings: [] }
  const { catalog } = plane.services
  await catalog.refresh()
  const nowMs = plane.nowMs()
  const promisesNothing = new Set<string>()
  for (const { api, schedule } of catalog.configuration.versions) if (['preview', 'retired'].includes(stateAt(schedule, nowMs))) promisesNothing.add(api)
  const after = catalog.documents(changes)
  const findings: BreakingFinding[] = []
  let isCompared = false
  for (const [api, old] of catalog.documents()) {
    const now = after.get(api)
    if (now === undefined || now === old || promisesNothing.has(api)) continue
    isCompared = true
    for (const each of compareDocuments(old.value, now.value, { nowMs }).findings) {
      if (each.severity !== 'breaking') break
      findings.push({ api, ...shownFinding(each) })
    }
  }
  return { isCompared, findings }
}
