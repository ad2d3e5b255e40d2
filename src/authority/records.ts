// What the store keeps of Gatehouse's own certificate authorities: each with its sealed key, what it issued, what of that is revoked, and its list of that.
import type { SealedCollection } from '../ports/sealed-collection.ts'
import { collection, type Writing } from '../ports/store.ts'

export type AuthorityKeyKind = 'P-256' | 'P-384' | 'Ed25519'

export interface AuthorityRecord {
  readonly name: string
  /** PEM. */
  readonly certificate: string
  /** Lower-case hex SHA-256 of the certificate. */
  readonly thumbprint: string
  readonly kind: AuthorityKeyKind
  /** Its subject in DER and base64: the issuer of all that it signs, octet for octet. */
  readonly subject: string
  /** The subject key identifier, in hex (RFC 5280 4.2.1.2). */
  readonly keyId: string
  /** The private key: PKCS #8 in DER, sealed. */
  readonly sealed: string
  /** Where those who check its certificates find its list; absent: certificates do not say. */
  readonly crlUrl?: string
  readonly createdMs: number
  readonly createdBy: string
  readonly expiresMs: number
  /** Certificates that are kept: so many may be in its list. */
  readonly kept: number
  /** Counts changes that its holder sees, from 1. */
  readonly revision: number
}

/** RFC 5280 5.3.1, those that a client certificate can have. */
export const REASONS = ['unspecified', 'keyCompromise', 'affiliationChanged', 'superseded', 'cessationOfOperation', 'privilegeWithdrawn'] as const
export type Reason = (typeof REASONS)[number]

export interface CertificateRevocation {
  readonly atMs: number
  /** An actor's id. */
  readonly by: string
  readonly reason: Reason
  /** In the words of who did it. */
  readonly why: string
}
export interface CertificateRecord {
  readonly authority: string
  /** 32 digits of lower-case hex: 128 random bits. */
  readonly serial: string
  readonly consumer: string
  readonly label: string
  /** DNS names besides. */
  readonly names: readonly string[]
  readonly thumbprint: string
  /** Hex SHA-256 of the SubjectPublicKeyInfo. */
  readonly keyHash: string
  readonly key: string
  readonly fromMs: number
  readonly expiresMs: number
  readonly issuedMs: number
  readonly issuedBy: string
  /** There, or not: once there it stays. */
  readonly revoked?: CertificateRevocation
  readonly revision: number
}

/** One line of the list. */
export interface RevokedEntry {
  readonly atMs: number
  readonly reason: Reason
  readonly expiresMs: number
}
export interface CrlNumber {
  /** Grows with time itself, so that no list of a restored store comes before one that is out already (RFC 5280 5.2.3). */
  readonly number: number
}
export interface CrlRecord extends CrlNumber {
  readonly thisUpdateMs: number
  readonly nextUpdateMs: number
  /** DER in base64. */
  readonly der: string
}

export const authorities = collection<AuthorityRecord>('ca')
/** `authority/serial`. */
export const certificates = collection<CertificateRecord>('ca-certificate')
/** `consumer/authority/serial` and `hash of the key/authority/serial` of those that are not revoked: when each ends, in milliseconds since the epoch. */
export const certificatesByConsumer = collection<number>('ca-certificate-by-consumer')
export const certificatesByKey = collection<number>('ca-certificate-by-key')
/** `authority/serial`. */
export const revokedCertificates = collection<RevokedEntry>('ca-revoked')
/** Only a number after a restore: the list waits to be signed, and an older one would say that what is revoked counts. */
export const crls = collection<CrlRecord | CrlNumber>('ca-crl')
/** By hash of the public key, for ever: others have the private one. */
export const compromisedKeys = collection<{ readonly atMs: number }>('ca-compromised-key')

export const sealedPlace = (authority: string): string => `ca/${authority}`
export const sealedAuthorities: SealedCollection<AuthorityRecord> = {
  collection: authorities,
  map: (value, name, reseal) => ({ ...value, sealed: reseal(value.sealed, sealedPlace(name)) }),
}

export const stateOf = ({ revoked, expiresMs }: Pick<CertificateRecord, 'revoked' | 'expiresMs'>, nowMs: number): 'valid' | 'expired' | 'revoked' =>
  revoked !== undefined ? 'revoked' : expiresMs <= nowMs ? 'expired' : 'valid'

/** A certificate that is not revoked, found by its consumer and its key. */
export function enterIndexes(writing: Writing, { authority, serial, consumer, keyHash, expiresMs }: CertificateRecord): void {
  writing.put(certificatesByConsumer, `${consumer}/${authority}/${serial}`, expiresMs)
  writing.put(certificatesByKey, `${keyHash}/${authority}/${serial}`, expiresMs)
}
export function leaveIndexes(writing: Writing, { authority, serial, consumer, keyHash }: CertificateRecord): void {
  writing.remove(certificatesByConsumer, `${consumer}/${authority}/${serial}`)
  writing.remove(certificatesByKey, `${keyHash}/${authority}/${serial}`)
}
