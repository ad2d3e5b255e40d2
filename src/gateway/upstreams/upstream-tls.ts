// TLS to upstreams: what is offered and shown in the handshake, and whether the one who answers is the one that is meant.
import { constants, hash, X509Certificate } from 'node:crypto'
import { isIP, type TcpNetConnectOpts } from 'node:net'
import { connect, createSecureContext, type DetailedPeerCertificate, type SecureContext, type TLSSocket } from 'node:tls'
import { tlsProfiles } from '../../certificates/tls-profile.ts'
import type { UpstreamTrust } from '../../model/snapshot.ts'

/** Why no request goes to an upstream: the word that metrics count by, and the sentence of the log. */
export const DISTRUSTS = {
  expired: 'its certificate, or one above it, has expired',
  'not-yet-valid': 'its certificate, or one above it, is not valid yet',
  'unknown-issuer': 'its certificate leads to no authority that is believed',
  'self-signed': 'its certificate is vouched for by itself alone',
  'wrong-name': 'its certificate names another host',
  'wrong-purpose': 'its certificate is not for servers, or one above it not for authorities',
  revoked: 'its certificate, or one above it, is revoked',
  'revocation-unknown': 'an authority of its chain has no revocation list that is in force',
  'pin-mismatch': 'its chain holds no key that is pinned',
  'bad-certificate': 'its certificate, or one above it, is unsound',
  'refused-ours': 'it does not take the certificate that it is shown, or wants one',
  protocol: 'it speaks no TLS, or none that both sides can',
} as const
export type Distrust = keyof typeof DISTRUSTS

/** What is spoken to an upstream, as it is asked for (RFC 7301): one that can only something else says so in the handshake. */
export type Protocol = 'http/1.1' | 'h2'
/** RFC 9325 3.5: no renegotiation. RFC 9325 3.3: no compression (CRIME). */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION
const CHAIN_MAX = 16
const FOREVER = Number.POSITIVE_INFINITY

/** The contexts of a snapshot, one for all upstreams that trust and show the same, made with the first of them or taken over from the snapshot before. */
export class TrustContexts {
  private readonly trust: { readonly [digest: string]: UpstreamTrust }
  private readonly made = new Map<string, TrustContext>()

  constructor(trust: { readonly [digest: string]: UpstreamTrust }, before: TrustContexts | undefined) {
    this.trust = trust
    for (const [digest, context] of before?.made ?? []) if (Object.hasOwn(trust, digest)) this.made.set(digest, context)
  }
  of(digest: string): TrustContext {
    const context = this.made.get(digest) ?? new TrustContext(this.trust[digest]!)
    this.made.set(digest, context)
    return context
  }
}

/** `UpstreamTrust` with its certificates parsed. */
export class TrustContext {
  readonly secure: SecureContext
  readonly insecure: boolean
  readonly listsEndMs: number
  private readonly pins: ReadonlySet<string> | undefined

  constructor({ profile, authorities, revocationLists, listsEndMs = FOREVER, pins, certificate, insecure }: UpstreamTrust) {
    const { minVersion, ciphers, groups, signatures } = tlsProfiles[profile]
    this.insecure = insecure === true
    this.listsEndMs = listsEndMs
    this.pins = pins && new Set(pins)
    this.secure = createSecureContext({
      ...{ minVersion, ciphers, ecdhCurve: groups, sigalgs: signatures, secureOptions: OPTIONS },
      ...(authorities && { ca: [...authorities] }),
      ...(revocationLists && { crl: [...revocationLists] }),
      ...(certificate && { cert: certificate.chain, key: certificate.key }),
    })
  }
  /** RFC 7469 2.6: one key of the chain that was verified is enough. */
  pinned(chain: readonly X509Certificate[]): boolean {
    return this.pins === undefined || chain.some((certificate) => this.pins!.has(pinOf(certificate)))
  }
}

/** SHA-256 over the subjectPublicKeyInfo, in base64 (RFC 7469 2.4). */
export const pinOf = ({ publicKey }: X509Certificate): string => hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64')

/** What becomes of a handshake: one of the two is called, once, before anything is sent. `refused-ours` alone may still come after `verified`. */
export interface Handshake {
  /** `untilMs`: from then on what was proved does not hold any more. */
  verified(untilMs: number): void
  failed(distrust: Distrust): void
}

/** The TLS of one pool, with the session that its next handshake resumes. */
export class UpstreamTls {
  private readonly serverName: string
  private readonly context: TrustContext
  private readonly protocol: Protocol
  private session: { readonly octets: Buffer; readonly untilMs: number } | undefined

  /** `serverName`: a DNS name or an address, as certificates name them. */
  constructor(serverName: string, context: TrustContext, protocol: Protocol) {
    this.serverName = serverName
    this.context = context
    this.protocol = protocol
  }

  /** What is written to the socket leaves it when the other end is verified, and not before. */
  connect(way: TcpNetConnectOpts, nowMs: number, handshake: Handshake): TLSSocket {
    const { serverName, context } = this
    const session = this.session !== undefined && this.session.untilMs > nowMs ? this.session : undefined
    const socket = connect({
      ...way,
      secureContext: context.secure,
      // RFC 6066 3: an address is asked for by no name.
      ...(isIP(serverName) === 0 && { servername: serverName }),
      ALPNProtocols: [this.protocol],
      session: session?.octets,
      // Said outright: otherwise a variable of the environment decides.
      rejectUnauthorized: !context.insecure,
      // Node asks this of full handshakes alone, and reads common names as hosts: `judge` looks at all.
      checkServerIdentity: () => undefined,
    })
    // Node gives OpenSSL what is written before the end of the handshake, and OpenSSL sends it with the end: the verdict would come too late.
    socket.cork()
    let untilMs: number | undefined
    socket.once('secureConnect', () => {
      const verdict = this.judge(socket, session?.untilMs)
      if (typeof verdict === 'string') {
        this.session = undefined
        handshake.failed(verdict)
        socket.destroy()
        return
      }
      untilMs = verdict
      handshake.verified(verdict)
      socket.uncork()
    })
    // Heard from the beginning: Node asks OpenSSL for sessions only where somebody does. Those of TLS 1.2 come with the handshake, and count after it.
    socket.on('session', (octets) => {
      if (untilMs !== undefined) this.session = { octets, untilMs }
    })
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      const distrust = distrustOf(cause.code ?? '', !context.insecure && Boolean(socket.authorizationError))
      if (distrust === undefined) return
      this.session = undefined
      handshake.failed(distrust)
    })
    return socket
  }

  /**
   * Until when the other end is believed, or why it is not. A session that is resumed shows no certificate: it is of this very pool, so what the handshake
   * that began it proved still holds, until its time is over.
   */
  private judge(socket: TLSSocket, resumedUntilMs: number | undefined): number | Distrust {
    const { context, serverName } = this
    // RFC 9113 3.2: HTTP/2 over TLS is agreed on, or not spoken.
    if (this.protocol === 'h2' && socket.alpnProtocol !== 'h2') return 'protocol'
    if (context.insecure) return FOREVER
    if (!socket.authorized) return 'bad-certificate'
    if (socket.isSessionReused()) return resumedUntilMs ?? 'bad-certificate'
    const chain = chainOf(socket)
    const [own] = chain
    if (own === undefined) return 'bad-certificate'
    if (!names(own, serverName)) return 'wrong-name'
    if (!context.pinned(chain)) return 'pin-mismatch'
    return Math.min(context.listsEndMs, ...chain.map(({ validToDate }) => validToDate.getTime()))
  }
}

/** RFC 9525 6: names in subjectAltName alone, wildcards for one whole label. */
const names = (own: X509Certificate, serverName: string): boolean =>
  isIP(serverName) === 0
    ? own.checkHost(serverName, { subject: 'never', partialWildcards: false, wildcards: true }) !== undefined
    : own.checkIP(serverName) !== undefined

/**
 * From the server's own certificate to its root, each signed by the next. Node puts together what was sent by names alone, so that a server could send along
 * whatever key is pinned: the signatures are looked at once more.
 */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  let shown: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (shown?.raw !== undefined && chain.length < CHAIN_MAX) {
    const certificate = new X509Certificate(shown.raw)
    if (chain.length > 0 && !chain.at(-1)!.verify(certificate.publicKey)) break
    chain.push(certificate)
    shown = shown.issuerCertificate === shown ? undefined : shown.issuerCertificate
  }
  return chain
}

/** Codes of OpenSSL's verification, as Node names them. */
const VERIFICATION: { readonly [code: string]: Distrust } = {
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not-yet-valid',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown-issuer',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown-issuer',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown-issuer',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown-issuer',
  CERT_UNTRUSTED: 'unknown-issuer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed',
  INVALID_PURPOSE: 'wrong-purpose',
  CERT_REVOKED: 'revoked',
  UNABLE_TO_GET_CRL: 'revocation-unknown',
  UNABLE_TO_GET_CRL_ISSUER: 'revocation-unknown',
  UNABLE_TO_DECRYPT_CRL_SIGNATURE: 'revocation-unknown',
  CRL_SIGNATURE_FAILURE: 'revocation-unknown',
  CRL_NOT_YET_VALID: 'revocation-unknown',
  CRL_HAS_EXPIRED: 'revocation-unknown',
}
/** RFC 8446 6.2: alerts that are about the certificate of the one who hears them. */
const ABOUT_OURS = /_ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_[A-Z]+|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/

/** Undefined when the connection failed, and not TLS. */
function distrustOf(code: string, isUnverified: boolean): Distrust | undefined {
  if (isUnverified) return VERIFICATION[code] ?? 'bad-certificate'
  if (!code.startsWith('ERR_SSL_')) return undefined
  return ABOUT_OURS.test(code) ? 'refused-ours' : 'protocol'
}
