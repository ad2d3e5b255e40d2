// What a handshake taught about the client: the name that it asked for, and the certificate that it showed. All requests of the connection share it.
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { CertificateShown } from '../../certificates/trust-domain.ts'
import { LOWER } from '../../http/octets.ts'
import type { RequestHead } from '../../http/request-head.ts'

/** As many of the certificates that a client sends are looked at. */
const SENT_MAX = 10

export class TlsPeer {
  /**
   * In lower case; '' for a client that asked for none, and for a session of TLS 1.2 that was resumed: OpenSSL does not tell its name. No trust depends on
   * that one: sessions are never resumed where clients are asked for certificates.
   */
  readonly serverName: string
  /** The same as octets, which the head of each request is compared with. */
  private readonly octets: Uint8Array
  /** Undefined: it showed none, or was not asked. */
  readonly shown: CertificateShown | undefined
  /** The latest other host that may be asked for on this connection too. */
  alike = ''

  /** `trust`: the id of the trust under which OpenSSL verified the client; undefined: clients are not asked. */
  constructor(socket: TLSSocket, trust: string | undefined) {
    const { servername } = socket as TLSSocket & { readonly servername?: string | false | null }
    this.serverName = servername ? servername.toLowerCase().replace(/\.$/, '') : ''
    this.octets = Buffer.from(this.serverName, 'latin1')
    this.shown = trust === undefined ? undefined : shownBy(socket, trust)
  }

  /** Whether the request is for the host that was asked for in the handshake; one that names no host is for no other. */
  isFor({ bytes, hostStart, hostNameEnd }: RequestHead): boolean {
    const { octets } = this
    const { length } = octets
    if (length === 0 || hostNameEnd === hostStart) return true
    if (hostNameEnd - hostStart !== length) return false
    for (let i = 0; i < length; i++) if (LOWER[bytes[hostStart + i]!] !== octets[i]) return false
    return true
  }
}

function shownBy(socket: TLSSocket, under: string): CertificateShown | undefined {
  const own = socket.getPeerX509Certificate()
  if (own === undefined) return undefined
  const sent: Buffer[] = []
  for (let above: X509Certificate | undefined = own.issuerCertificate; above !== undefined && sent.length < SENT_MAX; above = above.issuerCertificate)
    sent.push(above.raw)
  return new CertificateShown(own.raw, sent, { under, fault: socket.authorized ? undefined : String(socket.authorizationError) })
}
