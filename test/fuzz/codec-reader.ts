// How src/http alone reads a stream of bytes, given the segments in which it arrives: the codec without sockets, routes or policies.
import { BodyReader } from '../../src/http/body-reader.ts'
import { messageFault } from '../../src/http/faults.ts'
import { DROPPED } from '../../src/http/field-lines.ts'
import { RequestHead, readRequestHead } from '../../src/http/request-head.ts'
import type { Outcome, Reading } from '../support/reading.ts'

const limits = { headBytes: 32 * 1024, targetBytes: 8 * 1024, fields: 128 }

export interface CodecReading extends Reading {
  /** Why the codec read no further, if it refused: status and reason. */
  readonly fault: string | undefined
}

/** Reads the segments as they come; an ambiguous target counts as refused, as it is without configuration. */
export function readWithCodec(pieces: readonly Buffer[]): CodecReading {
  const head = new RequestHead()
  const body = new BodyReader()
  const outcomes: Outcome[] = []
  const bytes = Buffer.concat(pieces)
  let at = 0
  let parts: Buffer[] = []
  let inBody = false
  let waiting = false
  let arrived = 0
  const done = (ending: Reading['ending'], fault?: string): CodecReading => ({ reader: 'codec', outcomes, ending, fault })
  const refuse = (status: number, reason: string): CodecReading => {
    outcomes.push({ kind: 'refused', status })
    return done('stopped', `${status} ${reason}`)
  }
  for (const piece of pieces) {
    arrived += piece.length
    waiting = false
    while (!waiting) {
      if (!inBody) {
        if (at === arrived) break
        const end = readRequestHead(head, bytes, at, arrived, limits)
        if (end < 0) return refuse(messageFault(-end).status, messageFault(-end).reason)
        if (end === 0) {
          waiting = true
          continue
        }
        if (head.ambiguities !== 0) return refuse(400, 'ambiguous')
        at = end
        body.begin(head.chunked, head.contentLength)
        parts = []
        inBody = true
      }
      while (!body.done && at < arrived) {
        const reached = body.step(bytes, at, arrived)
        if (reached < 0) return refuse(messageFault(-reached).status, messageFault(-reached).reason)
        parts.push(bytes.subarray(body.dataStart, body.dataEnd))
        at = reached
      }
      if (!body.done) {
        waiting = true
        continue
      }
      inBody = false
      outcomes.push({ kind: 'accepted', message: understood(head, Buffer.concat(parts)) })
      if (!head.keepAlive) return done('stopped')
    }
  }
  return done(inBody || at < arrived ? 'waiting' : 'done')
}

function understood(head: RequestHead, body: Buffer): Extract<Outcome, { kind: 'accepted' }>['message'] {
  const fields: [string, string][] = []
  for (let index = 0; index < head.fieldCount; index += 1) if (head.flags[index] !== DROPPED) fields.push([head.name(index), head.value(index)])
  if (head.host !== '') fields.push(['X-Forwarded-Host', head.host])
  const query = head.query === undefined ? '' : `?${head.query}`
  return { method: head.method, target: head.asterisk ? '*' : head.path + query, fields, body }
}
