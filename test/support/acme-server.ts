// An ACME server for tests, small and strict (RFC 8555): it checks every signature, nonce, URL and order, really looks at the proofs, and can be told to fail.
import 'reflect-metadata'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import * as x509 from '@peculiar/x509'
import { type AcmeProof, proofFault } from './acme-proofs.ts'
import { bindingFault, jwkThumbprint, type PublicJwk, readJws } from './acme-signatures.ts'
import { type Made, makeCertificate, SERVER_AUTH } from './certificate-maker.ts'

export type Step =
  | 'directory'
  | 'newNonce'
  | 'newAccount'
  | 'account'
  | 'newOrder'
  | 'order'
  | 'authorization'
  | 'challenge'
  | 'finalize'
  | 'certificate'
  | 'revoke'
  | 'renewalInfo'
/** What one request of a step comes to: a problem, or an answer written by hand. */
export type Trouble =
  | { readonly problem: string; readonly status?: number; readonly retryAfter?: string }
  | { readonly answer: (request: IncomingMessage, response: ServerResponse, honest: () => Promise<unknown>) => unknown }
export const problem = (name: string, status = 400, retryAfter?: string): Trouble => ({
  ...{ problem: name, status },
  ...(retryAfter !== undefined && { retryAfter }),
})

export interface AcmeServerOptions {
  /** Where names are looked at: ports of 127.0.0.1. */
  readonly ports: () => { readonly http: number; readonly tls: number }
  readonly nowMs?: () => number
  /** Lifetime of what is issued, as offsets from now in milliseconds. */
  readonly life?: () => { readonly fromMs: number; readonly toMs: number }
  /** By key identifier, the MAC keys of accounts; given: an account needs one (RFC 8555 7.3.4). */
  readonly externalKeys?: { readonly [keyId: string]: Uint8Array }
  /** How often an order is seen `processing` before it is `valid`. */
  readonly processing?: number
  readonly renewalWindow?: () => { readonly start: string; readonly end: string }
  /** What is issued in place of what was ordered. */
  readonly wrong?: () => 'name' | 'key' | 'expired' | 'text' | 'authority' | 'issuer' | undefined
}

interface Account {
  readonly url: string
  readonly jwk: PublicJwk
  contact: readonly string[]
}
interface Order {
  readonly id: string
  readonly account: Account
  readonly name: string
  readonly token: string
  readonly replaces?: string
  status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid'
  authorization: 'pending' | 'valid' | 'invalid'
  error?: object
  chain?: string
  polls: number
}
const DAY = 86_400_000

export class AcmeServer {
  /** What a client did that RFC 8555 forbids. Empty at the end of every good test. */
  readonly faults: string[] = []
  /** Every request, as its step. */
  readonly asked: Step[] = []
  readonly orders: Order[] = []
  readonly accounts: Account[] = []
  readonly revoked: { readonly certificate: string; readonly reason: number }[] = []
  readonly authority: Made
  private readonly troubles = new Map<Step, Trouble[]>()
  private readonly nonces = new Set<string>()
  private readonly server: Server
  private readonly options: AcmeServerOptions
  /** PEM: what its own server is trusted by. */
  readonly trust: string

  private constructor(server: Server, trust: string, authority: Made, options: AcmeServerOptions) {
    this.server = server
    this.trust = trust
    this.authority = authority
    this.options = options
    server.on('request', (request, response) => void this.serve(request, response).catch((cause) => response.destroy(cause as Error)))
  }

  static async start(options: AcmeServerOptions): Promise<AcmeServer> {
    const root = await makeCertificate({ subject: 'CN=root of acme', authority: true })
    const own = await makeCertificate({ subject: 'CN=acme', issuer: root, names: ['localhost'], addresses: ['127.0.0.1'], purposes: [SERVER_AUTH] })
    const authority = await makeCertificate({ subject: 'CN=authority of acme', authority: true })
    const server = createServer({ cert: own.certificate, key: own.key }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new AcmeServer(server, root.certificate, authority, options)
  }
  async stop(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }
  get directory(): string {
    return `${this.origin}/directory`
  }
  /** The next requests of a step come to this, one each, in order. */
  trouble(step: Step, ...troubles: readonly Trouble[]): void {
    this.troubles.set(step, [...(this.troubles.get(step) ?? []), ...troubles])
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, place = '', id = '', type = ''] = (request.url ?? '').split('/')
    const step = place as Step
    this.asked.push(step)
    const body = await textOf(request)
    const honest = (): Promise<unknown> => this.answer(step, id, type as AcmeProof, request, body, response)
    const trouble = this.troubles.get(step)?.shift()
    if (trouble === undefined) await honest()
    else if ('answer' in trouble) await trouble.answer(request, response, honest)
    else this.problem(response, trouble.status ?? 400, trouble.problem, 'told to fail', trouble.retryAfter)
  }

  private async answer(step: Step, id: string, type: AcmeProof, request: IncomingMessage, body: string, response: ServerResponse): Promise<unknown> {
    if (step === 'directory' || step === 'newNonce' || step === 'renewalInfo') {
      if (request.method !== 'GET') return this.fault(response, `${step} is read by GET`)
      if (step === 'newNonce') return this.send(response, 204)
      if (step === 'renewalInfo') return this.send(response, 200, { suggestedWindow: this.options.renewalWindow!() }, { 'Retry-After': '21600' })
      const { externalKeys, renewalWindow } = this.options
      const place = (name: Step): string => `${this.origin}/${name}`
      const meta = { termsOfService: `${this.origin}/terms`, ...(externalKeys && { externalAccountRequired: true }) }
      const all = {
        newNonce: place('newNonce'),
        newAccount: place('newAccount'),
        newOrder: place('newOrder'),
        revokeCert: place('revoke'),
        keyChange: place('account'),
      }
      return this.send(response, 200, { ...all, ...(renewalWindow && { renewalInfo: place('renewalInfo') }), meta })
    }
    if (request.method !== 'POST' || request.headers['content-type'] !== 'application/jose+json')
      return this.fault(response, `${step} is asked by POST with application/jose+json (RFC 8555 6.2)`)
    const read = readJws(body, (kid) => this.accounts.find(({ url }) => url === kid)?.jwk)
    if (typeof read === 'string') return this.fault(response, read)
    const { header, payload } = read
    if (header.url !== `${this.origin}${request.url}`) return this.fault(response, `'url' is ${header.url} and not that of the request (RFC 8555 6.4)`)
    if (!this.nonces.delete(header.nonce)) return this.problem(response, 400, 'badNonce', 'unknown or used')
    if ((header.jwk !== undefined) !== (step === 'newAccount')) return this.fault(response, `${step} is signed by the wrong one of jwk and kid (RFC 8555 6.2)`)
    if (step === 'newAccount') return this.newAccount(response, header.jwk!, payload)
    const account = this.accounts.find(({ url }) => url === header.kid)!
    if (step === 'account') {
      account.contact = (payload as { contact: string[] }).contact
      return this.send(response, 200, { status: 'valid', contact: account.contact })
    }
    if (step === 'newOrder') return this.newOrder(response, account, payload)
    if (step === 'revoke') {
      this.revoked.push(payload as { certificate: string; reason: number })
      return this.send(response, 200)
    }
    const order = this.orders.find((each) => each.id === id && each.account === account)
    if (order === undefined) return this.problem(response, 404, 'malformed', 'no such order')
    return this.ofOrder(step, order, type, payload, response)
  }

  private newAccount(response: ServerResponse, jwk: PublicJwk, payload: unknown): ServerResponse {
    const {
      termsOfServiceAgreed,
      contact = [],
      externalAccountBinding,
    } = payload as { termsOfServiceAgreed?: boolean; contact?: string[]; externalAccountBinding?: unknown }
    if (termsOfServiceAgreed !== true) return this.problem(response, 403, 'userActionRequired', 'the terms are not agreed to')
    const { externalKeys } = this.options
    if (externalKeys && externalAccountBinding === undefined) return this.problem(response, 403, 'externalAccountRequired', 'a binding is missing')
    const wrong = externalKeys && bindingFault(externalAccountBinding, jwk, `${this.origin}/newAccount`, externalKeys)
    if (wrong) return this.problem(response, 403, 'unauthorized', wrong)
    const known = this.accounts.find((each) => jwkThumbprint(each.jwk) === jwkThumbprint(jwk))
    const account = known ?? { url: `${this.origin}/account/${this.accounts.length + 1}`, jwk, contact }
    if (!known) this.accounts.push(account)
    return this.send(response, known ? 200 : 201, { status: 'valid', contact: account.contact }, { Location: account.url })
  }

  private newOrder(response: ServerResponse, account: Account, payload: unknown): ServerResponse {
    const { identifiers, replaces } = payload as { identifiers: { type: string; value: string }[]; replaces?: string }
    if (identifiers?.length !== 1 || identifiers[0]!.type !== 'dns') return this.fault(response, 'an order is for one DNS name here')
    const order: Order = {
      ...{ id: String(this.orders.length + 1), account, name: identifiers[0]!.value, token: randomBytes(32).toString('base64url') },
      ...(replaces !== undefined && { replaces }),
      ...{ status: 'pending', authorization: 'pending', polls: 0 },
    }
    this.orders.push(order)
    return this.send(response, 201, this.told(order), { Location: `${this.origin}/order/${order.id}` })
  }

  private async ofOrder(step: Step, order: Order, type: AcmeProof, payload: unknown, response: ServerResponse): Promise<unknown> {
    switch (step) {
      case 'order':
        if (order.status === 'processing' && ++order.polls > (this.options.processing ?? 0)) order.status = 'valid'
        return this.send(response, 200, this.told(order), order.status === 'processing' ? { 'Retry-After': '1' } : {})
      case 'authorization':
        return this.send(response, 200, {
          ...{ identifier: { type: 'dns', value: order.name }, status: order.authorization },
          challenges: (['http-01', 'tls-alpn-01', 'dns-01'] as const).map((type) => this.challengeOf(order, type)),
        })
      case 'challenge':
        if (JSON.stringify(payload) !== '{}') return this.fault(response, 'a challenge is answered with an empty object (RFC 8555 7.5.1)')
        await this.look(order, type)
        return this.send(response, 200, this.challengeOf(order, type))
      case 'finalize':
        return this.finalize(order, payload, response)
      case 'certificate':
        if (order.status !== 'valid') return this.fault(response, 'a certificate is fetched before there is one')
        return this.send(response, 200, order.chain!, { 'Content-Type': 'application/pem-certificate-chain' })
      default:
        return this.fault(response, `there is no ${step}`)
    }
  }
  private challengeOf({ id, token, authorization, error }: Order, type: string): object {
    return { type, url: `${this.origin}/challenge/${id}/${type}`, token, status: authorization, ...(error && { error }) }
  }

  private async look(order: Order, type: AcmeProof): Promise<void> {
    const authorization = `${order.token}.${jwkThumbprint(order.account.jwk)}`
    const wrong = await proofFault(type, order.name, order.token, authorization, this.options.ports())
    order.authorization = wrong === undefined ? 'valid' : 'invalid'
    order.status = wrong === undefined ? 'ready' : 'invalid'
    if (wrong !== undefined) order.error = { type: 'urn:ietf:params:acme:error:unauthorized', detail: wrong }
  }

  private async finalize(order: Order, payload: unknown, response: ServerResponse): Promise<unknown> {
    if (order.status !== 'ready') return this.problem(response, 403, 'orderNotReady', `the order is ${order.status}`)
    const csr = new x509.Pkcs10CertificateRequest(Buffer.from((payload as { csr: string }).csr, 'base64url'))
    const names = namesOf(csr)
    if (!(await csr.verify())) return this.problem(response, 400, 'badCSR', 'the request is not signed by its key')
    if (JSON.stringify(names) !== JSON.stringify([{ type: 'dns', value: order.name }]))
      return this.problem(response, 400, 'badCSR', `the request names ${JSON.stringify(names)}, the order ${order.name}`)
    order.chain = await this.issue(order.name, csr)
    order.status = (this.options.processing ?? 0) > 0 ? 'processing' : 'valid'
    return this.send(response, 200, this.told(order), { Location: `${this.origin}/order/${order.id}` })
  }

  private async issue(name: string, csr: x509.Pkcs10CertificateRequest): Promise<string> {
    const { nowMs = Date.now, life = () => ({ fromMs: -3_600_000, toMs: 90 * DAY }), wrong } = this.options
    const what = wrong?.()
    if (what === 'text') return 'no certificate at all'
    const { fromMs, toMs } = what === 'expired' ? { fromMs: -2 * DAY, toMs: -DAY } : life()
    const spki = what === 'key' ? (await makeCertificate({})).parsed.publicKey : csr.publicKey
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: `00${randomBytes(15).toString('hex')}`.replace(/^00([0-7])/, '10$1'),
      subject: what === 'authority' ? this.authority.parsed.subject : `CN=issued ${this.orders.length}`,
      issuer: this.authority.parsed.subject,
      notBefore: new Date(nowMs() + fromMs),
      notAfter: new Date(nowMs() + toMs),
      publicKey: spki,
      signingKey: this.authority.keys.privateKey,
      signingAlgorithm: this.authority.signing,
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: what === 'name' ? `other.${name}` : name }]),
        new x509.ExtendedKeyUsageExtension([SERVER_AUTH]),
        // DER that ends before it has begun.
        what === 'issuer' ? new x509.Extension('2.5.29.35', false, Uint8Array.of(0x30, 0x7f)) : await this.issuerIdentifier(),
        ...(what === 'authority' ? [new x509.BasicConstraintsExtension(true, undefined, true)] : []),
      ],
    })
    return `${made.toString('pem')}\n${what === 'issuer' ? '' : this.authority.certificate}`
  }

  private issuerIdentifier(): Promise<x509.Extension> {
    return x509.AuthorityKeyIdentifierExtension.create(this.authority.parsed, false)
  }

  private told({ id, status, name, error }: Order): object {
    return {
      ...{
        status,
        identifiers: [{ type: 'dns', value: name }],
        authorizations: [`${this.origin}/authorization/${id}`],
        finalize: `${this.origin}/finalize/${id}`,
      },
      ...(status === 'valid' && { certificate: `${this.origin}/certificate/${id}` }),
      ...(error && { error }),
    }
  }

  private fault(response: ServerResponse, what: string): ServerResponse {
    this.faults.push(what)
    return this.problem(response, 400, 'malformed', what)
  }
  private problem(response: ServerResponse, status: number, kind: string, detail: string, retryAfter?: string): ServerResponse {
    const fields = { 'Content-Type': 'application/problem+json', ...(retryAfter !== undefined && { 'Retry-After': retryAfter }) }
    return this.send(response, status, { type: `urn:ietf:params:acme:error:${kind}`, detail, status }, fields)
  }
  private send(response: ServerResponse, status: number, body?: object | string, fields: { readonly [name: string]: string } = {}): ServerResponse {
    const nonce = createHash('sha256').update(randomBytes(16)).digest('base64url')
    this.nonces.add(nonce)
    response.writeHead(status, { 'Replay-Nonce': nonce, 'Content-Type': 'application/json', ...fields })
    return response.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function namesOf(csr: x509.Pkcs10CertificateRequest): unknown {
  const extension = csr.getExtension('2.5.29.17')
  return extension && new x509.SubjectAlternativeNameExtension(extension.rawData).names.toJSON()
}
