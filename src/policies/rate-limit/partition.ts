// What requests are counted together: the key of one caller, made of the parts that `by` names.
import { hash } from 'node:crypto'
import { type FieldName, fieldName } from '../../http/field-names.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { Principal } from '../../pipeline/slots.ts'

export type CallerPart = 'consumer' | 'address' | 'credential' | 'operation' | `header:${string}`

export const isCallerPart = (text: string): text is CallerPart => /^(?:consumer|address|credential|operation|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]+)$/.test(text)
export const readsPrincipal = (part: CallerPart): boolean => part === 'consumer' || part === 'credential'

/** What is not there shares one key, as no part that is there ever does: else leaving it out would be a way around the limit. */
const NOBODY = '\u0000'

/** The key of a request; parts are kept apart by an octet that none of them can hold. */
export function keyOf(by: readonly CallerPart[]): (x: Exchange) => string {
  const readers = by.map(readerOf)
  const sole = readers[0]!
  return readers.length === 1 ? sole : (x) => readers.map((read) => read(x)).join('\u0001')
}

function readerOf(part: CallerPart): (x: Exchange) => string {
  switch (part) {
    case 'consumer':
      return (x) => x.get(Principal)?.consumer ?? NOBODY
    case 'credential':
      return (x) => x.get(Principal)?.credential ?? NOBODY
    case 'address':
      // Canonical, IPv4-mapped forms unmapped, IPv6 by /64.
      return (x) => x.address.group
    case 'operation':
      return (x) => x.operation
    default:
      return headerReader(fieldName(part.slice('header:'.length)))
  }
}

/** All lines of the field count, in their order: which one of several the upstream reads is unknown here. The value may be a secret, so only its digest is used. */
function headerReader(field: FieldName): (x: Exchange) => string {
  return ({ head }) => {
    let value: string | undefined
    for (let i = head.find(field); i >= 0; i = head.find(field, i + 1)) value = value === undefined ? head.value(i) : `${value}\n${head.value(i)}`
    return value === undefined ? NOBODY : hash('sha256', value, 'base64url')
  }
}
