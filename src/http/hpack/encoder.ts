// Writes field blocks (RFC 7541) without a table of our own: what is said to one client of itself is never in a memory that another request could measure.
import type { OctetWriter } from '../../base/octet-writer.ts'
import { LOWER } from '../octets.ts'
import { STATIC_FIELDS } from './static-table.ts'

/** Names of the static table, by their length. */
const NAMES: { readonly bytes: Uint8Array; readonly index: number }[][] = []
STATIC_FIELDS.forEach(([name], i) => {
  const same = (NAMES[name.length] ??= [])
  if (same.every(({ bytes }) => Buffer.from(bytes).toString('latin1') !== name)) same.push({ bytes: Buffer.from(name, 'latin1'), index: i + 1 })
})
/** Statuses that the static table has whole. */
const STATUSES: ReadonlyMap<number, number> = new Map(STATIC_FIELDS.flatMap(([name, value], i) => (name === ':status' ? [[Number(value), i + 1]] : [])))
const STATUS = STATUSES.get(200)!

/** RFC 7541 7.1.3: nobody on the way may index these. */
const SENSITIVE: ReadonlySet<number> = new Set(
  ['set-cookie', 'cookie', 'authorization', 'proxy-authorization', 'proxy-authenticate', 'www-authenticate', 'location'].map((name) => 1 + indexOf(name)),
)
function indexOf(name: string): number {
  return STATIC_FIELDS.findIndex(([each]) => each === name)
}
const WITHOUT_INDEXING = 0x00
const NEVER_INDEXED = 0x10

/** RFC 7541 6.3: we put nothing into the table of the other side. Said once, at the beginning of the first block. */
export const putNoTable = (out: OctetWriter): void => out.octet(0x20)

export function putStatus(out: OctetWriter, status: number): void {
  const index = STATUSES.get(status)
  if (index !== undefined) {
    out.octet(0x80 | index)
    return
  }
  out.octet(STATUS)
  out.octet(3)
  out.decimal(status)
}

/** One field; its name, of at least one octet, is written in lower case. */
export function putField(out: OctetWriter, bytes: Buffer, nameStart: number, nameEnd: number, valueStart: number, valueEnd: number): void {
  const index = staticName(bytes, nameStart, nameEnd)
  if (index === 0) {
    out.octet(WITHOUT_INDEXING)
    number(out, nameEnd - nameStart)
    for (let p = nameStart; p < nameEnd; p++) out.octet(LOWER[bytes[p]!]!)
  } else {
    const flags = SENSITIVE.has(index) ? NEVER_INDEXED : WITHOUT_INDEXING
    // RFC 7541 5.1: the numbers of the static table take two octets at the most here.
    if (index < 15) out.octet(flags | index)
    else {
      out.octet(flags | 15)
      out.octet(index - 15)
    }
  }
  number(out, valueEnd - valueStart)
  out.put(bytes, valueStart, valueEnd)
}

/** RFC 7541 5.1 with 7 bits: the length of a text that is written as it is. */
function number(out: OctetWriter, value: number): void {
  if (value < 127) {
    out.octet(value)
    return
  }
  out.octet(127)
  let rest = value - 127
  for (; rest >= 128; rest >>>= 7) out.octet((rest & 127) | 128)
  out.octet(rest)
}

function staticName(bytes: Buffer, start: number, end: number): number {
  const same = NAMES[end - start]
  if (same === undefined) return 0
  for (let k = 0; k < same.length; k++) {
    const name = same[k]!.bytes
    let i = 0
    while (i < name.length && LOWER[bytes[start + i]!] === name[i]) i++
    if (i === name.length) return same[k]!.index
  }
  return 0
}
