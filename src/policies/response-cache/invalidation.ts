// What an unsafe request makes void (RFC 9111 4.4).
import { fieldName } from '../../http/field-names.ts'
import { HEX, UNRESERVED } from '../../http/octets.ts'
import type { Answer } from '../../pipeline/answer.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { Responses } from '../../ports/responses.ts'
import type { RequestReader } from './asked.ts'

const NAMES = [fieldName('location'), fieldName('content-location')]

/** The target, and what the answer names beside it on the same origin; never on another: one upstream must not empty what belongs to others. */
export function invalidate(x: Exchange, answer: Answer | undefined, reader: RequestReader, responses: Responses): void {
  responses.invalidate(reader.targetOf(x))
  if (answer === undefined) return
  const base = `${x.scheme}://${x.head.host.toLowerCase()}${x.path}`
  for (const name of NAMES) {
    const value = answer.get(name)
    if (value === undefined || !URL.canParse(value, base)) continue
    const named = new URL(value, base)
    if (named.origin === new URL(base).origin)
      responses.invalidate(reader.targetOf(x, decoded(named.pathname), named.search === '' ? undefined : named.search.slice(1)))
  }
}

/** As the gateway spells paths: what needs no percent-encoding has none (RFC 3986 6.2.2.2). */
function decoded(path: string): string {
  return path.replace(/%([0-9A-Fa-f])([0-9A-Fa-f])/g, (written: string, high: string, low: string) => {
    const octet = HEX[high.charCodeAt(0)]! * 16 + HEX[low.charCodeAt(0)]!
    return UNRESERVED[octet] === 1 ? String.fromCharCode(octet) : written.toUpperCase()
  })
}
