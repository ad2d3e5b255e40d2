// The steps of RFC 8555 as an account takes them: account, order, authorization, challenge, certificate, revocation. Every wait is bounded.
import type { AccountKey } from './account-key.ts'
import type { AcmeConnection, Answer } from './connection.ts'
import { AcmeFailure, membersOf, problemOf } from './problem.ts'

export type ChallengeType = 'http-01' | 'tls-alpn-01'

/** RFC 8555 7.1.3. */
export interface Order {
  readonly url: string
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'
  readonly authorizations: readonly string[]
  readonly finalize: string
  readonly certificate?: string
  readonly error?: unknown
  /** How long the server asks to be left alone (RFC 8555 7.4). */
  readonly retryAfterMs?: number | undefined
}
/** RFC 8555 7.1.4. */
export interface Authorization {
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked'
  readonly name: string
  readonly challenges: readonly Challenge[]
  readonly retryAfterMs?: number | undefined
}
export interface Challenge {
  readonly type: string
  readonly url: string
  readonly token: string
  readonly status: string
  readonly error?: unknown
}
export interface NewAccount {
  readonly contact: readonly string[]
  readonly externalAccount?: { readonly keyId: string; readonly secret: Uint8Array }
}

/** How an order waits for the server: it is asked again after what it says, within these bounds. */
export interface Waiting {
  pause(ms: number): Promise<void>
  /** When the whole try is over, milliseconds since the epoch. */
  readonly untilMs: number
  readonly nowMs: () => number
}
const POLL_MS = 1000
const POLL_MS_MAX = 15_000

const ORDER_STATES = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const
const AUTHORIZATION_STATES = ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'] as const

export class AcmeClient {
  private readonly connection: AcmeConnection
  private readonly key: AccountKey
  /** The account's URL, once it is known. */
  private account: string | undefined

  constructor(connection: AcmeConnection, key: AccountKey, account?: string) {
    this.connection = connection
    this.key = key
    this.account = account
  }

  /** Makes the account, or finds the one that this key has (RFC 8555 7.3); answers its URL. */
  async register({ contact, externalAccount }: NewAccount): Promise<string> {
    const { newAccount, needsExternalAccount } = await this.connection.directory()
    if (needsExternalAccount && externalAccount === undefined)
      throw new AcmeFailure('externalAccountRequired', 'the authority takes accounts it knows alone: gateway.acme needs externalAccount')
    const binding = externalAccount && this.key.externalBinding(newAccount, externalAccount.keyId, externalAccount.secret)
    const payload = { termsOfServiceAgreed: true, contact, ...(binding !== undefined && { externalAccountBinding: binding }) }
    const doing = 'making the account'
    const { location, json } = await this.connection.post(newAccount, this.key, undefined, payload, doing)
    if (json['status'] !== 'valid') throw new AcmeFailure('unauthorized', `${doing}: the account is not valid any more`)
    this.account = this.connection.place(location, 'the URL of the account')
    return this.account
  }

  /** RFC 8555 7.3.2; answers the URL that the account has. */
  async changeContact(contact: readonly string[]): Promise<string> {
    await this.post(this.account!, { contact }, 'changing the contact')
    return this.account!
  }
  keyAuthorization(token: string): string {
    return this.key.authorization(token)
  }

  /** `replaces`: the certificate that this one renews (RFC 9773 5), where the server knows of renewal information. */
  async newOrder(name: string, replaces?: string): Promise<Order> {
    const { newOrder, renewalInfo } = await this.connection.directory()
    const payload = { identifiers: [{ type: 'dns', value: name }], ...(replaces !== undefined && renewalInfo !== undefined && { replaces }) }
    const answer = await this.post(newOrder, payload, 'ordering')
    return this.orderOf(this.connection.place(answer.location, 'the URL of the order'), answer)
  }
  async order(url: string): Promise<Order> {
    return this.orderOf(url, await this.post(url, undefined, 'looking at the order'))
  }

  async authorization(url: string): Promise<Authorization> {
    const { json, retryAfterMs } = await this.post(url, undefined, 'looking at an authorization')
    const { type, value } = membersOf(json['identifier'])
    const challenges = (Array.isArray(json['challenges']) ? json['challenges'].slice(0, 20) : []).map((each): Challenge => {
      const { type: kind, url: place, token, status, error } = membersOf(each)
      return { type: String(kind), url: String(place), token: String(token), status: String(status), error }
    })
    const name = type === 'dns' ? String(value).toLowerCase() : ''
    return { status: oneOf(AUTHORIZATION_STATES, json['status'], 'an authorization'), name, challenges, retryAfterMs }
  }

  /** Tells the server that the challenge can be looked at (RFC 8555 7.5.1). */
  async respond({ url }: Challenge): Promise<void> {
    await this.post(this.connection.place(url, 'the URL of a challenge'), {}, 'answering a challenge')
  }

  /** Waits for the server's judgement. Rejects with its reason when it is no. */
  async validated(url: string, type: ChallengeType, waiting: Waiting): Promise<void> {
    const { status, challenges } = await this.polled(waiting, 'validating', async () => {
      const authorization = await this.authorization(url)
      return { isDone: authorization.status !== 'pending', value: authorization }
    })
    if (status === 'valid') return
    const challenge = challenges.find((each) => each.type === type)
    throw challenge?.error === undefined
      ? new AcmeFailure('unauthorized', `the authorization is ${status}`)
      : problemOf(challenge.error, `the proof by ${type}`)
  }

  /** Waits until the order knows that its name is proved. */
  async settled(url: string, waiting: Waiting): Promise<Order> {
    const order = await this.polled(waiting, 'waiting for the order', async () => {
      const value = await this.order(url)
      return { isDone: value.status !== 'pending', value }
    })
    if (order.status === 'invalid') throw problemOf(order.error, 'the order')
    return order
  }

  async finalize({ url, finalize }: Order, csr: string): Promise<Order> {
    return this.orderOf(url, await this.post(finalize, { csr }, 'handing in the request'))
  }

  /** Waits until the certificate is made; answers its chain in PEM form. */
  async issued(url: string, waiting: Waiting): Promise<string> {
    const { status, certificate, error } = await this.polled(waiting, 'waiting for the certificate', async () => {
      const order = await this.order(url)
      return { isDone: order.status === 'valid' || order.status === 'invalid', value: order }
    })
    if (status !== 'valid') throw problemOf(error, 'the order')
    return this.download(certificate)
  }
  async download(certificate: string | undefined): Promise<string> {
    return (await this.post(this.connection.place(certificate, 'the URL of the certificate'), undefined, 'fetching the certificate')).text
  }

  /** RFC 8555 7.6. `certificate`: DER. */
  async revoke(certificate: Uint8Array, reason?: number): Promise<void> {
    const { revokeCert } = await this.connection.directory()
    await this.post(revokeCert, { certificate: Buffer.from(certificate).toString('base64url'), ...(reason !== undefined && { reason }) }, 'revoking')
  }

  private post(url: string, payload: unknown, doing: string): Promise<Answer> {
    if (this.account === undefined) throw new Error('an account is registered before anything is asked of it')
    return this.connection.post(url, this.key, this.account, payload, doing)
  }

  private orderOf(url: string, { json, retryAfterMs }: Answer): Order {
    const authorizations = Array.isArray(json['authorizations']) ? json['authorizations'] : []
    if (authorizations.length !== 1) throw new AcmeFailure('unexpected', 'an order for one name has one authorization (RFC 8555 7.1.3)')
    return {
      url,
      status: oneOf(ORDER_STATES, json['status'], 'the order'),
      authorizations: authorizations.map((each) => this.connection.place(each, 'the URL of an authorization')),
      finalize: this.connection.place(json['finalize'], "'finalize' of the order"),
      ...(typeof json['certificate'] === 'string' && { certificate: json['certificate'] }),
      ...(json['error'] !== undefined && { error: json['error'] }),
      retryAfterMs,
    }
  }

  /** Asks again and again, less and less often and as rarely as the server wants, until there is an answer or the time is over. */
  private async polled<T extends { readonly retryAfterMs?: number | undefined }>(
    { pause, untilMs, nowMs }: Waiting,
    doing: string,
    ask: () => Promise<{ readonly isDone: boolean; readonly value: T }>,
  ): Promise<T> {
    for (let wait = POLL_MS; ; wait *= 1.5) {
      const { isDone, value } = await ask()
      if (isDone) return value
      const waitMs = Math.min(Math.max(value.retryAfterMs ?? 0, wait), POLL_MS_MAX)
      if (nowMs() + waitMs > untilMs) throw new AcmeFailure('tooSlow', `${doing}: the server did not come to an end in time`)
      await pause(waitMs)
    }
  }
}

function oneOf<const T extends readonly string[]>(words: T, value: unknown, what: string): T[number] {
  if (!words.includes(value as string)) throw new AcmeFailure('unexpected', `${what} has a status that RFC 8555 does not know`)
  return value as T[number]
}
