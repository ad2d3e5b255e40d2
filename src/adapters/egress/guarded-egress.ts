// The guarded way out: reads the target, waits for a turn, connects to the address it judged, and follows redirects only by the same rules.
import { networkInterfaces } from 'node:os'
import { type Egress, EgressFailed, EgressRefused, type OutboundRequest, type OutboundResponse } from '../../ports/egress.ts'
import { dial, type ResolveName, systemResolve, tooSlow } from './dial.ts'
import { exchange, type Sending, secured } from './exchange.ts'
import { type OutboundTarget, outboundTarget } from './outbound-url.ts'
import { Reach } from './reach.ts'
import { Turns } from './turns.ts'

export interface EgressOptions {
  /** CIDRs of `egress.allowPrivate`. */
  readonly allowPrivate: readonly string[]
  /** Listeners of this Gatehouse that are never reached: the control listener first of all. */
  readonly own: () => readonly { readonly host: string; readonly port: number }[]
  readonly resolve?: ResolveName
  readonly ownAddresses?: () => readonly string[]
}

export const TIMEOUT_MS_MAX = 60_000
export const BYTES_MAX = 64 * 1024 * 1024
export const REDIRECTS_MAX = 10
const LIMITS = { perHost: 8, total: 64, waiting: 256 }

/** Fields that the guard writes itself, and those that would change what the connection means. */
const OURS = /^(?:host|connection|content-length|transfer-encoding|accept-encoding|te|trailer|upgrade|expect|keep-alive|proxy-.*)$/
/** What is sent on to another origin than the one it was meant for: nothing that could tell who we are. */
const FOR_EVERYONE = new Set(['accept', 'accept-language', 'user-agent'])

/** The addresses of this machine, as they are now. */
const interfaceAddresses = (): readonly string[] => Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))

/** The judgement that everything on the way out shares. */
export const reachOf = ({ allowPrivate, own, ownAddresses = interfaceAddresses }: EgressOptions): Reach => new Reach({ allowPrivate, own, ownAddresses })

/** A way out of its own. Throws when a network of `allowPrivate` is malformed. */
export function guardedEgress(options: EgressOptions): Egress {
  const reach = reachOf(options)
  const resolve = options.resolve ?? systemResolve
  const turns = new Turns(LIMITS)

  const once = async (target: OutboundTarget, sending: Sending, signal: AbortSignal, timeoutMs: number): Promise<OutboundResponse> => {
    const end = await turns.take(`${target.host}:${target.port}`, signal)
    if (!end) throw signal.aborted ? tooSlow({ name: target.origin }) : new EgressFailed('too many requests are waiting to go out')
    try {
      const socket = await dial({ host: target.host, port: target.port, name: target.origin }, reach, resolve, signal, timeoutMs)
      return await exchange(target, sending, target.isTls ? await secured(socket, target.host, sending.trust, target.origin, signal) : socket, signal)
    } finally {
      end()
    }
  }

  return {
    async fetch(request) {
      checkBounds(request)
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), request.timeoutMs)
      try {
        return await follow(request, late.signal)
      } finally {
        clearTimeout(timer)
      }
    },
  }

  async function follow(request: OutboundRequest, signal: AbortSignal): Promise<OutboundResponse> {
    let target = outboundTarget(request.url)
    let sending = sendingOf(request)
    for (let left = request.redirects ?? 0; ; left--) {
      const response = await once(target, sending, signal, request.timeoutMs)
      const next = (request.redirects ?? 0) > 0 ? redirect(target, response) : undefined
      if (!next) return response
      if (left === 0) throw new EgressFailed(`${target.origin} redirects more than ${request.redirects} times`)
      sending = sendingOn(target, next, sending, response.status)
      target = next
    }
  }
}

/** Programmer errors: what an operator can get wrong is refused and not thrown here. */
function checkBounds({ timeoutMs, bytesMax, redirects = 0 }: OutboundRequest): void {
  if (!(timeoutMs >= 1 && timeoutMs <= TIMEOUT_MS_MAX)) throw new RangeError(`timeoutMs is from 1 to ${TIMEOUT_MS_MAX}`)
  if (!(bytesMax >= 0 && bytesMax <= BYTES_MAX)) throw new RangeError(`bytesMax is from 0 to ${BYTES_MAX}`)
  if (!(redirects >= 0 && redirects <= REDIRECTS_MAX)) throw new RangeError(`redirects is from 0 to ${REDIRECTS_MAX}`)
}

function sendingOf({ method, headers = {}, body, bytesMax, trust }: OutboundRequest): Sending {
  const lower: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    // RFC 9110 5.1 and 5.5. The value is not repeated: it may be a credential.
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value)) throw new EgressRefused('a field of the request is malformed')
    if (OURS.test(name.toLowerCase())) throw new EgressRefused(`the field ${name} is not for the caller to set`)
    if (Object.hasOwn(lower, name.toLowerCase())) throw new EgressRefused(`the field ${name} is given twice`)
    lower[name.toLowerCase()] = value
  }
  if (method === 'GET' && body !== undefined) throw new EgressRefused('a GET is sent without a body')
  return { method, headers: lower, body: body === undefined ? (method === 'POST' ? new Uint8Array() : undefined) : Buffer.from(body), bytesMax, trust }
}

/** Where the answer leads to; undefined when it is no redirect. Judged like the first target. */
function redirect(from: OutboundTarget, { status, headers }: OutboundResponse): OutboundTarget | undefined {
  const location = headers['location']
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined
  const to = outboundTarget(location, `${from.origin}${from.path}`)
  if (from.isTls && !to.isTls) throw new EgressRefused(`${from.origin} redirects from https to http`)
  return to
}

/** RFC 9110 15.4: 303 asks for a GET. A body is sent again only where it was meant to go. */
function sendingOn(from: OutboundTarget, to: OutboundTarget, sending: Sending, status: number): Sending {
  const isSame = from.origin === to.origin
  const headers = isSame ? sending.headers : Object.fromEntries(Object.entries(sending.headers).filter(([name]) => FOR_EVERYONE.has(name)))
  if (sending.method === 'GET') return { ...sending, headers }
  if (status === 303) {
    const { 'content-type': _, ...rest } = headers
    return { ...sending, method: 'GET', body: undefined, headers: rest }
  }
  if (isSame && (status === 307 || status === 308)) return sending
  throw new EgressRefused(`${from.origin} redirects a POST, which is not sent anew`)
}
