// Answers made of stored responses: whole, as a range, or as the word that the client has it already.
import { byteRange } from '../../caching/byte-range.ts'
import { ageSeconds } from '../../caching/reuse.ts'
import type { StoredResponse } from '../../caching/stored-response.ts'
import { isNotModified, mayServeRange } from '../../caching/validators.ts'
import type { Reply } from '../../pipeline/contract.ts'
import type { Asked } from './asked.ts'

/** `how`: the parameters of Cache-Status (RFC 9211 2), or undefined where it is not told. */
export function fromStore(stored: StoredResponse, asked: Asked, nowUs: number, how: string | undefined): Reply {
  let tail = `Age: ${ageSeconds(stored, nowUs)}\r\n`
  if (how !== undefined) tail += cacheStatusLine(`${how}; ttl=${Math.floor((stored.freshUntilUs - nowUs) / 1e6)}`)
  const { ifNoneMatch, ifModifiedSince, range } = asked
  // RFC 9110 13.2.1: conditions are judged only where the answer would be a 200 without them.
  if (stored.status === 200) {
    const nowMs = Math.floor(nowUs / 1000)
    if ((ifNoneMatch !== undefined || ifModifiedSince !== undefined) && isNotModified(stored, ifNoneMatch, ifModifiedSince, nowMs))
      return reply(304, stored.notModifiedLines + tail, NO_OCTETS)
    // RFC 9110 14.2: Range means something to GET alone.
    if (range !== undefined && !asked.toHead && mayServeRange(stored, asked.ifRange, nowMs)) {
      const { length } = stored.body
      const found = byteRange(range, length)
      if (found === 'unsatisfiable') return { kind: 'reply', status: 416, fields: [['Content-Range', `bytes */${length}`]] }
      if (found !== 'ignored')
        return reply(
          206,
          `${stored.lines}Content-Range: bytes ${found.start}-${found.end - 1}/${length}\r\n${tail}`,
          stored.body.subarray(found.start, found.end),
        )
    }
  }
  return reply(stored.status, stored.lines + tail, stored.body)
}
const NO_OCTETS = new Uint8Array(0)
const reply = (status: number, lines: string, body: Uint8Array): Reply => ({ kind: 'reply', status, fields: NO_FIELDS, lines, body, isDated: true })
const NO_FIELDS: Reply['fields'] = []

export const cacheStatusLine = (how: string): string => `Cache-Status: gatehouse; ${how}\r\n`
