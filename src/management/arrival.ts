// Who a request comes from: counted by address before anyone is known, and by operator after (OWASP API4:2023).
import type { IncomingMessage } from 'node:http'
import { addressGroup, parseIp, unmapped } from '../base/ip.ts'
import { callerThrough, peerAddress } from '../gateway/callers/caller-address.ts'
import type { Operator } from '../model/operator.ts'
import { readCookie } from '../people/cookies.ts'
import type { Limiter } from '../ports/counters.ts'
import { type Answer, problem } from './answer.ts'
import { COMMON, type CommonRefusal } from './common-refusals.ts'
import type { Plane } from './plane.ts'

export interface Arrival {
  /** Undefined: nobody that is known here. */
  readonly operator: Operator | undefined
  /** What was shown of who it is; undefined: nothing. */
  readonly shown: 'authorization' | 'session' | undefined
  readonly address: string
  readonly fields: Answer['fields']
}

/** Counts, and looks who it is; an answer when there were too many. */
export async function arrive(plane: Plane, request: IncomingMessage): Promise<Arrival | { readonly answer: Answer }> {
  const address = callerOf(request, plane)
  const { authorization, cookie } = request.headers
  const session = readCookie(cookie, 'session', plane.isSecure)
  // Before anything is looked up: guesses are counted by where they come from.
  const guest = await counted(plane, plane.guests, `address:${callerGroup(address)}`)
  // When there is no room to count another address, strangers wait; they cannot fill the table to shut out who has a credential that is valid.
  if ('answer' in guest && !guest.full) return guest
  const operator = await plane.authenticate({ authorization, session, address })
  const shown = authorization !== undefined ? 'authorization' : session !== undefined ? 'session' : undefined
  if (operator === undefined) return 'answer' in guest ? guest : { operator, shown, address, fields: guest.fields }
  const budget = await counted(plane, plane.limiter, `${operator.actor.kind}:${operator.actor.id}`)
  return 'answer' in budget ? budget : { operator, shown, address, fields: budget.fields }
}

/** The peer, or whom a trusted proxy speaks for: behind one that ends TLS everybody would have one address, and a stranger's wrong passwords would hold up all. */
function callerOf({ socket, headersDistinct }: IncomingMessage, { trusted }: Plane): string {
  const { remoteAddress = '' } = socket
  const networks = trusted?.()
  const peer = peerAddress(remoteAddress)
  if (networks === undefined || !networks.has(peer.octets)) return remoteAddress
  return callerThrough(peer, { plain: headersDistinct['x-forwarded-for'], standard: headersDistinct['forwarded'] }, networks).text
}

/** What a peer is counted under: one spelling for an IPv4 address, and the /64 of an IPv6 one, since a host owns all of its /64 (hardening.md). */
export function callerGroup(address: string): string {
  const octets = parseIp(address.replace(/%.*$/s, ''))
  return octets === undefined ? address : addressGroup(unmapped(octets))
}

type Counted = { readonly fields: Answer['fields'] } | { readonly answer: Answer; readonly full: boolean }

async function counted(plane: Plane, limiter: Limiter, key: string): Promise<Counted> {
  const taken = limiter.take(key, plane.nowMs() * 1000)
  // The limiter writes its next word into the same object: what is there at once is read at once, before another request has its turn.
  const { admitted, remaining, resetMs, retryAfterMs, full } = taken instanceof Promise ? await taken : taken
  const fields = {
    'RateLimit-Policy': `"management";q=${plane.requestsPerMinute};w=60`,
    RateLimit: `"management";r=${remaining};t=${Math.ceil(resetMs / 1000)}`,
  }
  if (admitted) return { fields }
  return { answer: common('rate-limited', { ...fields, 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }), full }
}

/** RFC 9110 15.5.2: a 401 names how to authenticate. */
export const challenge = (status: number): Answer['fields'] => (status === 401 ? { 'WWW-Authenticate': 'Bearer realm="gatehouse"' } : {})
/** A refusal before any operation is known, or that is none's own. */
export function common(code: CommonRefusal, fields: Answer['fields'] = {}): Answer {
  const { status, says } = COMMON[code]
  return problem(status, `management.${code}`, says, { ...fields, ...challenge(status) })
}
