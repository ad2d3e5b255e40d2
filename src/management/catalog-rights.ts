// What the catalog asks of an operator besides reach: secrets that were granted to them, and approvers who still may.

import { members } from '../catalog/reading/members.ts'
import type { ProposedChange } from '../catalog/revisions/commit.ts'
import { secretNames } from '../catalog/revisions/console-checks.ts'
import type { PublishOptions } from '../catalog/revisions/publish.ts'
import { apiOf } from '../model/names.ts'
import { type Operator, reachOf } from '../model/operator.ts'
import { grantsOf } from '../people/grants.ts'
import { getPerson } from '../people/person.ts'
import type { Reading } from '../ports/store.ts'
import { secretInfo } from '../secrets/named-secrets.ts'
import { mayApproveApis } from './catalog-reach.ts'
import type { Plane } from './plane.ts'

/**
 * The secrets that these values refer to and their author was not granted; one that does not exist is told alike. Whoever keeps a reference and changes
 * where it is sent would read the secret, so it does not matter who wrote it first. Who may grant secrets needs no grant.
 */
export async function ungrantedSecrets(reading: Reading, operator: Operator, changes: readonly ProposedChange[]): Promise<readonly string[]> {
  if (reachOf(operator, 'secrets:write') === 'all') return []
  const missing: string[] = []
  for (const name of secretNames(changes.map(({ value }) => value))) {
    const granted = (await secretInfo(reading, name))?.granted
    if (!granted?.people.includes(operator.actor.id) && !granted?.teams.some((team) => operator.ownTeams.includes(team))) missing.push(name)
  }
  return missing
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
    const person = await getPerson(reading, id)
    if (person?.state !== 'active') return false
    const permissions = await grantsOf(reading, person.roles)
    const approver: Operator = { actor: { kind: 'person', id }, permissions, ownTeams: person.teams, recentAuth: false }
    return mayApproveApis(approver, apis, ownersOf)
  }
}
