// Teams: who answers for APIs and consumers, and where they want to be told.
import type { Reading, Writing } from '../ports/store.ts'
import { contactsFault, type Invalid, nameFault, textFault } from './checks.ts'
import { type Act, type Contact, consumersByTeam, type Refused, refused, type Team, teams } from './records.ts'

export interface TeamFields {
  readonly title: string
  readonly contacts: readonly Contact[]
}
type Unknown = Refused<'unknown-team'>
const unknown = (): Unknown => refused('unknown-team', 'There is no team of that name.')

export async function createTeam(writing: Writing, { nowMs }: Act, name: string, fields: TeamFields): Promise<Team | Invalid | Refused<'name-taken'>> {
  const fault = nameFault(name, 'team') ?? fieldsFault(fields)
  if (fault) return fault
  if (await writing.get(teams, name)) return refused('name-taken', 'There is a team of that name already.')
  const team: Team = { name, ...pick(fields), createdMs: nowMs, revision: 1 }
  writing.put(teams, name, team)
  return team
}

export const getTeam = (reading: Reading, name: string): Promise<Team | undefined> => (nameFault(name, 'team') ? nothing : reading.get(teams, name))
const nothing = Promise.resolve(undefined)

/** What is not given stays as it is. */
export async function updateTeam(writing: Writing, name: string, change: Partial<TeamFields>): Promise<Team | Invalid | Unknown> {
  const before = await getTeam(writing, name)
  if (before === undefined) return unknown()
  const fields = pick({ ...before, ...change })
  const fault = fieldsFault(fields)
  if (fault) return fault
  const team = { ...before, ...fields, revision: before.revision + 1 }
  writing.put(teams, name, team)
  return team
}

export async function removeTeam(writing: Writing, name: string): Promise<Team | Unknown | Refused<'team-in-use'>> {
  const team = await getTeam(writing, name)
  if (team === undefined) return unknown()
  if ((await writing.scan(consumersByTeam, { prefix: `${name}/`, limit: 1 })).length > 0)
    return refused('team-in-use', 'The team answers for consumers: give them another first.')
  writing.remove(teams, name)
  return team
}

const fieldsFault = ({ title, contacts }: TeamFields): Invalid | undefined => textFault(title, 'title') ?? contactsFault(contacts)
const pick = ({ title, contacts }: TeamFields): TeamFields => ({ title, contacts })
