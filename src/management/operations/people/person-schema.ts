// How a person is told, and what is told of whoever may change one.
import { checked, type Infer, list, object, oneOf, optional, type Schema, string } from '../../../base/schema.ts'
import type { Holder } from '../../../people/grants.ts'
import { getPerson, type Person, readMail } from '../../../people/person.ts'
import { isRefused, type Refused as RoomRefusal } from '../../../people/refusal.ts'
import type { Reading, Writing } from '../../../ports/store.ts'
import { type Call, type Done, done, etagOf, isRefused as isNo, type RefusalDeclaration, type Refused, refused } from '../../operation.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'
import { namedText } from '../account/account-schema.ts'

export const personId = string({
  pattern: /^person_[A-Za-z0-9_-]{20}$/,
  maxLength: 27,
  means: 'the id of a person',
  describe: 'The person’s pseudonym, by which the trail names them.',
})
export const roleName: Schema<string> = string({ pattern: /^[a-z][a-z0-9-]{0,63}$/, maxLength: 64, means: 'the name of a role', describe: 'A role.' })
const mailText = (describe: string): Schema<string> =>
  checked(line(255, describe), (text) => (readMail(text) === undefined ? { code: 'bad-value', message: 'this is no mail address' } : undefined))

export const personInput = {
  name: namedText('What they are called.'),
  mail: mailText('Their mail address. Nothing is sent to it by this.'),
  roles: list(roleName, { max: 50, describe: 'Their roles.' }),
  teams: list(nameText('A team.'), { max: 100, describe: 'The teams whose APIs are theirs.' }),
}

export const personSchema = object({
  id: personId,
  name: line(100, 'What they are called.'),
  mail: line(255, 'Their mail address; empty when none is known.'),
  roles: list(roleName, { max: 50 }),
  teams: list(nameText('A team.'), { max: 100 }),
  state: oneOf(['invited', 'active', 'suspended'], 'Whether they can sign in.'),
  created: moment('When they were invited.'),
  rolesFrom: optional(nameText('The provider whose claims say which roles they have.')),
})
export type PersonShown = Infer<typeof personSchema>

export function shownPerson(person: Person): PersonShown {
  const { id, name, mail, roles, teams, state, createdAtMs, rolesFrom } = person
  return {
    ...{ id, name, mail, roles: [...roles], teams: [...teams], state: state as PersonShown['state'], created: momentOf(createdAtMs) },
    ...(rolesFrom !== undefined && { rolesFrom }),
  }
}
export const personEtag = (person: Person): string => etagOf(shownPerson(person))

/** The person, when the caller changes the state that they saw. */
export async function guardedPerson(call: { guard(etag: string): Refused | undefined }, reading: Reading, id: string): Promise<Person | Refused> {
  const person = await getPerson(reading, id)
  if (!person || person.state === 'erased') return refused('unknown')
  return call.guard(personEtag(person)) ?? person
}

/** Does something to a person whose state the caller saw, as far as the room lets them. */
export const toPerson =
  (act: (writing: Writing, holder: Holder, id: string) => Promise<Person | RoomRefusal<string>>) =>
  async (call: Call<{ readonly person: string }, unknown, unknown>, writing: Writing): Promise<Done<PersonShown> | Refused> => {
    const before = await guardedPerson(call, writing, call.parameters.person)
    if (isNo(before)) return before
    const person = await act(writing, call.operator, before.id)
    return isRefused(person) ? refused(person.refused) : done(shownPerson(person), { etag: personEtag(person) })
  }

export const MORE_THAN_YOU_HOLD: RefusalDeclaration = {
  status: 403,
  says: 'That is more than you hold yourself.',
  mend: 'Nobody gives what they do not have, or changes who holds more than they do. Ask an owner.',
}
export const LAST_OWNER: RefusalDeclaration = { status: 409, says: 'No owner who can sign in would be left.', mend: 'Make somebody else an owner first.' }
export const MAIL_TAKEN: RefusalDeclaration = { status: 409, says: 'Somebody has this mail address already.', mend: 'Look for that person among the people.' }
export const UNKNOWN_ROLE: RefusalDeclaration = { status: 422, says: 'There is no role of that name.', mend: 'Look at the roles.' }

export const linkSecret = string({ pattern: /^[A-Za-z0-9_-]{43}$/, maxLength: 43, describe: 'The link’s secret. It is in this answer and nowhere else.' })
export const invitedSchema = object({ person: personSchema, secret: linkSecret, expires: moment('Until then it is good, once.') })
