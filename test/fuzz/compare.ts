// Holds what the gateway made of a stream against what another reader made of it.
import type { Outcome, Reading, UnderstoodMessage } from '../support/reading.ts'
import { carriesTarget } from '../support/target-oracle.ts'

/** Fields that belong to one connection (RFC 9110 7.6.1) or to the framing, and those that the gateway writes itself (hardening: reserved fields). */
const ownRe =
  /^(connection|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|http2-settings|expect|content-length|host|via|forwarded|x-request-id|x-original-url|x-rewrite-url|x-method-override|traceparent|tracestate)$|^(gatehouse-|x-forwarded-|x-http-method|client-cert)/

/** How a complaint ends that says no more than that somebody did not answer. */
export const waited = 'waited for more'

/**
 * Every disagreement. Where the reader refused, the gateway may not have been stricter than needed, but nobody was misled: comparing ends there. `unlisted`
 * are names that a Connection field of the stream lists and that the reader may have kept.
 */
export function disagreements(gateway: Reading, reader: Reading, unlisted: ReadonlySet<string> = new Set()): string[] {
  for (let index = 0; index < Math.max(gateway.outcomes.length, reader.outcomes.length); index += 1) {
    const ours: Outcome | undefined = gateway.outcomes[index]
    const theirs: Outcome | undefined = reader.outcomes[index]
    if (theirs?.kind === 'refused' && ours?.kind !== 'refused') return []
    if (ours === undefined) {
      // The gateway read no further by its own choice, or it still waits for octets of a message that the reader had whole.
      return gateway.ending === 'waiting' ? [`message ${index}: ${reader.reader} read it whole, the gateway ${waited}`] : []
    }
    if (theirs === undefined) {
      if (ours.kind === 'refused' || reader.ending === 'stopped') return []
      return [`message ${index}: the gateway forwarded it, ${reader.reader} ${reader.ending === 'waiting' ? waited : 'saw no such message'}`]
    }
    if (ours.kind === 'accepted' && theirs.kind === 'accepted') {
      const found = differences(ours.message, theirs.message, unlisted)
      if (found.length > 0) return found.map((each) => `message ${index}, ${reader.reader}: ${each}`)
    }
  }
  return []
}

function differences(ours: UnderstoodMessage, theirs: UnderstoodMessage, unlisted: ReadonlySet<string>): string[] {
  const found: string[] = []
  if (ours.method !== theirs.method) found.push(`method ${ours.method}, read as ${theirs.method}`)
  if (!carriesTarget(ours.target, theirs.target)) found.push(`target ${ours.target}, read as ${theirs.target}`)
  if (!ours.body.equals(theirs.body))
    found.push(`body ${JSON.stringify(ours.body.toString('latin1'))}, read as ${JSON.stringify(theirs.body.toString('latin1'))}`)
  const listed = new Set([...unlisted, ...listedNames(theirs)])
  const mine = kept(ours, listed)
  const wanted = kept(theirs, listed)
  for (const name of new Set([...mine.keys(), ...wanted.keys()])) {
    const [a, b] = [JSON.stringify(mine.get(name)), JSON.stringify(wanted.get(name))]
    if (a !== b) found.push(`field ${name} ${a}, read as ${b}`)
  }
  const host = theirs.fields.find(([name]) => name.toLowerCase() === 'host')?.[1]
  const forwarded = ours.fields.find(([name]) => name.toLowerCase() === 'x-forwarded-host')?.[1]
  if (host !== undefined && forwarded !== undefined && forwarded.toLowerCase() !== trim(host).toLowerCase()) found.push(`host ${forwarded}, read as ${host}`)
  return found
}

const trim = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '')

function listedNames({ fields }: UnderstoodMessage): string[] {
  return fields.filter(([name]) => name.toLowerCase() === 'connection').flatMap(([, value]) => value.split(',').map((each) => trim(each).toLowerCase()))
}

/** The values of each field that is to reach the upstream, in order. */
function kept({ fields }: UnderstoodMessage, listed: ReadonlySet<string>): Map<string, string[]> {
  const result = new Map<string, string[]>()
  for (const [raw, value] of fields) {
    const name = raw.toLowerCase()
    const believed = name.replaceAll('_', '-')
    if (ownRe.test(believed) || listed.has(name)) continue
    result.set(name, [...(result.get(name) ?? []), trim(value)])
  }
  return result
}

/** All names that any line of the stream that looks like Connection lists. */
export function namesListedAnywhere(text: string): Set<string> {
  return new Set([...text.matchAll(/connection[ \t]*:([^\r\n]*)/gi)].flatMap(([, list = '']) => list.split(',').map((each) => trim(each).toLowerCase())))
}
