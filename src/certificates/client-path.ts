// The way from a client's certificate up to an authority that is believed (RFC 5280 6.1), checked by ourselves.
import type { CertificateProblem } from '../model/client-certificate.ts'
import { type Certificate, DIGITAL_SIGNATURE, KEY_AGREEMENT, KEY_CERT_SIGN } from './certificate.ts'

export type ClientPath =
  | {
      /** The client's own first, the authority that is believed last. */
      readonly path: readonly Certificate[]
    }
  | { readonly problem: Extract<CertificateProblem, 'untrusted' | 'self-signed' | 'wrong-purpose'> }

/** Longer paths are none of clients. The bounds on signatures and on looks are for whoever sends certificates that lead in circles. */
const PATH_MAX = 8
const SIGNATURES_MAX = 64
const LOOKS_MAX = 4096
/** RFC 5280 4.2.1.12: id-kp-clientAuth, and anyExtendedKeyUsage. */
const CLIENT_AUTH = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

/**
 * Any certificate of the trust store is where a path may end, an authority in the middle too. Dates are not looked at: they are judged with each request.
 * `sent`: what came along. `verified`: OpenSSL found a path to the same authorities, and has checked on it what is beyond us.
 */
export function findClientPath(own: Certificate, sent: readonly Certificate[], authorities: readonly Certificate[], verified: boolean): ClientPath {
  if (!isForClients(own)) return { problem: 'wrong-purpose' }
  const path = new Search(sent, authorities, verified).from(own)
  if (path !== undefined) return { path }
  return { problem: own.x509.checkIssued(own.x509) ? 'self-signed' : 'untrusted' }
}

/** TLS asks for a signature of the client's key (RFC 8446 4.4.3), or agrees on a key with it. */
const isForClients = ({ purposes, keyUsage, isAuthority }: Certificate): boolean =>
  !isAuthority &&
  (purposes === undefined || purposes.some((purpose) => CLIENT_AUTH.has(purpose))) &&
  (keyUsage === undefined || (keyUsage & (DIGITAL_SIGNATURE | KEY_AGREEMENT)) !== 0)

class Search {
  private readonly sent: readonly Certificate[]
  private readonly authorities: readonly Certificate[]
  private readonly verified: boolean
  private signatures = 0
  private looks = 0

  constructor(sent: readonly Certificate[], authorities: readonly Certificate[], verified: boolean) {
    this.sent = sent
    this.authorities = authorities
    this.verified = verified
  }

  from(own: Certificate): readonly Certificate[] | undefined {
    return this.isBeyondUs(own) ? undefined : this.up([own])
  }

  /** Authorities that are believed before those that were sent: the shortest way is found first. */
  private up(path: readonly Certificate[]): readonly Certificate[] | undefined {
    const last = path.at(-1)!
    const anchor = this.authorities.find((candidate) => this.issued(candidate, last, path))
    if (anchor !== undefined) return [...path, anchor]
    if (path.length >= PATH_MAX) return undefined
    for (const candidate of this.sent) {
      if (path.includes(candidate) || !this.issued(candidate, last, path)) continue
      const whole = this.up([...path, candidate])
      if (whole !== undefined) return whole
    }
    return undefined
  }

  private issued(authority: Certificate, { x509 }: Certificate, path: readonly Certificate[]): boolean {
    if (++this.looks > LOOKS_MAX || !authority.isAuthority || this.isBeyondUs(authority)) return false
    if (authority.keyUsage !== undefined && (authority.keyUsage & KEY_CERT_SIGN) === 0) return false
    // RFC 5280 6.1.4 (m): authorities between this one and the client's own.
    if (path.length - 1 > authority.pathLength) return false
    // An authority that is for something else alone vouches for no client: what browsers and OpenSSL hold authorities to.
    if (authority.purposes !== undefined && !authority.purposes.some((purpose) => CLIENT_AUTH.has(purpose))) return false
    if (!x509.checkIssued(authority.x509) || isForgeable(x509.signatureAlgorithm)) return false
    if (++this.signatures > SIGNATURES_MAX) return false
    return x509.verify(authority.x509.publicKey)
  }

  /** RFC 5280 4.2: who meets a critical extension that it does not know refuses the certificate. */
  private isBeyondUs({ isBeyondUs }: Certificate): boolean {
    return isBeyondUs && !this.verified
  }
}

const isForgeable = (algorithm: string | undefined): boolean => algorithm === undefined || /sha1|md[245]/i.test(algorithm)
