// Teams: who answers for APIs and consumers, and where they want to be told.
import type { Reading, Writing } from '../ports/store.ts'
import { contactsFault, type Invalid, membersFault, nameFault, textFault } from './checks.ts'
import { type Act, type Contact, consumersByTeam, PAGE, type Page, type PageRequest, type Refused, refused, type Team, teams } from './records.ts'

export interface TeamFields {
  readonly title: string
  readonly members: readonly string[]
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

export async function listTeams(reading: Reading, page: PageRequest = PAGE): Promise<Page<Team>> {
  const found = await reading.scan(teams, page)
  return { items: found.map(({ value }) => value), ...(found.length === page.limit && { next: found.at(-1)!.key }) }
}

/** The names of the teams that a person is a member of. There are few teams: each is looked at. */
export async function teamsOf(reading: Reading, person: string): Promise<readonly string[]> {
  const names: string[] = []
  let after: string | undefined
  for (;;) {
    const { items, next } = await listTeams(reading, { limit: 1000, ...(after !== undefined && { after }) })
    for (const { name, members } of items) if (members.includes(person)) names.push(name)
    if (next === undefined) return names
    after = next
  }
}

/** Members that are not given stay as they are. */
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

const fieldsFault = ({ title, members, contacts }: TeamFields): Invalid | undefined =>
  textFault(title, 'title') ?? membersFault(members) ?? contactsFault(contacts)
const pick = ({ title, members, contacts }: TeamFields): TeamFields => ({ title, members, contacts })
