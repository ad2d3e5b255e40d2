// What is known of a certificate that a client shows, every way in which it can fail, and how the directory knows it.
import { hash } from 'node:crypto'

/** A client's certificate as policies see it. One value for as long as nothing about it changes; it outlives the request. */
export interface ClientCertificate {
  /** Lower-case hex SHA-256 of the certificate. */
  readonly thumbprint: string
  /** The same as RFC 8705 3.1 writes it: base64url, `x5t#S256`. */
  readonly x5tS256: string
  /** As RFC 4514 writes it, the most specific name first; '' for a certificate without one. */
  readonly subject: string
  /** Of `subjectAltName`: `dns:`, `email:`, `uri:` and `ip:` names. */
  readonly names: readonly string[]
  /** Why it is not believed, as of this request; undefined: it is. */
  readonly problem: CertificateProblem | undefined
  /** Names of the trust stores that hold an authority it descends from. Empty when it is not believed. */
  readonly trust: readonly string[]
  /** The certificate in DER form, for who passes it on. */
  readonly raw: Uint8Array
}

/** `says` is public: it tells the caller about the certificate that is the caller's own. */
interface Text {
  readonly says: string
  readonly ref: string
  readonly mend: string
}
export const certificateProblems = {
  unreadable: {
    says: 'The client certificate cannot be read.',
    ref: 'RFC 5280 4.1',
    mend: 'Show an X.509 certificate of version 3 in DER form. A proxy sends it as RFC 9440 says: one field `Client-Cert`, a byte sequence between colons.',
  },
  untrusted: {
    says: 'The client certificate was issued by nobody who is believed here.',
    ref: 'RFC 5280 6',
    mend: 'Show a certificate of an authority in the trust store, and send the certificates between the two along with it. The operator names authorities with `clients` of the listener, and those of one API with `trust` of the policy.',
  },
  'self-signed': {
    says: 'The client certificate vouches for itself.',
    ref: 'RFC 5280 6.1',
    mend: 'Have it issued by an authority that is believed here.',
  },
  expired: {
    says: 'The client certificate, or one that it was issued under, has expired.',
    ref: 'RFC 5280 4.1.2.5',
    mend: 'Renew the certificate. If it is a new one: make a new connection.',
  },
  'not-yet-valid': {
    says: 'The client certificate, or one that it was issued under, is not valid yet.',
    ref: 'RFC 5280 4.1.2.5',
    mend: 'Compare the clocks of authority and gateway; then make a new connection.',
  },
  revoked: {
    says: 'The client certificate, or one that it was issued under, was revoked.',
    ref: 'RFC 5280 5',
    mend: 'Ask its authority why, and for another one.',
  },
  'wrong-purpose': {
    says: 'The certificate is not one for clients.',
    ref: 'RFC 5280 4.2.1.12',
    mend: 'Show a certificate whose extended key usage holds clientAuth (1.3.6.1.5.5.7.3.2), or that has none, and whose key usage allows signatures.',
  },
  'status-unknown': {
    says: 'Whether the client certificate was revoked cannot be told.',
    ref: 'RFC 5280 6.3',
    mend: 'No revocation list that the operator gave covers it: `crl` of the listener needs one of each authority on the way to the trust store.',
  },
  'status-stale': {
    says: 'What is known of revoked client certificates is too old.',
    ref: 'RFC 5280 5.1.2.5',
    mend: 'The operator puts the current revocation list of the authority in place of the one that is past its next update; `staleness` says for how long an old one still counts.',
  },
} as const satisfies Record<string, Text>
export type CertificateProblem = keyof typeof certificateProblems

/** How a consumer is known by a certificate: by itself, or by a name in it together with the trust store that its authority must be in. */
export type CertificateCredential =
  | { readonly kind: 'thumbprint'; readonly thumbprint: string }
  | { readonly kind: 'subject' | 'san'; readonly name: string; readonly trust: string }

/**
 * What the directory holds in place of a certificate, beside the digests of keys. The first octet is none that a text in UTF-8 can have: no API key, however
 * it is made up, has the digest of a certificate.
 */
export function certificateDigest(credential: CertificateCredential): string {
  const parts = credential.kind === 'thumbprint' ? [credential.thumbprint] : [credential.trust, credential.name]
  return hash('sha256', Buffer.concat([Buffer.of(0xff), Buffer.from(['client-certificate', credential.kind, ...parts].join('\0'))]))
}
