// Where a request belongs among the targets of an upstream that hashes consistently: a number that stays the same for the same caller.
import { hash } from 'node:crypto'
import { KeyedHash } from '../../base/keyed-hash.ts'
import { COOKIE, type FieldName, fieldName } from '../../http/field-names.ts'
import type { RequestHead } from '../../http/request-head.ts'
import type { HashBy } from '../../model/snapshot.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { Principal } from '../../pipeline/slots.ts'

/**
 * The same on every thread and node and after every restart, or nobody would stay where they are. It is no secret, and need not be: whoever wants all of their
 * requests at one target sends the same field each time, whatever it is hashed with; `bound` is what holds that.
 */
const KEYED = new KeyedHash(hash('sha256', 'gatehouse consistent hash', 'buffer').subarray(0, 16))
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const SPACE = 0x20
const TAB = 0x09

/** A number below 2^32 for a text. */
export function placeOfText(text: string): number {
  KEYED.hash(text)
  return KEYED.words[0]! >>> 0
}

export type PlaceOf = (x: Exchange) => number

/** What a request does not say counts as its address: an absent field must not gather everybody at one target. */
export function placeBy(by: HashBy): PlaceOf {
  switch (by.kind) {
    case 'consumer':
      return (x) => {
        const consumer = x.get(Principal)?.consumer
        return consumer === undefined ? byAddress(x) : placeOfText(consumer)
      }
    case 'address':
      return byAddress
    case 'header': {
      const field = fieldName(by.name)
      return (x) => inHeader(x.head, field) ?? byAddress(x)
    }
    case 'cookie': {
      const name = Buffer.from(by.name, 'latin1')
      return (x) => inCookie(x.head, name) ?? byAddress(x)
    }
  }
}

const byAddress: PlaceOf = (x) => placeOfText(x.address.group)

/** Of the first field of that name. */
function inHeader(head: RequestHead, field: FieldName): number | undefined {
  const i = head.find(field)
  return i < 0 ? undefined : placeOf(head, head.at[i * 4 + 2]!, head.at[i * 4 + 3]!)
}

/** RFC 6265 4.2.1: pairs parted by semicolons; the first one of that name. */
function inCookie(head: RequestHead, name: Uint8Array): number | undefined {
  const { bytes } = head
  for (let i = head.findId(COOKIE); i >= 0; i = head.findId(COOKIE, i + 1)) {
    if (head.isDropped(i)) continue
    const end = head.at[i * 4 + 3]!
    for (let p = head.at[i * 4 + 2]!; p < end; ) {
      while (p < end && (bytes[p] === SPACE || bytes[p] === TAB)) p++
      let stop = bytes.indexOf(SEMICOLON, p)
      if (stop < 0 || stop > end) stop = end
      if (isNamed(bytes, p, stop, name)) return placeOf(head, p + name.length + 1, stop)
      p = stop + 1
    }
  }
  return undefined
}
function isNamed(bytes: Uint8Array, from: number, to: number, name: Uint8Array): boolean {
  if (to - from <= name.length || bytes[from + name.length] !== EQUALS) return false
  for (let i = 0; i < name.length; i++) if (bytes[from + i] !== name[i]) return false
  return true
}

function placeOf(head: RequestHead, start: number, end: number): number {
  KEYED.hashOctets(head.bytes, start, end)
  return KEYED.words[0]! >>> 0
}
