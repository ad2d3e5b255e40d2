// Generated from the operations on keys. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Makes an API key for a consumer. The secret is told once. */
export const createKey = (to: Connection, input: { readonly parameters: { readonly consumer: string }; readonly body: { readonly label?: string; readonly expires?: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly secret: string; readonly key: { readonly id: string; readonly consumer: string; readonly label: string; readonly hint: string; readonly created: string; readonly createdBy: string; readonly expires?: string; readonly revoked?: string; readonly replaces?: string; readonly replacedBy?: string; readonly lastUsed?: string; readonly uses?: number } }>> =>
  to.call('POST', '/consumers/{consumer}/keys', input)
