// Generated from the operations on acme. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Names that listeners have certificates got for by ACME: valid until when, what failed last, what comes next. */
export const listAcmeCertificates = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly state: 'waiting' | 'ordering' | 'valid' | 'expired'; readonly directory?: string; readonly issued?: string; readonly expires?: string; readonly next: string; readonly failures: number; readonly failed?: string; readonly why?: string; readonly heldUntil?: string }[]; readonly next?: string }>> =>
  to.call('GET', '/acme/certificates', input)

/** Orders another certificate for a name now. The one that is shown stays until the other one is there. */
export const renewAcmeCertificate = (to: Connection, input: { readonly parameters: { readonly name: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly name: string; readonly state: 'waiting' | 'ordering' | 'valid' | 'expired'; readonly directory?: string; readonly issued?: string; readonly expires?: string; readonly next: string; readonly failures: number; readonly failed?: string; readonly why?: string; readonly heldUntil?: string }>> =>
  to.call('POST', '/acme/certificates/{name}/renew', input)

/** Replaces the certificate of a name, with another key, and has its authority revoke it as soon as the other one is shown. */
export const revokeAcmeCertificate = (to: Connection, input: { readonly parameters: { readonly name: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly name: string; readonly state: 'waiting' | 'ordering' | 'valid' | 'expired'; readonly directory?: string; readonly issued?: string; readonly expires?: string; readonly next: string; readonly failures: number; readonly failed?: string; readonly why?: string; readonly heldUntil?: string }>> =>
  to.call('POST', '/acme/certificates/{name}/revoke', input)
