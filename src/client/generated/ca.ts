// Generated from the operations on ca. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Makes a certificate authority for clients. Its private key is sealed by the envelope key, and no answer holds it. */
export const createAuthority = (to: Connection, input: { readonly body: { readonly name: string; readonly key?: 'P-256' | 'P-384' | 'Ed25519'; readonly days?: number; readonly crlUrl?: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly name: string; readonly certificate: string; readonly thumbprint: string; readonly key: 'P-256' | 'P-384' | 'Ed25519'; readonly crlUrl?: string; readonly created: string; readonly createdBy: string; readonly expires: string; readonly crlUpdated?: string; readonly crlNumber?: number }>> =>
  to.call('POST', '/ca', input)

/** A certificate authority, and its certificate. */
export const getAuthority = (to: Connection, input: { readonly parameters: { readonly ca: string } }): Promise<Answer<{ readonly name: string; readonly certificate: string; readonly thumbprint: string; readonly key: 'P-256' | 'P-384' | 'Ed25519'; readonly crlUrl?: string; readonly created: string; readonly createdBy: string; readonly expires: string; readonly crlUpdated?: string; readonly crlNumber?: number }>> =>
  to.call('GET', '/ca/{ca}', input)

/** A certificate by its serial number. */
export const getCertificate = (to: Connection, input: { readonly parameters: { readonly ca: string; readonly serial: string } }): Promise<Answer<{ readonly ca: string; readonly serial: string; readonly consumer: string; readonly label: string; readonly names: readonly string[]; readonly key: string; readonly thumbprint: string; readonly state: 'valid' | 'expired' | 'revoked'; readonly from: string; readonly expires: string; readonly issued: string; readonly issuedBy: string; readonly revoked?: string; readonly revokedBy?: string; readonly reason?: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation' | 'privilegeWithdrawn'; readonly revokedFor?: string }>> =>
  to.call('GET', '/ca/{ca}/certificates/{serial}', input)

/** Issues a certificate for a client, to a consumer, for the key of a certificate request (PKCS #10). */
export const issueCertificate = (to: Connection, input: { readonly parameters: { readonly ca: string }; readonly body: { readonly consumer: string; readonly request: string; readonly hours?: number; readonly names?: readonly string[]; readonly label?: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly certificate: string; readonly authority: string; readonly issued: { readonly ca: string; readonly serial: string; readonly consumer: string; readonly label: string; readonly names: readonly string[]; readonly key: string; readonly thumbprint: string; readonly state: 'valid' | 'expired' | 'revoked'; readonly from: string; readonly expires: string; readonly issued: string; readonly issuedBy: string; readonly revoked?: string; readonly revokedBy?: string; readonly reason?: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation' | 'privilegeWithdrawn'; readonly revokedFor?: string } }>> =>
  to.call('POST', '/ca/{ca}/certificates', input)

/** The certificate authorities, with their certificates. */
export const listAuthorities = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly certificate: string; readonly thumbprint: string; readonly key: 'P-256' | 'P-384' | 'Ed25519'; readonly crlUrl?: string; readonly created: string; readonly createdBy: string; readonly expires: string; readonly crlUpdated?: string; readonly crlNumber?: number }[] }>> =>
  to.call('GET', '/ca', input)

/** The certificates of an authority. Those that ended are kept for a week. */
export const listCertificates = (to: Connection, input: { readonly parameters: { readonly ca: string }; readonly query?: { readonly limit?: number; readonly cursor?: string; readonly consumer?: string; readonly state?: 'valid' | 'expired' | 'revoked' } }): Promise<Answer<{ readonly items: readonly { readonly ca: string; readonly serial: string; readonly consumer: string; readonly label: string; readonly names: readonly string[]; readonly key: string; readonly thumbprint: string; readonly state: 'valid' | 'expired' | 'revoked'; readonly from: string; readonly expires: string; readonly issued: string; readonly issuedBy: string; readonly revoked?: string; readonly revokedBy?: string; readonly reason?: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation' | 'privilegeWithdrawn'; readonly revokedFor?: string }[]; readonly next?: string }>> =>
  to.call('GET', '/ca/{ca}/certificates', input)

/** Forgets an authority, its key and its certificates, none of which counts any more. */
export const removeAuthority = (to: Connection, input: { readonly parameters: { readonly ca: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/ca/{ca}', input)

/** Revokes a certificate, for ever. The list that says so is signed when this is answered. */
export const revokeCertificate = (to: Connection, input: { readonly parameters: { readonly ca: string; readonly serial: string }; readonly body: { readonly reason?: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation' | 'privilegeWithdrawn'; readonly why?: string }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly ca: string; readonly serial: string; readonly consumer: string; readonly label: string; readonly names: readonly string[]; readonly key: string; readonly thumbprint: string; readonly state: 'valid' | 'expired' | 'revoked'; readonly from: string; readonly expires: string; readonly issued: string; readonly issuedBy: string; readonly revoked?: string; readonly revokedBy?: string; readonly reason?: 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation' | 'privilegeWithdrawn'; readonly revokedFor?: string }>> =>
  to.call('POST', '/ca/{ca}/certificates/{serial}/revoke', input)
