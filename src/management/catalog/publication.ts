// Publishing as an operator does it: the proposal goes through the room's own transactions, and its refusals become those of the API.

import type { Infer } from '../../base/schema.ts'
import { boolean, integer, list, object, optional } from '../../base/schema.ts'
import type { Proposal } from '../../catalog/revisions/publish.ts'
import type { Revision } from '../../catalog/revisions/records.ts'
import { readHead } from '../../catalog/revisions/state.ts'
import { type Operator, reachOf } from '../../model/operator.ts'
import type { Reading } from '../../ports/store.ts'
import { type Call, type Done, done, type Outcome, type Refused, refused, type Within } from '../operation.ts'
import { line, moment, momentOf } from '../texts.ts'
import { type Breaking, breakingChanges, FINDINGS_TOLD_MAX } from './breaking-changes.ts'
import { refusedPublish } from './publication-refusals.ts'
import { approverCheck, type Referring, secretsOfChanges, secretsOfDraft, ungrantedSecrets } from './rights.ts'
import { actorShape, etagText, messageText, ownerWord, revisionNumber, shownActor } from './shapes.ts'
import { takenConsumers } from './taken-consumers.ts'

const leftSchema = object({
  kind: line(100, 'The kind of object.'),
  name: line(200, 'Its name.'),
  why: line(40, '`file-owned`: the file says otherwise. `ended`: its time is over. `never-restored`: its kind stays.'),
})
export const revisionShape = {
  number: revisionNumber,
  parent: revisionNumber,
  author: actorShape,
  coauthors: list(actorShape, { max: 10_000 }),
  approvers: list(actorShape, { max: 100 }),
  at: moment('When it was published.'),
  message: { ...messageText, read: (value: unknown) => value as string },
  source: ownerWord,
  changes: integer({ min: 0, max: 1_000_000, describe: 'How many objects changed.' }),
  digest: etagText('Over all that the console owns from then on.'),
  fileDigest: etagText('Over all that the file owns from then on.'),
  rollsBackTo: optional(revisionNumber),
  left: optional(list(leftSchema, { max: 1_000_000, describe: 'What a rollback left as it was, and why.' })),
}
export const revisionSchema = object(revisionShape)

export const shownRevision = ({ rollback, atMs, ...revision }: Revision): Infer<typeof revisionSchema> => ({
  ...revision,
  author: shownActor(revision.author),
  coauthors: revision.coauthors.map(shownActor),
  approvers: revision.approvers.map(shownActor),
  at: momentOf(atMs),
  ...(rollback && { rollsBackTo: rollback.to, left: rollback.left.map(({ kind, name, why }) => ({ kind, name, why })) }),
})

/** Whoever looked and was let through looked at this revision; another one since then may have given what they touch to others. */
class LookedAtAnother extends Error {}
/** A secret was taken from whoever refers to it while the rest was looked at. */
class NotGranted extends Error {
  readonly refusal: Refused
  constructor(refusal: Refused) {
    super('not granted')
    this.refusal = refusal
  }
}

/**
 * Publishes what `look` proposes: it sees the store and judges the operator upon it. When others publish between that and the revision, it looks anew,
 * so that what was judged is what is published upon. `gate`: what would break clients is refused unless they say that they mean it.
 */
export async function publishAs<O>(
  call: Pick<Call, 'operator' | 'plane'>,
  look: (reading: Reading) => Promise<Proposal | Refused>,
  within: Within,
  answered: (revision: Revision) => Done<O>,
  gate?: { readonly acceptBreaking: boolean },
): Promise<Outcome<O>> {
  const { operator, plane } = call
  const { catalog } = plane.services
  // Who reaches everything reaches it however it changes.
  const isWhole = (['apis:publish', 'catalog:write'] as const).every((each) => reachOf(operator, each) === 'all')
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const looked = await plane.store.read(async (reading) => {
      const proposal = await look(reading)
      if (!('changes' in proposal)) return proposal
      const referring = await referringOf(reading, operator, proposal)
      const refusal = await notGranted(reading, call, referring)
      if (refusal) return refusal
      const faults = await takenConsumers(reading, proposal.changes)
      return faults.length > 0 ? refusedPublish({ refused: 'invalid', faults }) : { proposal, referring, upon: (await readHead(reading)).revision }
    })
    if (!('proposal' in looked)) return looked
    const { proposal, referring, upon } = looked
    const { isCompared, findings } = gate ? await breakingChanges(plane, proposal.changes) : NOTHING_BREAKS
    if (findings.length > 0 && !gate?.acceptBreaking)
      return refused('breaking-changes', { more: { findings: findings.slice(0, FINDINGS_TOLD_MAX), findingCount: findings.length } })
    const answer = (revision: Revision): Done<O> => {
      const made = answered(revision)
      const broken = findings.length > 0 && { acceptedBreaking: findings.length, brokenApis: brokenApis(findings) }
      return { ...made, detail: { ...made.detail, ...(proposal.draft && { draft: proposal.draft.id }), ...broken } }
    }
    try {
      const outcome = await catalog.publish(proposal, {
        mayApprove: approverCheck(plane, proposal.changes),
        within: async (writing, revision) => {
          if ((!isWhole || isCompared) && revision.parent !== upon) throw new LookedAtAnother()
          const refusal = await notGranted(writing, call, referring)
          if (refusal) throw new NotGranted(refusal)
          if ((await takenConsumers(writing, proposal.changes)).length > 0) throw new LookedAtAnother()
          await within(writing, answer(revision))
        },
      })
      if (!('refused' in outcome)) return answer(outcome)
      // Upon the newest revision there is no conflict, except with who was faster by a moment.
      const isMoment = outcome.refused === 'busy' || (outcome.refused === 'conflict' && proposal.base === upon)
      if (!isMoment) return refusedPublish(outcome)
    } catch (cause) {
      if (cause instanceof NotGranted) return cause.refusal
      if (!(cause instanceof LookedAtAnother)) throw cause
    }
  }
  return refused('unavailable', { detail: 'Others publish all the time. Nothing was changed.', retryAfterMs: 1000 })
}
const ATTEMPTS = 10

/** A draft's objects are answered for by who wrote each; a rollback sends nothing where it was not sent before. */
async function referringOf(reading: Reading, { actor }: Operator, { draft, rollback, changes }: Proposal): Promise<readonly Referring[]> {
  if (draft) return secretsOfDraft(reading, draft)
  return rollback ? [] : [secretsOfChanges(actor, changes)]
}
async function notGranted(reading: Reading, call: Pick<Call, 'operator' | 'plane'>, referring: readonly Referring[]): Promise<Refused | undefined> {
  const secrets = await ungrantedSecrets(reading, call, referring)
  return secrets.length > 0 ? refused('not-granted', { more: { secrets } }) : undefined
}
const NOTHING_BREAKS: Breaking = { isCompared: false, findings: [] }
const brokenApis = (findings: Breaking['findings']): readonly string[] => [...new Set(findings.map(({ api }) => api))].slice(0, 100)

/** In the body of what publishes. */
export const acceptBreaking = optional(
  boolean('Publishes although clients of an API that is in use would break. That you accepted it stands in the trail.'),
  false,
)

export const answeredRevision = (revision: Revision): Done<Infer<typeof revisionSchema>> =>
  done(shownRevision(revision), {
    etag: revision.digest,
    object: { kind: 'revision', name: String(revision.number) },
    detail: { changes: revision.changes, ...(revision.rollback && { rollsBackTo: revision.rollback.to }) },
  })
