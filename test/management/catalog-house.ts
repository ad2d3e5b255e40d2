// Drafts and revisions for tests of the management API, made by the room itself: what an operation is asked about must be there first.
import assert from 'node:assert/strict'
import { approve } from '../../src/catalog/revisions/approvals.ts'
import type { ProposedChange } from '../../src/catalog/revisions/commit.ts'
import { openDraft } from '../../src/catalog/revisions/drafts.ts'
import { pruneRevisions } from '../../src/catalog/revisions/pruning.ts'
import { proposalOf } from '../../src/catalog/revisions/publish.ts'
import type { Draft, Revision } from '../../src/catalog/revisions/records.ts'
import { PEOPLE_ONLY, PERMISSIONS } from '../../src/model/permissions.ts'
import { EVERYTHING } from '../../src/people/grants.ts'
import { mintToken } from '../../src/people/machine-tokens.ts'
import { momentOf } from '../../src/people/means.ts'
import type { PersonName, World } from './world.ts'

export const api = (name: string, owner: string, more: object = {}): ProposedChange => ({
  kind: 'api',
  name,
  value: { path: `/${name}`, upstream: `http://${name}.example`, public: true, owner, ...more },
})
export const openapi = (name: string): ProposedChange => ({
  kind: 'document',
  name,
  value: `openapi: 3.1.0\ninfo: { title: ${name}, version: "1" }\npaths: { /a: { get: { responses: {} } } }\n`,
})
/** An API with two documents' worth of a past: as it is published, and as it would break whoever calls `/b`. */
export const promised = (name: string, owner: string): readonly ProposedChange[] => [
  documented(name, '/a', '/b'),
  api(name, owner, { openapi: `document:${name}` }),
]
export const broken = (name: string): ProposedChange => documented(name, '/a')
export const documented = (name: string, ...paths: readonly string[]): ProposedChange => ({
  kind: 'document',
  name,
  value: `openapi: 3.1.0\ninfo: { title: ${name}, version: "1" }\npaths: { ${paths.map((path) => `${path}: { get: { responses: {} } }`).join(', ')} }\n`,
})
export const anyState = { 'if-match': '*' }

let drafts = 0
/** By somebody whom no operation is asked as, unless said otherwise. */
export async function draftOf(world: World, changes: readonly ProposedChange[], author: PersonName = 'viewer', message = 'a change'): Promise<Draft> {
  const id = `draft_${String(drafts++).padStart(20, '0')}`
  const draft = await world.store.write((writing) =>
    openDraft(writing, { id, author: { kind: 'person', id: world.personId(author) }, message, nowMs: world.plane.nowMs(), changes }),
  )
  assert.ok(!('refused' in draft), JSON.stringify(draft))
  return draft
}

export async function approveAs(world: World, draft: Draft, by: PersonName): Promise<void> {
  const outcome = await world.store.write((writing) => approve(writing, draft.id, { kind: 'person', id: world.personId(by) }, draft.digest, 1))
  assert.ok(!('refused' in outcome), JSON.stringify(outcome))
}

/** Published with an administrator's approval, whether or not one is asked for. */
export async function published(world: World, ...changes: readonly ProposedChange[]): Promise<Revision> {
  const draft = await draftOf(world, changes)
  await approveAs(world, draft, 'administrator')
  const proposal = await world.store.read((reading) => proposalOf(reading, draft.id, draft.digest))
  assert.ok('changes' in proposal)
  const outcome = await world.catalog.publish(proposal, { mayApprove: () => true })
  assert.ok('number' in outcome, JSON.stringify(outcome))
  return outcome
}

/** The header of a machine token that may do all of the owner's that a token may, but these. */
export async function tokenWithout(world: World, ...denied: readonly string[]): Promise<{ readonly authorization: string }> {
  const { people } = world.plane.services
  const at = momentOf(people)
  const holder = { actor: { kind: 'person', id: world.personId('owner') }, permissions: EVERYTHING, ownTeams: [], recentAuth: true } as const
  const permissions = PERMISSIONS.filter((each) => !PEOPLE_ONLY.has(each) && !denied.includes(each))
  const minted = await world.store.write((writing) =>
    mintToken(writing, at, people.key, holder, { name: 'some', permissions, expiresAtMs: at.nowMs + 86_400_000 }),
  )
  assert.ok('secret' in minted)
  return { authorization: `Bearer ${minted.secret}` }
}

export async function tooManyDrafts(world: World): Promise<void> {
  for (let i = 0; i < 200; i++) await draftOf(world, [])
}
export const fullDraft = (world: World): Promise<Draft> =>
  draftOf(
    world,
    Array.from({ length: 20_000 }, (_, i) => ({ kind: 'address-list', name: `list${i}`, value: ['203.0.113.1'] })),
  )

/** Everything but the live revision, as upkeep would after a long time. */
export async function pruned(world: World): Promise<void> {
  await world.catalog.beat()
  assert.ok(await pruneRevisions(world.store, { for: 0, newest: 1 }, world.plane.nowMs(), async () => {}))
}
