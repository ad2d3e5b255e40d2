// How a team is told and taken.
import { type Infer, list, object, oneOf, optional } from '../../../base/schema.ts'
import { CONTACTS_MAX } from '../../../directory/checks.ts'
import type { Contact, Team } from '../../../directory/records.ts'
import { type Operator, reachOf } from '../../../model/operator.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'

export const teamName = nameText('The team’s name.')
export const teamParameters = object({ team: teamName })
const contact = object({
  kind: oneOf(['mail', 'webhook'], 'How it is told.'),
  to: line(2000, 'The mail address, or the URL of the webhook.'),
})
export const teamFields = {
  title: optional(line(200, 'What people call it.'), ''),
  contacts: optional(list(contact, { max: CONTACTS_MAX, describe: 'Where it wants to be told of what concerns its consumers.' }), []),
}
export const teamSchema = object({ name: teamName, ...teamFields, created: moment('When it was made.') })
export type TeamShown = Infer<typeof teamSchema>

export const contactsOf = (given: readonly Infer<typeof contact>[]): readonly Contact[] =>
  given.map(({ kind, to }) => (kind === 'mail' ? { kind, address: to } : { kind, url: to }))

export const shownTeam = ({ name, title, contacts, createdMs }: Team): TeamShown => ({
  name,
  title,
  contacts: contacts.map((each) => ({ kind: each.kind, to: each.kind === 'mail' ? each.address : each.url })),
  created: momentOf(createdMs),
})

/** Whoever may read teams reads all, or only those they belong to. What was made for some APIs reads none: a team has more of them. */
export const maySee = (operator: Operator, team: string): boolean =>
  reachOf(operator, 'teams:read') === 'all' || (operator.apis === undefined && operator.ownTeams.includes(team))
