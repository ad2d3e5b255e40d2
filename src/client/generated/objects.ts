// Generated from the operations on objects. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Tells an object of the catalog: its value, who owns it, and since which revision it is so. */
export const getObject = (to: Connection, input: { readonly parameters: { readonly kind: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly name: string } }): Promise<Answer<{ readonly kind: string; readonly name: string; readonly owner: 'file' | 'console'; readonly revision: number; readonly etag: string; readonly value: unknown }>> =>
  to.call('GET', '/objects/{kind}/{name}', input)

/** Lists the objects of the catalog, of both owners. */
export const listObjects = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string; readonly kind?: 'api' | 'version' | 'patch' | 'consumer' | 'document' | 'address-list' | 'policy-set' | 'upstream' | 'trust-store' | 'plan'; readonly owner?: 'file' | 'console' } } = {}): Promise<Answer<{ readonly items: readonly { readonly kind: string; readonly name: string; readonly owner: 'file' | 'console'; readonly revision: number; readonly etag: string }[]; readonly next?: string }>> =>
  to.call('GET', '/objects', input)
