// Speaks to one ACME server: signed requests with fresh nonces through the guarded way out, bounded in size, time and number, to one origin alone.
import { type Egress, EgressFailed, EgressRefused, type OutboundResponse } from '../ports/egress.ts'
import type { AccountKey } from './account-key.ts'
import { AcmeFailure, membersOf, problemOf } from './problem.ts'

export interface AcmeServer {
  /** The URL of its directory, https. */
  readonly directory: string
  /** PEM certificates to trust in place of the system's. */
  readonly trust?: string
}
/** RFC 8555 7.1.1. */
export interface Directory {
  readonly newNonce: string
  readonly newAccount: string
  readonly newOrder: string
  readonly revokeCert: string
  /** RFC 9773. */
  readonly renewalInfo?: string
  readonly needsExternalAccount: boolean
  readonly terms?: string
}
export interface Answer {
  readonly status: number
  /** Undefined where the body is no JSON. */
  readonly json: { readonly [name: string]: unknown }
  readonly text: string
  /** What was made, or whose it is. */
  readonly location: string | undefined
  readonly retryAfterMs: number | undefined
}

const TIMEOUT_MS = 30_000
/** A chain of ten certificates of RSA 4096 has some 25 KB. */
const BYTES_MAX = 256 * 1024
/** RFC 8555 6.5: a server says badNonce once or twice; one that always does is not asked for ever. */
const NONCE_TRIES = 10
/** A week: what a server asks for beyond that is not obeyed, for a certificate may end before. */
const RETRY_AFTER_MS_MAX = 7 * 24 * 3_600_000
const URL_LENGTH_MAX = 2048

export class AcmeConnection {
  private readonly egress: Egress
  private readonly server: AcmeServer
  private readonly nowMs: () => number
  private readonly untilMs: number
  private readonly origin: string
  private known: Directory | undefined
  private nonce: string | undefined

  /** `untilMs`: nothing is asked after that, however slow each answer was, for somebody else may be at it then. */
  constructor(egress: Egress, server: AcmeServer, nowMs: () => number, untilMs: number) {
    this.egress = egress
    this.server = server
    this.nowMs = nowMs
    this.untilMs = untilMs
    this.origin = new URL(server.directory).origin
  }

  /** Asked for once. */
  async directory(): Promise<Directory> {
    if (this.known) return this.known
    const doing = 'reading the directory'
    const { json } = await this.get(this.server.directory, doing)
    const meta = membersOf(json['meta'])
    const place = (name: string): string => this.place(json[name], `'${name}' of the directory`)
    this.known = {
      newNonce: place('newNonce'),
      newAccount: place('newAccount'),
      newOrder: place('newOrder'),
      revokeCert: place('revokeCert'),
      ...(json['renewalInfo'] !== undefined && { renewalInfo: place('renewalInfo') }),
      needsExternalAccount: meta['externalAccountRequired'] === true,
      ...(typeof meta['termsOfService'] === 'string' && { terms: meta['termsOfService'].slice(0, URL_LENGTH_MAX) }),
    }
    return this.known
  }

  /**
   * A URL that the server named. It stays with the origin of the directory: a server that was taken over must not send signed requests into networks
   * that this gateway reaches and the server does not.
   */
  place(written: unknown, what: string): string {
    const url = typeof written === 'string' && written.length <= URL_LENGTH_MAX ? URL.parse(written) : null
    if (url === null) throw new AcmeFailure('unexpected', `${what} is no URL`)
    if (url.protocol !== 'https:') throw new AcmeFailure('unexpected', `${what} is not https (RFC 8555 6.1)`)
    if (url.origin !== this.origin) throw new AcmeFailure('unexpected', `${what} leads to another server than the directory's`)
    return written as string
  }

  /** Not signed: the directory, and renewal information. */
  async get(url: string, doing: string): Promise<Answer> {
    const response = await this.fetch({ method: 'GET', url }, doing)
    if (response.status !== 200) throw this.refusal(response, doing)
    return this.answer(response)
  }

  /**
   * A signed request; `payload` undefined asks and changes nothing (POST-as-GET). `kid`: the account's URL; undefined: the key introduces itself. Rejects
   * with `AcmeFailure`.
   */
  async post(url: string, key: AccountKey, kid: string | undefined, payload: unknown, doing: string): Promise<Answer> {
    for (let tries = 1; ; tries++) {
      const nonce = await this.freshNonce(doing)
      const body = key.signed({ url, nonce, ...(kid !== undefined && { kid }) }, payload)
      const response = await this.fetch({ method: 'POST', url, body, headers: { 'Content-Type': 'application/jose+json' } }, doing)
      if (response.status >= 200 && response.status < 300) return this.answer(response)
      const failure = this.refusal(response, doing)
      // RFC 8555 6.5: the request was not looked at; the answer brought a nonce for the next try.
      if (failure.kind !== 'badNonce' || tries === NONCE_TRIES) throw failure
    }
  }

  private async freshNonce(doing: string): Promise<string> {
    const { nonce } = this
    this.nonce = undefined
    if (nonce !== undefined) return nonce
    const { newNonce } = await this.directory()
    await this.fetch({ method: 'GET', url: newNonce }, doing)
    const fresh = this.nonce as string | undefined
    this.nonce = undefined
    if (fresh === undefined) throw new AcmeFailure('unexpected', `${doing}: the server gives no nonce (RFC 8555 7.2)`)
    return fresh
  }

  private async fetch(
    request: { readonly method: 'GET' | 'POST'; readonly url: string; readonly body?: string; readonly headers?: { readonly [name: string]: string } },
    doing: string,
  ): Promise<OutboundResponse> {
    const leftMs = this.untilMs - this.nowMs()
    if (leftMs < 1) throw new AcmeFailure('tooSlow', `${doing}: the server did not come to an end in time`)
    try {
      const response = await this.egress.fetch({
        ...request,
        timeoutMs: Math.min(TIMEOUT_MS, leftMs),
        bytesMax: BYTES_MAX,
        ...(this.server.trust !== undefined && { trust: this.server.trust }),
      })
      const nonce = response.headers['replay-nonce']
      // RFC 8555 6.5.1: base64url. A server may answer with one more than one nonce; the last answer's counts.
      if (nonce !== undefined && /^[A-Za-z0-9_-]{1,512}$/.test(nonce)) this.nonce = nonce
      return response
    } catch (cause) {
      if (cause instanceof EgressFailed || cause instanceof EgressRefused) throw new AcmeFailure('unreachable', `${doing} failed: ${cause.message}`)
      throw cause
    }
  }

  private answer(response: OutboundResponse): Answer {
    const text = Buffer.from(response.body).toString('utf8')
    return { status: response.status, json: membersOf(parsed(text)), text, location: response.headers['location'], retryAfterMs: this.retryAfter(response) }
  }
  private refusal(response: OutboundResponse, doing: string): AcmeFailure {
    return problemOf(parsed(Buffer.from(response.body).toString('utf8')), doing, response.status, this.retryAfter(response))
  }

  /** RFC 9110 10.2.3: seconds, or a date. */
  private retryAfter({ headers }: OutboundResponse): number | undefined {
    const written = headers['retry-after']
    if (written === undefined) return undefined
    const ms = /^\d{1,9}$/.test(written) ? Number(written) * 1000 : Date.parse(written) - this.nowMs()
    return Number.isFinite(ms) ? Math.min(Math.max(0, ms), RETRY_AFTER_MS_MAX) : undefined
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
