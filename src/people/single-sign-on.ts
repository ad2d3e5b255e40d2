// Single sign-on: OpenID Connect with code, PKCE, state, nonce and issuer, begun and finished in one browser.

import { hash } from 'node:crypto'
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client'
import type { Reading } from '../ports/store.ts'
import { addressCount, charge, settle } from './back-off.ts'
import { completeSignIn, type SignInOutcome } from './completing.ts'
import { egressFetch } from './egress-fetch.ts'
import { factorsOf } from './factors.ts'
import { findLink } from './links.ts'
import { type Means, momentOf, type Site, type Visit } from './means.ts'
import { isRefused, type Refused, refuse } from './refusal.ts'
import { localPath } from './return-path.ts'
import { digestOf, tag } from './secret-text.ts'
import type { IssuedSession, LiveSession } from './sessions.ts'
import { signInEvent } from './sign-in.ts'
import { personByClaims, type SsoPersonRefusal } from './sso-account.ts'
import { findProvider, isLoopback, sealedFor } from './sso-provider.ts'
import type { Provider } from './sso-records.ts'
import { provedAgain } from './step-up.ts'
import { issueTicket, readTicket, spendTicket } from './tickets.ts'

const PENDING_MS = 10 * 60_000
/** Metadata of a provider is asked for again after so long. */
const KNOWN_FOR_MS = 10 * 60_000
const SILENT_FOR_MS = 2000
const FRESH_SECONDS = 300

interface Pending {
  readonly provider: string
  readonly returnTo: string
  /** Digest of the link that was brought along. */
  readonly link?: string
  /** Stepping up: the person who must come back. */
  readonly as?: string
}

export const callbackUrl = (site: Site, provider: string): string => `${site.origin}/sign-in/${provider}/callback`

export type SsoFinish = { readonly returnTo: string } & (SignInOutcome | { readonly outcome: 'proved'; readonly session: IssuedSession })
export type SsoRefusal =
  | 'unknown-provider'
  | 'provider-unreachable'
  | 'bad-return-path'
  | 'link-void'
  | 'begin-again'
  | 'not-confirmed'
  | 'slow-down'
  | 'other-person'
  | 'proves-too-little'

/** One factor proves less than the session of somebody with a second one already stands for, as with a password alone. */
async function provesTooLittle(reading: Reading, { provesSecondFactor }: Provider, personId: string): Promise<boolean> {
  if (provesSecondFactor) return false
  const { hasTotp, hasPasskey } = await factorsOf(reading, personId)
  return hasTotp || hasPasskey
}

export class SingleSignOn {
  private readonly means: Means
  /** By provider; without a configuration: it did not answer. */
  private readonly known = new Map<string, { readonly untilMs: number; readonly configuration: Configuration | undefined }>()
  private readonly asked = new Map<string, Promise<Configuration | undefined>>()

  constructor(means: Means) {
    this.means = means
  }

  /** Where to send the browser. `link` is the secret of an invitation; `live` steps up its session by signing in anew over there. Nothing is stored. */
  async begin(given: {
    readonly provider: string
    readonly visit: Visit
    readonly returnTo?: string
    readonly link?: string
    readonly live?: LiveSession
  }): Promise<{ readonly url: string } | Refused<SsoRefusal>> {
    const { means } = this
    const at = momentOf(means)
    const returnTo = localPath(given.returnTo ?? '/')
    if (returnTo === undefined) return refuse('bad-return-path')
    const [provider, open] = await means.store.read(async (reading) => [
      await findProvider(reading, given.provider),
      given.link === undefined ? undefined : await findLink(reading, at.nowMs, given.link),
    ])
    if (!provider) return refuse('unknown-provider')
    if (given.live && (await means.store.read((reading) => provesTooLittle(reading, provider, given.live!.person.id)))) return refuse('proves-too-little')
    if (given.link !== undefined && open?.link.kind !== 'invitation') return refuse('link-void')
    const configuration = await this.configurationOf(provider, at.nowMs)
    if (!configuration) return refuse('provider-unreachable')
    const pending: Pending = {
      provider: provider.name,
      returnTo,
      ...(given.link !== undefined && { link: digestOf(given.link) }),
      ...(given.live && { as: given.live.person.id }),
    }
    const ticket = issueTicket(means.key, at, 'single-sign-on', given.visit.browser, pending, PENDING_MS)
    const { verifier, nonce } = this.derived(ticket.nonce)
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: callbackUrl(means.site, provider.name),
      scope: 'openid profile email',
      state: ticket.text,
      nonce,
      // RFC 7636 4.2; the plain method would show the verifier to whoever sees the address.
      code_challenge: hash('sha256', verifier, 'base64url'),
      code_challenge_method: 'S256',
      ...(given.live && { prompt: 'login', max_age: String(FRESH_SECONDS) }),
    })
    return { url: url.href }
  }

  /**
   * The browser is back: `query` is what stands behind the `?` of the callback. The ticket is used up before the provider is asked, so that a code is
   * shown to it once. `live` when the browser has a session that steps up.
   */
  async finish(given: {
    readonly provider: string
    readonly query: string
    readonly visit: Visit
    readonly live?: LiveSession
  }): Promise<SsoFinish | Refused<SsoRefusal | SsoPersonRefusal | 'signed-out' | 'use-passkey'>> {
    const { means } = this
    const at = momentOf(means)
    const { visit, live } = given
    const parameters = new URLSearchParams(given.query)
    // Parameters are never repeated (RFC 6749 3.1): of two states the library and we might read different ones.
    if (given.query.length > 16_384 || new Set(parameters.keys()).size !== [...parameters.keys()].length) return refuse('begin-again')
    const ticket = readTicket<Pending>(means.key, at.nowMs, 'single-sign-on', visit.browser, parameters.get('state') ?? '')
    if (ticket?.data.provider !== given.provider) return refuse('begin-again')
    const counts = [addressCount(means.key, visit.address)]
    const provider = await means.store.write(async (writing) => {
      const wait = await charge(writing, counts, at.nowMs)
      if (wait > 0) return refuse('slow-down', wait)
      return (await spendTicket(writing, ticket)) ? ((await findProvider(writing, given.provider)) ?? refuse('unknown-provider')) : refuse('begin-again')
    })
    if (isRefused(provider)) return provider
    const configuration = await this.configurationOf(provider, at.nowMs)
    if (!configuration) return refuse('provider-unreachable')
    const claims = await this.redeem(configuration, provider, parameters, ticket)
    if (!claims) {
      await means.store.write(async (writing) => means.record(writing, signInEvent(undefined, visit, 'not-confirmed', { provider: provider.name })))
      return refuse('not-confirmed')
    }
    return means.store.write(async (writing) => {
      const person = await personByClaims(writing, at, means, provider, claims, {
        link: ticket.data.link,
        address: visit.address,
        isStepUp: ticket.data.as !== undefined,
      })
      if (isRefused(person)) {
        await means.record(writing, signInEvent(person.personId, visit, person.refused, { provider: provider.name }))
        return refuse(person.refused)
      }
      await settle(writing, counts, 'right')
      const { returnTo, as } = ticket.data
      if (as !== undefined) {
        // Somebody else's session over there must not freshen this one.
        if (as !== person.id || live?.person.id !== as) return refuse('other-person')
        if (await provesTooLittle(writing, provider, as)) return refuse('proves-too-little')
        const proved = await provedAgain(writing, means, live, 'single-sign-on')
        return isRefused(proved) ? proved : { outcome: 'proved', session: proved, returnTo }
      }
      const proof = { methods: ['single-sign-on'], isTwofold: provider.provesSecondFactor } as const
      const result = await completeSignIn(writing, at, means, person, visit, proof)
      const detail = { method: 'single-sign-on', provider: provider.name, ...(!isRefused(result) && { leadsTo: result.outcome }) }
      await means.record(writing, signInEvent(person.id, visit, isRefused(result) ? result.refused : undefined, detail))
      return isRefused(result) ? result : { ...result, returnTo }
    })
  }

  /** Swaps the code for an ID token and checks it whole. Undefined for whatever is wrong with it: to the browser all of it is one. */
  private async redeem(configuration: Configuration, provider: Provider, parameters: URLSearchParams, ticket: { text: string; nonce: string; data: Pending }) {
    const { verifier, nonce } = this.derived(ticket.nonce)
    const url = new URL(`${callbackUrl(this.means.site, provider.name)}?${parameters}`)
    const checks = { pkceCodeVerifier: verifier, expectedState: ticket.text, expectedNonce: nonce, idTokenExpected: true }
    try {
      const tokens = await authorizationCodeGrant(configuration, url, { ...checks, ...(ticket.data.as !== undefined && { maxAge: FRESH_SECONDS }) })
      return tokens.claims()
    } catch (error) {
      // Programmer's errors are not the provider's.
      if (error instanceof ReferenceError) throw error
      return undefined
    }
  }

  private derived(ticketNonce: string): { readonly verifier: string; readonly nonce: string } {
    // Derived rather than stored: neither the store nor the address bar holds the verifier.
    return { verifier: tag(this.means.key, 'pkce-verifier', ticketNonce), nonce: tag(this.means.key, 'oidc-nonce', ticketNonce) }
  }

  private async configurationOf(provider: Provider, nowMs: number): Promise<Configuration | undefined> {
    const name = JSON.stringify([provider.name, provider.issuer, provider.clientId, provider.sealedSecret])
    const known = this.known.get(name)
    if (known && known.untilMs > nowMs) return known.configuration
    // Strangers begin sign-ins: however many do, a provider is asked once at a time, and not at once again when it did not answer.
    const asked =
      this.asked.get(name) ??
      this.discovered(provider)
        .then((configuration) => {
          for (const [each, { untilMs }] of this.known) if (untilMs <= nowMs) this.known.delete(each)
          this.known.set(name, { untilMs: nowMs + (configuration ? KNOWN_FOR_MS : SILENT_FOR_MS), configuration })
          return configuration
        })
        .finally(() => this.asked.delete(name))
    this.asked.set(name, asked)
    return asked
  }

  private async discovered(provider: Provider): Promise<Configuration | undefined> {
    const secret = Buffer.from(this.means.envelope.open(provider.sealedSecret, sealedFor(provider.name))).toString()
    const issuer = new URL(provider.issuer)
    // Signatures of ID tokens are verified although TLS vouches for the token endpoint: the one check more costs a key set.
    const execute = [enableNonRepudiationChecks, ...(issuer.protocol === 'http:' && isLoopback(issuer.hostname) ? [allowInsecureRequests] : [])]
    try {
      return await discovery(issuer, provider.clientId, undefined, ClientSecretBasic(secret), {
        execute,
        [customFetch]: egressFetch(this.means.egress),
      })
    } catch (error) {
      if (error instanceof ReferenceError) throw error
      return undefined
    }
  }
}
