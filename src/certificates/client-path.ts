// The way from a client's certificate up to an authority that is believed (RFC 5280 6.1), checked by ourselves.
import type { CertificateProblem } from '../model/client-certificate.ts'
import { type Certificate, DIGITAL_SIGNATURE, isInForce, KEY_AGREEMENT, KEY_CERT_SIGN } from './certificate.ts'

export interface FoundPath {
  /** The client's own first, then its authorities, as far up as the trust store goes. */
  readonly path: readonly Certificate[]
  /** Where on the path the first authority of the trust store stands. */
  readonly anchor: number
}
export type ClientPath = FoundPath | { readonly problem: Extract<CertificateProblem, 'untrusted' | 'self-signed' | 'wrong-purpose'> }

/** Longer paths are none of clients. The bounds on signatures and on looks are for whoever sends certificates that lead in circles. */
const PATH_MAX = 8
const SIGNATURES_MAX = 64
const LOOKS_MAX = 8192
/** RFC 5280 4.2.1.12: id-kp-clientAuth, and anyExtendedKeyUsage. */
const CLIENT_AUTH = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0'])

/**
 * Any certificate of the trust store is where a path may end, an authority in the middle too. A path on which all are in force is found before another, as
 * authorities that were renewed stand beside what they had before; how the dates of the path are judged is for each request.
 * `sent`: what came along. `verified`: OpenSSL found a path to the same authorities, and has checked on it what is beyond us.
 */
export function findClientPath(
  own: Certificate,
  sent: readonly Certificate[],
  authorities: readonly Certificate[],
  verified: boolean,
  nowMs: number,
): ClientPath {
  if (!isForClients(own)) return { problem: 'wrong-purpose' }
  const search = new Search(verified)
  const current = (certificate: Certificate): boolean => isInForce(certificate, nowMs)
  const found = search.from(own, sent.filter(current), authorities.filter(current)) ?? search.from(own, sent, authorities)
  if (found !== undefined) return found
  return { problem: own.x509.checkIssued(own.x509) ? 'self-signed' : 'untrusted' }
}

/** TLS asks for a signature of the client's key (RFC 8446 4.4.3), or agrees on a key with it. */
const isForClients = ({ purposes, keyUsage, isAuthority }: Certificate): boolean =>
  !isAuthority &&
  (purposes === undefined || purposes.some((purpose) => CLIENT_AUTH.has(purpose))) &&
  (keyUsage === undefined || (keyUsage & (DIGITAL_SIGNATURE | KEY_AGREEMENT)) !== 0)

class Search {
  private readonly verified: boolean
  private sent: readonly Certificate[] = []
  private authorities: readonly Certificate[] = []
  private signatures = 0
  private looks = 0

  constructor(verified: boolean) {
    this.verified = verified
  }

  /** The bounds are those of all searches together. */
  from(own: Certificate, sent: readonly Certificate[], authorities: readonly Certificate[]): FoundPath | undefined {
    this.sent = sent
    this.authorities = authorities
    return own.isWeak || this.isBeyondUs(own) ? undefined : this.up([own])
  }

  /** Authorities that are believed before those that were sent: the shortest way is found first. */
  private up(path: readonly Certificate[]): FoundPath | undefined {
    const whole = this.further(path)
    if (whole.length > path.length) return { path: whole, anchor: path.length }
    if (path.length >= PATH_MAX) return undefined
    for (const candidate of this.sent) {
      if (path.includes(candidate) || !this.issued(candidate, path)) continue
      const found = this.up([...path, candidate])
      if (found !== undefined) return found
    }
    return undefined
  }

  private believed(path: readonly Certificate[]): Certificate | undefined {
    return this.authorities.find((candidate) => !path.includes(candidate) && this.issued(candidate, path))
  }
  /** What of the trust store stands above: it may have taken an authority back, or give it another name. */
  private further(path: readonly Certificate[]): readonly Certificate[] {
    const above = this.believed(path)
    return above === undefined ? path : this.further([...path, above])
  }

  private issued(authority: Certificate, path: readonly Certificate[]): boolean {
    const { x509, isWeak } = path.at(-1)!
    if (++this.looks > LOOKS_MAX || !authority.isAuthority || this.isBeyondUs(authority)) return false
    if (authority.keyUsage !== undefined && (authority.keyUsage & KEY_CERT_SIGN) === 0) return false
    // RFC 5280 6.1.4 (m): authorities between this one and the client's own.
    if (path.length - 1 > authority.pathLength) return false
    // An authority that is for something else alone vouches for no client: what browsers and OpenSSL hold authorities to.
    if (authority.purposes !== undefined && !authority.purposes.some((purpose) => CLIENT_AUTH.has(purpose))) return false
    if (isWeak || !x509.checkIssued(authority.x509)) return false
    if (++this.signatures > SIGNATURES_MAX) return false
    return x509.verify(authority.x509.publicKey)
  }

  /** RFC 5280 4.2: who meets a critical extension that it does not know refuses the certificate. */
  private isBeyondUs({ isBeyondUs }: Certificate): boolean {
    return isBeyondUs && !this.verified
  }
}
