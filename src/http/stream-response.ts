// Response heads and trailers that the gateway wrote, as field blocks of HTTP/2: octets to octets, without a string between.
import type { OctetWriter } from '../base/octet-writer.ts'
import { putField, putStatus } from './hpack/encoder.ts'
import { CR, LOWER } from './octets.ts'

/** RFC 9113 8.2.2: what speaks of a connection, by length of the name. */
const OF_CONNECTION: Uint8Array[][] = []
for (const name of ['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'te', 'http2-settings', 'transfer-encoding'])
  (OF_CONNECTION[name.length] ??= []).push(Buffer.from(name, 'latin1'))
const ACCEPT = Buffer.from('sec-websocket-accept', 'latin1')
/** Where the status stands in `HTTP/1.1 200 `. */
const STATUS_AT = 9
const COLON = 0x3a
const SWITCHING = 101

/** The status of the head that begins at `from`. */
export const statusAt = (octets: Buffer, from: number): number =>
  (octets[from + STATUS_AT]! - 48) * 100 + (octets[from + STATUS_AT + 1]! - 48) * 10 + octets[from + STATUS_AT + 2]! - 48

/** Writes the head that begins at `from` and is whole as a field block; answers where it ends in `octets`. */
export function putResponseBlock(out: OctetWriter, octets: Buffer, from: number): number {
  const status = statusAt(octets, from)
  const switches = status === SWITCHING
  // RFC 8441 5: an extended CONNECT that is taken is answered 200, and without the proof of HTTP/1.1's handshake.
  putStatus(out, switches ? 200 : status)
  let p = lineEnd(octets, from) + 2
  while (octets[p] !== CR) {
    const nameStart = p
    while (octets[p] !== COLON) if (++p >= octets.length) throw new RangeError('a head of our own that is none')
    const nameEnd = p
    const end = lineEnd(octets, p)
    if (!isOfConnection(octets, nameStart, nameEnd) && !(switches && isNamed(octets, nameStart, nameEnd, ACCEPT)))
      putField(out, octets, nameStart, nameEnd, nameEnd + 2, end)
    p = end + 2
  }
  return p + 2
}

/** Names and values in turn. */
export function putTrailerBlock(out: OctetWriter, fields: readonly string[]): void {
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const octets = Buffer.from(name + fields[i + 1], 'latin1')
    putField(out, octets, 0, name.length, name.length, octets.length)
  }
}

function lineEnd(octets: Buffer, from: number): number {
  let p = from
  while (octets[p] !== CR) if (++p >= octets.length) throw new RangeError('not a whole head')
  return p
}
function isOfConnection(octets: Buffer, start: number, end: number): boolean {
  const same = OF_CONNECTION[end - start]
  if (same === undefined) return false
  for (let k = 0; k < same.length; k++) if (isNamed(octets, start, end, same[k]!)) return true
  return false
}
function isNamed(octets: Buffer, start: number, end: number, name: Uint8Array): boolean {
  if (end - start !== name.length) return false
  for (let i = 0; i < name.length; i++) if (LOWER[octets[start + i]!] !== name[i]) return false
  return true
}
