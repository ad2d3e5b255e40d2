// What texts of the directory may be: checked where they come in, whoever brings them.
import { NAME, NAME_MEANS } from '../model/names.ts'
import { type Contact, type Refused, refused, type Subscription } from './records.ts'

export const CONTACTS_MAX = 20
export const SUBSCRIPTIONS_MAX = 500

/** Visible text of one line: no control characters, no separators of lines, no halves of characters. */
const TEXT = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}]{0,200}$/u
/** RFC 5321 4.1.2 narrowed to what people use: no quotes, no comments, no line ends. */
const MAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/

export type Invalid = Refused<'invalid'>
const invalid = (says: string): Invalid => refused('invalid', says)

export const nameFault = (name: string, what: string): Invalid | undefined =>
  NAME.test(name) ? undefined : invalid(`The name of a ${what} has ${NAME_MEANS}.`)
export const textFault = (text: string, what: string): Invalid | undefined =>
  TEXT.test(text) ? undefined : invalid(`The ${what} is one line of at most 200 characters.`)

export function contactsFault(contacts: readonly Contact[]): Invalid | undefined {
  if (contacts.length > CONTACTS_MAX) return invalid(`A team has at most ${CONTACTS_MAX} contacts.`)
  return contacts.every(isContact) ? undefined : invalid('A contact is a mail address, or the http or https URL of a webhook without a user name in it.')
}
function isContact(contact: Contact): boolean {
  if (contact.kind === 'mail') return contact.address.length <= 254 && MAIL.test(contact.address)
  if (contact.url.length > 2000 || !URL.canParse(contact.url)) return false
  const { protocol, username, password } = new URL(contact.url)
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === ''
}

export function subscriptionsFault(subscriptions: { readonly [api: string]: Subscription }): Invalid | undefined {
  const entries = Object.entries(subscriptions)
  if (entries.length > SUBSCRIPTIONS_MAX) return invalid(`A consumer has at most ${SUBSCRIPTIONS_MAX} subscriptions.`)
  for (const [api, { plan, state }] of entries) {
    const fault = nameFault(api, 'API') ?? (plan === undefined ? undefined : nameFault(plan, 'plan'))
    if (fault) return fault
    if (state !== 'active' && state !== 'pending' && state !== 'suspended') return invalid('A subscription is pending, active or suspended.')
  }
  return undefined
}

/** A moment of the far future is a slip of the keyboard; one of the past is refused where it makes no sense. */
export const isMoment = (ms: number): boolean => Number.isSafeInteger(ms) && ms > 0 && ms < 253_402_300_800_000
