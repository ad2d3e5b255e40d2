// People: who signs in to run Gatehouse, as they are kept, and how they are found.
import { collection, type Reading, type Writing } from '../ports/store.ts'
import { digestOf } from './secret-text.ts'

/** `invited` has not come yet; `suspended` cannot sign in; of the `erased` only the pseudonym is left, which the trail names. */
export type PersonState = 'invited' | 'active' | 'suspended' | 'erased'

export interface Person {
  /** `person_...`: a pseudonym. */
  readonly id: string
  /** Empty once erased, like `mail`. */
  readonly name: string
  readonly mail: string
  readonly roles: readonly string[]
  /** Names of teams; the directory says what they are. */
  readonly teams: readonly string[]
  readonly state: PersonState
  readonly createdAtMs: number
  /** The single sign-on provider whose claims say which roles this person has. Their roles are not changed here. */
  readonly rolesFrom?: string
  /** Counts what makes everything issued before void: a new password, a new role, signing out everywhere. */
  readonly epoch: number
}

export const PEOPLE = collection<Person>('person')
/** Whose mail address this is. Key: digest of the address as it is compared. */
const MAILS = collection<string>('person-mail')

const MAIL = /^[^\s@\p{Cc}<>"(),:;]{1,64}@[^\s@\p{Cc}<>"(),:;]{1,190}$/u
/** The address as it is kept, or undefined when it has not the form of one. */
export function readMail(text: string): string | undefined {
  const mail = text.normalize('NFC')
  return MAIL.test(mail) && mail.isWellFormed() ? mail : undefined
}
/** Case makes no difference: two people must not have addresses that only a machine can tell apart. */
const mailKey = (mail: string): string => digestOf(mail.normalize('NFKC').toLowerCase())

/** Written once for the directory's team names, roles and API names that a person or token lists. */
export const NAME_FORM = /^[a-z0-9][a-z0-9._-]{0,63}$/i

/** What a person is called: one line of 1 to 100 characters without controls. */
export const isPersonName = (text: string): boolean => /^\P{C}{1,100}$/u.test(text) && text.trim() === text

const ID = /^person_[A-Za-z0-9_-]{20}$/
export const getPerson = async (reading: Reading, id: string): Promise<Person | undefined> => (ID.test(id) ? reading.get(PEOPLE, id) : undefined)

export async function findPersonByMail(reading: Reading, mail: string): Promise<Person | undefined> {
  const id = await reading.get(MAILS, mailKey(mail))
  return id === undefined ? undefined : reading.get(PEOPLE, id)
}

/** Keeps the person and who has which address. The caller has seen that the address is free. */
export function putPerson(writing: Writing, person: Person, before?: Person): void {
  if (before && before.mail !== '' && before.mail !== person.mail) writing.remove(MAILS, mailKey(before.mail))
  if (person.mail !== '') writing.put(MAILS, mailKey(person.mail), person.id)
  writing.put(PEOPLE, person.id, person)
}
