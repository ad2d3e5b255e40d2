// Generated from the operations on keys. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Makes an API key for a consumer. The secret is told once. */
export const createKey = (to: Connection, input: { readonly parameters: { readonly consumer: string }; readonly body: { readonly label?: string; readonly expires?: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly secret: string; readonly key: { readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number } }>> =>
  to.call('POST', '/consumers/{consumer}/keys', input)

/** Sets when a key ends; without a time it does not. What has ended does not begin again. */
export const expireKey = (to: Connection, input: { readonly parameters: { readonly key: string }; readonly body: { readonly expires?: string }; readonly ifMatch: string }): Promise<Answer<{ readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number }>> =>
  to.call('PUT', '/keys/{key}/expiry', input)

/** Tells of one key and its last use; never its secret. */
export const getKey = (to: Connection, input: { readonly parameters: { readonly key: string } }): Promise<Answer<{ readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number }>> =>
  to.call('GET', '/keys/{key}', input)

/** Lists the keys of a consumer by id, with their last use; revoked and expired ones too. */
export const listKeys = (to: Connection, input: { readonly parameters: { readonly consumer: string }; readonly query?: { readonly limit?: number; readonly cursor?: string } }): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number }[]; readonly next?: string }>> =>
  to.call('GET', '/consumers/{consumer}/keys', input)

/** Lists valid keys that were not shown for so many days, longest unused first. Keys of files are not among them. */
export const listUnusedKeys = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string; readonly days?: number } } = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number }[]; readonly next?: string }>> =>
  to.call('GET', '/unused-keys', input)

/** Ends a key that was found where it should not be. The answer is the same for a key that nobody holds. */
export const reportLeakedKey = (to: Connection, input: { readonly body: { readonly key: string; readonly where?: string } }): Promise<Answer<undefined>> =>
  to.call('POST', '/leaked-keys', input)

/** Revokes a key: refused on every gateway thread when this is answered, and for ever. */
export const revokeKey = (to: Connection, input: { readonly parameters: { readonly key: string }; readonly body: { readonly why?: string }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number }>> =>
  to.call('POST', '/keys/{key}/revoke', input)

/** Makes a key that takes over from another; the secret is told once. Both are taken until the overlap ends. */
export const rotateKey = (to: Connection, input: { readonly parameters: { readonly key: string }; readonly body: { readonly overlapSeconds: number; readonly label?: string; readonly expires?: string }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly secret: string; readonly key: { readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number }; readonly replaced: { readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly owner: 'file' | 'store'; readonly created?: string; readonly createdBy?: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly revokedFor?: string; readonly lastUsed?: string; readonly uses?: number } }>> =>
  to.call('POST', '/keys/{key}/rotate', input)
