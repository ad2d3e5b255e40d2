// What a gateway thread answers to ACME servers that look whether a name leads here: tokens by host in clear, certificates by name under TLS.
import { createSecureContext, type SecureContext } from 'node:tls'
import { ACME_HTTP, type AcmeChallenges, NO_CHALLENGES } from '../../model/acme.ts'
import type { Reply } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'

/** RFC 8555 8.3: the key authorization and nothing else. */
const FIELDS: Reply['fields'] = [
  ['Content-Type', 'application/octet-stream'],
  ['Cache-Control', 'no-store'],
]

/** Swapped whole. While nothing is pending it costs requests and handshakes nothing. */
export class Challenges {
  private readonly replies = new Map<string, Reply>()
  private readonly contexts = new Map<string, SecureContext>()

  constructor({ http, tls }: AcmeChallenges = NO_CHALLENGES) {
    for (const { host, token, authorization } of http)
      this.replies.set(`${host}${ACME_HTTP}${token}`, { kind: 'reply', status: 200, fields: FIELDS, body: authorization })
    for (const { host, certificate, key } of tls) this.contexts.set(host, createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }))
  }

  /** The answer to a request in clear for exactly this host and token; undefined for everything else, which goes its usual way. */
  reply({ head, method, path, query }: Exchange): Reply | undefined {
    if (this.replies.size === 0 || method !== 'GET' || query !== undefined || head.ambiguities !== 0) return undefined
    return this.replies.get(`${head.hostName}${path}`)
  }
  /** RFC 8737 3: for exactly the names that are being proved. */
  context(name: string): SecureContext | undefined {
    return this.contexts.get(name.toLowerCase())
  }
}
