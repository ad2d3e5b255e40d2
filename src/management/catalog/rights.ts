// What the catalog asks of an operator besides reach: secrets that were granted to them, and approvers who still may.

import { members } from '../../catalog/reading/members.ts'
import type { ProposedChange } from '../../catalog/revisions/commit.ts'
import { secretNames } from '../../catalog/revisions/console-checks.ts'
import type { PublishOptions } from '../../catalog/revisions/publish.ts'
import { DRAFT_CHANGES, type Draft } from '../../catalog/revisions/records.ts'
import { apiOf } from '../../model/names.ts'
import { type Operator, reachOf } from '../../model/operator.ts'
import type { Actor } from '../../model/trail-event.ts'
import { isAdminTokenOn } from '../../people/admin-token-switch.ts'
import { EVERYTHING, grantsOf } from '../../people/grants.ts'
import { TOKENS } from '../../people/machine-tokens.ts'
import { getPerson } from '../../people/person.ts'
import { everyEntry, type Reading } from '../../ports/store.ts'
import { secretInfo } from '../../secrets/named-secrets.ts'
import type { Call } from '../operation.ts'
import type { Plane } from '../plane.ts'
import { mayApproveApis } from './reach.ts'

/** Secrets that somebody's objects refer to. */
export interface Referring {
  readonly by: Actor
  readonly names: readonly string[]
}

export const secretsOfChanges = (by: Actor, changes: readonly ProposedChange[]): Referring => ({ by, names: secretNames(changes.map(({ value }) => value)) })

/** By whoever wrote each object. What a draft brings back of an earlier revision sends nothing where it was not sent before: it is nobody's to answer for. */
export async function secretsOfDraft(reading: Reading, draft: Draft): Promise<readonly Referring[]> {
  const byWriter = new Map<string, { by: Actor; names: Set<string> }>()
  for await (const { value: change } of everyEntry(reading, DRAFT_CHANGES, `${draft.id}/`)) {
    const by = change.by ?? (draft.rollback ? undefined : draft.author)
    if (by === undefined || !change.stored || !('value' in change.stored)) continue
    const key = `${by.kind}:${by.id}`
    const known = byWriter.get(key) ?? { by, names: new Set() }
    for (const name of secretNames([change.stored.value])) known.names.add(name)
    byWriter.set(key, known)
  }
  return [...byWriter.values()].map(({ by, names }) => ({ by, names: [...names] }))
}

/**
 * The secrets among these that whoever refers to them is not granted now; one that does not exist is told alike. Whoever keeps a reference and changes
 * where it is sent would read the secret, so it does not matter who wrote it first. Who may grant secrets needs no grant. `asker`: who asks, as they are.
 */
export async function ungrantedSecrets(
  reading: Reading,
  { operator: asker, plane }: Pick<Call, 'operator' | 'plane'>,
  referring: readonly Referring[],
): Promise<readonly string[]> {
  const missing = new Set<string>()
  for (const { by, names } of referring) {
    if (names.length === 0) continue
    const isAsker = by.kind === asker.actor.kind && by.id === asker.actor.id
    const writer = isAsker ? asker : await operatorNow(reading, by, plane.nowMs())
    if (writer && reachOf(writer, 'secrets:write') === 'all') continue
    for (const name of names) {
      const granted = writer && (await secretInfo(reading, name))?.granted
      if (!granted?.people.includes(writer!.actor.id) && !granted?.teams.some((team) => writer!.ownTeams.includes(team))) missing.add(name)
    }
  }
  return [...missing].sort()
}

/** What somebody may who is not asking: by their account as it is now. Undefined: nothing any more. */
async function operatorNow(reading: Reading, { kind, id }: Actor, nowMs: number): Promise<Operator | undefined> {
  const actor = { kind, id }
  if (kind === 'admin-token') return (await isAdminTokenOn(reading)) ? { actor, permissions: EVERYTHING, ownTeams: [], recentAuth: false } : undefined
  // A token's secrets are those of its own grants and of its person's teams; over, it has none.
  const token = kind === 'token' ? await reading.get(TOKENS, id) : undefined
  const isOver = token === undefined || token.revokedAtMs !== undefined || token.expiresAtMs <= nowMs
  const personId = kind === 'person' ? id : isOver ? undefined : token.personId
  const person = personId === undefined ? undefined : await getPerson(reading, personId)
  if (person?.state !== 'active') return undefined
  const held = await grantsOf(reading, person.roles)
  const permissions = token ? new Map([...held].filter(([permission]) => token.permissions.includes(permission))) : held
  return { actor, permissions, ownTeams: person.teams, ...(token?.apis && { apis: token.apis }), recentAuth: false }
}

/** Whether an approver may approve now: their account, roles and teams are looked up in the transaction that counts them. */
export function approverCheck(plane: Plane, changes: readonly ProposedChange[]): PublishOptions['mayApprove'] {
  const ownersOf = (api: string): readonly (string | undefined)[] => {
    const { configuration } = plane.services.catalog
    const isServed = configuration.snapshot.apis.some(({ name }) => apiOf(name) === api)
    const after = changes.filter(({ kind, name, value }) => kind === 'api' && name === api && value !== undefined)
    const owners = after.map(({ value }) => members<'owner'>(value).owner).map((owner) => (typeof owner === 'string' ? owner : undefined))
    // An API that is nobody's is approved by who approves for all.
    return isServed || owners.length === 0 ? [plane.ownerOf(api), ...owners] : owners
  }
  return async (reading, { id }, apis) => {
    const approver = await operatorNow(reading, { kind: 'person', id }, plane.nowMs())
    return approver !== undefined && mayApproveApis(approver, apis, ownersOf)
  }
}
