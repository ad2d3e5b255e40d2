// A real OpenID provider on loopback, a browser that walks through it, and an egress that lets loopback through.
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { randomSecret } from '../../src/base/ids.ts'
import type { Egress } from '../../src/ports/egress.ts'

/** Who is signed in over there: the subject and what is said of them. */
export interface Account {
  readonly sub: string
  readonly name?: string
  readonly email?: string
  readonly email_verified?: boolean
  readonly groups?: readonly string[]
}
export interface IdentityProvider {
  readonly issuer: string
  readonly clientSecret: string
  /** What the next sign-in over there says. */
  account: Account
  /** Walks from the authorization address to where the provider sends the browser back. */
  walk(url: string): Promise<string>
  close(): Promise<void>
}

export async function identityProvider(callbacks: readonly string[]): Promise<IdentityProvider> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const clientSecret = Buffer.from(randomSecret(24)).toString('base64url')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const accounts = new Map<string, Account>()
  const provider = new Provider(issuer, {
    clients: [
      { client_id: 'gatehouse', client_secret: clientSecret, redirect_uris: [...callbacks], grant_types: ['authorization_code'], response_types: ['code'] },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] },
    cookies: { keys: [Buffer.from(randomSecret(24)).toString('hex')] },
    features: { devInteractions: { enabled: false } },
    claims: { openid: ['sub', 'groups', 'auth_time'], profile: ['name'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...accounts.get(sub), sub }) }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({ clientId: context.oidc.client!.clientId, accountId: context.oidc.session!.accountId! })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Grant: 60, Interaction: 60, Session: 60 },
  })
  // It tells of errors that tests cause; they are looked at in the answers.
  provider.on('server_error', () => {})
  const handle = provider.callback()
  const found: IdentityProvider = { issuer, clientSecret, account: { sub: 'nobody' }, walk, close }
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void handle(request, response)
    accounts.set(found.account.sub, found.account)
    void provider.interactionFinished(request, response, { login: { accountId: found.account.sub } })
  })
  async function walk(url: string): Promise<string> {
    const jar = new Map<string, string>()
    for (let hop = 0, at = url; hop < 10; hop++) {
      const answer = await fetch(at, { redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } })
      const text = await answer.text()
      for (const line of answer.headers.getSetCookie()) {
        const [pair = ''] = line.split(';')
        const equals = pair.indexOf('=')
        jar.set(pair.slice(0, equals), pair.slice(equals + 1))
      }
      const location = answer.headers.get('location')
      if (location === null) throw new Error(`${answer.status} at ${at}: ${text.slice(0, 300)}`)
      at = new URL(location, at).href
      if (!at.startsWith(issuer)) return at
    }
    throw new Error('the provider goes in circles')
  }
  function close(): Promise<void> {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(() => resolve()))
  }
  return found
}

/** An egress that lets everything through and remembers where it went. `change` alters answers on their way. */
export function openEgress(change?: (url: string, body: string) => string): Egress & { readonly urls: string[] } {
  const urls: string[] = []
  return {
    urls,
    async fetch({ method, url, headers, body }) {
      urls.push(url)
      const answer = await fetch(url, { method, redirect: 'manual', ...(headers && { headers }), ...(body !== undefined && { body: body as string }) })
      const text = await answer.text()
      return { status: answer.status, headers: Object.fromEntries(answer.headers), body: Buffer.from(change ? change(url, text) : text) }
    },
  }
}
