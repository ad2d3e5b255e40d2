// What templates may name of an exchange: each name with the function that reads it, found once at load.
import { suggestion } from '../../base/fault.ts'
import {
  type FieldName,
  fieldName,
  HOP_BY_HOP,
  HOST,
  identify,
  OTHER,
  RESERVED,
  X_FORWARDED_FOR,
  X_FORWARDED_PROTO,
  X_REQUEST_ID,
} from '../../http/field-names.ts'
import type { Exchange } from '../exchange.ts'
import { Principal, type Slot } from '../slots.ts'
import { asOctets, percentDecoded } from './percent-encoding.ts'

/** The part of a response that templates read. */
export interface Answered {
  readonly status: number
  all(name: FieldName): readonly string[]
}
/** Answers octets, one character each; undefined or '' where there is nothing. `answer` is there only for values of a response. */
export type ReadValue = (x: Exchange, answer: Answered | undefined) => string | undefined

export interface ExchangeValue {
  readonly read: ReadValue
  /** The slot that must have been written. */
  readonly slot?: Slot<unknown>
  /** The request field that it depends on, for `Vary`. */
  readonly field?: string
  /** It tells one caller from another in a way that no cache knows. */
  readonly personal?: true
  /** It may be a secret: never for what a client gets back. */
  readonly secret?: true
  readonly ofResponse?: true
}
export interface ValueFault {
  readonly code: string
  readonly message: string
}

const PLAIN: Readonly<Record<string, ExchangeValue>> = {
  'request.method': { read: (x) => x.method },
  'request.path': { read: (x) => x.path },
  'request.host': { read: ({ head }) => head.host },
  'request.id': { read: (x) => x.requestId },
  api: { read: (x) => x.api },
  operation: { read: (x) => asOctets(x.operation) },
  consumer: { read: (x) => x.get(Principal)?.consumer, slot: Principal, personal: true },
  'principal.credential': { read: (x) => x.get(Principal)?.credential, slot: Principal, personal: true },
  'principal.by': { read: (x) => x.get(Principal)?.by, slot: Principal, personal: true },
  'client.address': { read: (x) => x.address.text, personal: true },
  'response.status': { read: (_x, answer) => String(answer!.status), ofResponse: true },
}
const FAMILIES = ['request.header.', 'request.query.', 'response.header.'] as const
const KNOWN = [...Object.keys(PLAIN), ...FAMILIES.map((family) => `${family}NAME`)]

/** The value of that name, or what is wrong with it. */
export function exchangeValue(name: string, ofResponse: boolean): ExchangeValue | ValueFault {
  const family = FAMILIES.find((each) => name.startsWith(each))
  const known = Object.hasOwn(PLAIN, name) ? PLAIN[name]! : family === undefined ? undefined : memberOf(family, name.slice(family.length))
  if (known === undefined) {
    const shown = name.slice(0, 60)
    const near = suggestion(shown, [...Object.keys(PLAIN), ...FAMILIES.map((each) => each.slice(0, -1))])
    return { code: 'unknown-value', message: `there is no \${${shown}}${near.startsWith('; did') ? near : `; known: ${KNOWN.join(', ')}`}` }
  }
  if ('code' in known) return known
  if (known.ofResponse && !ofResponse) return { code: 'contradiction', message: `\${${name}} is not known yet: there is no response at this point` }
  return known
}
export const isValueFault = (value: ExchangeValue | ValueFault): value is ValueFault => 'code' in value

function memberOf(family: (typeof FAMILIES)[number], name: string): ExchangeValue | ValueFault {
  if (family === 'request.query.') {
    return /^[\w.~[\]-]{1,100}$/.test(name)
      ? { read: (x) => queryValue(x.query, name) }
      : { code: 'bad-value', message: `\${${family}${name.slice(0, 40)}} names no parameter: letters, digits and . _ ~ - [ ]` }
  }
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/.test(name)) return { code: 'bad-value', message: `\${${family}${name.slice(0, 40)}} names no field` }
  const field = fieldName(name)
  if (family === 'response.header.') return { read: (_x, answer) => joined(answer!.all(field)), ofResponse: true }
  const never = neverThere(field, name)
  if (never) return never
  const secret = SECRET.has(field.text)
  return { read: ({ head }) => fieldValue(head, field), field: field.text, ...(secret && { secret }) }
}
const SECRET: ReadonlySet<string> = new Set(['authorization', 'cookie'])

/** Fields that the gateway takes out before any policy: a template that reads one would always be empty, and its author would not know. */
function neverThere({ text, bytes }: FieldName, name: string): ValueFault | undefined {
  const id = identify(bytes, 0, bytes.length)
  if (id === HOST) return { code: 'contradiction', message: `write \${request.host} for \${request.header.${name}}` }
  const instead = text.startsWith('gatehouse-')
    ? '; the caller is ${consumer}'
    : id === X_FORWARDED_FOR || id === RESERVED
      ? '; the address is ${client.address}'
      : id === X_REQUEST_ID
        ? '; the id is ${request.id}'
        : ''
  const stripped = id === X_FORWARDED_FOR || id === X_FORWARDED_PROTO || id === RESERVED || id === X_REQUEST_ID || id === HOP_BY_HOP || STRIPPED.has(text)
  return stripped && id !== OTHER
    ? { code: 'contradiction', message: `\${request.header.${name}} is never there: what callers send in ${name} is taken out before any policy${instead}` }
    : undefined
}
const STRIPPED: ReadonlySet<string> = new Set(['connection', 'transfer-encoding', 'expect', 'upgrade', 'forwarded'])

/** RFC 9110 5.3: several lines are one list. */
function fieldValue(head: Exchange['head'], field: FieldName): string | undefined {
  const at = head.find(field)
  if (at < 0) return undefined
  let value = head.value(at)
  for (let i = head.find(field, at + 1); i >= 0; i = head.find(field, i + 1)) value += `, ${head.value(i)}`
  return value
}
const joined = (values: readonly string[]): string | undefined => (values.length === 0 ? undefined : values.join(', '))

/** The value of the first parameter of that name, decoded once, whatever the spelling of the name. */
function queryValue(query: string | undefined, name: string): string | undefined {
  if (query === undefined) return undefined
  for (let at = 0; at <= query.length; ) {
    const next = query.indexOf('&', at)
    const end = next < 0 ? query.length : next
    const equals = query.indexOf('=', at)
    const nameEnd = equals < 0 || equals > end ? end : equals
    if (percentDecoded(query.slice(at, nameEnd)) === name) return nameEnd === end ? '' : percentDecoded(query.slice(nameEnd + 1, end))
    at = end + 1
  }
  return undefined
}
