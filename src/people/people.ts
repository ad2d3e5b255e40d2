// What operators do to people: invite, change, suspend, help back in, erase. Nobody gives what they do not hold, and an owner remains.
import { type Reading, SCAN_LIMIT_MAX, type Writing } from '../ports/store.ts'
import { PASSWORDS, removeSecondFactors } from './factors.ts'
import { EVERYTHING, findRole, grantsOf, type Holder, mayGrant } from './grants.ts'
import { dropLink, type IssuedLink, issueLink, type Reset } from './links.ts'
import { removeTokensOf } from './machine-tokens.ts'
import type { Moment } from './means.ts'
import { findPersonByMail, getPerson, isPersonName, NAME_FORM, type Person, putPerson, readMail } from './person.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { newId } from './secret-text.ts'
import { endSessions } from './sessions.ts'
import { findProvider } from './sso-provider.ts'
import { SSO_ACCOUNTS, SSO_OF_PERSON } from './sso-records.ts'
import { hasWayIn, isOwnerLeft, losesLastOwner } from './ways-in.ts'

export interface PersonInput {
  readonly name: string
  readonly mail: string
  readonly roles: readonly string[]
  readonly teams: readonly string[]
}
type InputRefusal = 'name-unreadable' | 'mail-unreadable' | 'mail-taken' | 'unknown-role' | 'team-unreadable' | 'more-than-you-hold'
export interface Invited {
  readonly person: Person
  readonly link: IssuedLink
}

/** A person who has not come yet, and the link that lets them in. */
export async function invitePerson(writing: Writing, at: Moment, holder: Holder, input: PersonInput): Promise<Invited | Refused<InputRefusal>> {
  const read = await readInput(writing, holder, input)
  if (isRefused(read)) return read
  const person: Person = { ...read, id: newId('person', at.random), state: 'invited', createdAtMs: at.nowMs, epoch: 0 }
  putPerson(writing, person)
  return { person, link: await issueLink(writing, at, person, holder.actor, []) }
}

/** The first owner, for who holds the admin token; refused as soon as an owner can sign in. Asked again, whoever was invited with that address before gets another link. */
export async function bootstrapOwner(
  writing: Writing,
  at: Moment,
  input: Pick<PersonInput, 'name' | 'mail'>,
): Promise<Invited | Refused<InputRefusal | 'owner-exists'>> {
  if (await isOwnerLeft(writing, {}, true)) return refuse('owner-exists')
  const holder: Holder = { actor: { kind: 'admin-token', id: 'admin-token' }, permissions: EVERYTHING, ownTeams: [] }
  const mail = readMail(input.mail)
  const known = mail === undefined ? undefined : await findPersonByMail(writing, mail)
  if (known?.state === 'invited' && known.roles.includes('owner')) return { person: known, link: await issueLink(writing, at, known, holder.actor, []) }
  return invitePerson(writing, at, holder, { ...input, roles: ['owner'], teams: [] })
}

async function readInput(reading: Reading, holder: Holder, input: PersonInput, before?: Person): Promise<PersonInput | Refused<InputRefusal>> {
  // Somebody who came by claims may have no address here; then none is asked for.
  const mail = input.mail === '' && before?.mail === '' ? '' : readMail(input.mail)
  if (!isPersonName(input.name)) return refuse('name-unreadable')
  if (mail === undefined) return refuse('mail-unreadable')
  const owner = mail === '' ? undefined : await findPersonByMail(reading, mail)
  if (owner && owner.id !== before?.id) return refuse('mail-taken')
  const roles = [...new Set(input.roles)]
  const teams = [...new Set(input.teams)]
  if (teams.length > 100 || !teams.every((team) => NAME_FORM.test(team))) return refuse('team-unreadable')
  if (roles.length > 50) return refuse('unknown-role')
  for (const role of roles) if (!(await findRole(reading, role))) return refuse('unknown-role')
  if (!mayGrant(holder, await grantsOf(reading, roles), teams)) return refuse('more-than-you-hold')
  return { name: input.name, mail, roles, teams }
}

type TargetRefusal = 'unknown-person' | 'more-than-you-hold'
/** The person, when the holder may do something to them: who holds more than the holder is not touched by them. */
async function target(reading: Reading, holder: Holder, id: string): Promise<Person | Refused<TargetRefusal>> {
  const person = await getPerson(reading, id)
  if (!person || person.state === 'erased') return refuse('unknown-person')
  return mayGrant(holder, await grantsOf(reading, person.roles), person.teams) ? person : refuse('more-than-you-hold')
}

/** Changes what is given. Other roles, teams or another address end the person's sessions and void their link: what these were for is not what they hold now. */
export async function changePerson(
  writing: Writing,
  holder: Holder,
  id: string,
  change: Partial<PersonInput>,
): Promise<Person | Refused<InputRefusal | TargetRefusal | 'last-owner' | 'roles-from-provider'>> {
  const before = await target(writing, holder, id)
  if (isRefused(before)) return before
  const { name = before.name, mail = before.mail, roles = before.roles, teams = before.teams } = change
  const provider = before.rolesFrom === undefined ? undefined : await findProvider(writing, before.rolesFrom)
  if (provider && (change.roles || change.teams)) return refuse('roles-from-provider')
  const read = await readInput(writing, holder, { name, mail, roles, teams }, before)
  if (isRefused(read)) return read
  if (!read.roles.includes('owner') && (await losesLastOwner(writing, { person: id }))) return refuse('last-owner')
  const hasNewRights = !sameNames(before.roles, read.roles) || !sameNames(before.teams, read.teams) || before.mail !== read.mail
  const { rolesFrom: _, ...rest } = before
  const person: Person = { ...rest, ...read, epoch: before.epoch + (hasNewRights ? 1 : 0), ...(provider && { rolesFrom: provider.name }) }
  putPerson(writing, person, before)
  if (hasNewRights) await endSessions(writing, id)
  // A link goes to an address, and whoever issued it held as much as its person did: with another address or more rights it would let in somebody else.
  if (hasNewRights) await dropLink(writing, id)
  return person
}
const sameNames = (a: readonly string[], b: readonly string[]): boolean => JSON.stringify(a.toSorted()) === JSON.stringify(b.toSorted())

/** Suspends: sessions end, tokens are refused, links are void. */
export async function suspendPerson(writing: Writing, holder: Holder, id: string): Promise<Person | Refused<TargetRefusal | 'last-owner'>> {
  const before = await target(writing, holder, id)
  if (isRefused(before)) return before
  if (await losesLastOwner(writing, { person: id })) return refuse('last-owner')
  const person: Person = { ...before, state: 'suspended', epoch: before.epoch + 1 }
  putPerson(writing, person, before)
  await endSessions(writing, id)
  await dropLink(writing, id)
  return person
}

/** Lets a suspended person sign in again, with what they had. Who has nothing to sign in with is as who was invited: to be helped in with a link. */
export async function reinstatePerson(writing: Writing, holder: Holder, id: string): Promise<Person | Refused<TargetRefusal | 'not-suspended'>> {
  const before = await target(writing, holder, id)
  if (isRefused(before)) return before
  if (before.state !== 'suspended') return refuse('not-suspended')
  const person: Person = { ...before, state: (await hasWayIn(writing, id)) ? 'active' : 'invited' }
  putPerson(writing, person, before)
  return person
}

/** A link for somebody who lost what they sign in with, or whose invitation ran out. It makes its bearer that person: only who holds as much may issue it. */
export async function issueRecovery(
  writing: Writing,
  at: Moment,
  holder: Holder,
  id: string,
  resets: readonly Reset[],
): Promise<Invited | Refused<TargetRefusal | 'suspended' | 'nothing-to-reset'>> {
  const person = await target(writing, holder, id)
  if (isRefused(person)) return person
  if (person.state === 'suspended') return refuse('suspended')
  if (person.state === 'active' && resets.length === 0) return refuse('nothing-to-reset')
  return { person, link: await issueLink(writing, at, person, holder.actor, person.state === 'active' ? resets : []) }
}

/** Forgets who somebody is. What is left is the pseudonym that the trail names, which is given to nobody else. */
export async function erasePerson(writing: Writing, holder: Holder, id: string): Promise<Person | Refused<TargetRefusal | 'last-owner'>> {
  const before = await target(writing, holder, id)
  if (isRefused(before)) return before
  if (await losesLastOwner(writing, { person: id })) return refuse('last-owner')
  return forgetPerson(writing, before)
}

/** What erasing takes away, from whoever it is. */
export async function forgetPerson(writing: Writing, before: Person): Promise<Person> {
  const { id } = before
  const { rolesFrom: _, ...rest } = before
  const person: Person = { ...rest, name: '', mail: '', roles: [], teams: [], state: 'erased', epoch: before.epoch + 1 }
  putPerson(writing, person, before)
  await endSessions(writing, id)
  await dropLink(writing, id)
  await removeTokensOf(writing, id)
  await removeSecondFactors(writing, id)
  writing.remove(PASSWORDS, id)
  for (const { key } of await writing.scan(SSO_OF_PERSON, { prefix: `${id}/`, limit: SCAN_LIMIT_MAX })) {
    writing.remove(SSO_ACCOUNTS, key.slice(id.length + 1))
    writing.remove(SSO_OF_PERSON, key)
  }
  return person
}

/** Ends every session of a person, and forgets the devices. */
export async function signOutEverywhere(writing: Writing, personId: string): Promise<number> {
  const person = await getPerson(writing, personId)
  if (!person) return 0
  putPerson(writing, { ...person, epoch: person.epoch + 1 }, person)
  return endSessions(writing, personId)
}
