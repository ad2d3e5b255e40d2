// Generated from the operations on consumers. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Makes a consumer, and says what it may call. */
export const createConsumer = (to: Connection, input: { readonly body: { readonly name: string; readonly title?: string; readonly team?: string; readonly subscriptions?: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[] }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly name: string; readonly owner: 'file' | 'store'; readonly title: string; readonly team?: string; readonly subscriptions: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[]; readonly created?: string; readonly createdBy?: string }>> =>
  to.call('POST', '/consumers', input)

/** Tells of one consumer and what it may call. */
export const getConsumer = (to: Connection, input: { readonly parameters: { readonly consumer: string } }): Promise<Answer<{ readonly name: string; readonly owner: 'file' | 'store'; readonly title: string; readonly team?: string; readonly subscriptions: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[]; readonly created?: string; readonly createdBy?: string }>> =>
  to.call('GET', '/consumers/{consumer}', input)

/** Lists consumers by name, whoever defines them. */
export const listConsumers = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string; readonly team?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly owner: 'file' | 'store'; readonly title: string; readonly team?: string; readonly subscriptions: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[]; readonly created?: string; readonly createdBy?: string }[]; readonly next?: string }>> =>
  to.call('GET', '/consumers', input)

/** Removes a consumer. Its keys and certificates are revoked, and no consumer of the same name brings them back. */
export const removeConsumer = (to: Connection, input: { readonly parameters: { readonly consumer: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/consumers/{consumer}', input)

/** Lets a consumer call an API, or changes its plan or state there. */
export const subscribeConsumer = (to: Connection, input: { readonly parameters: { readonly consumer: string; readonly api: string }; readonly body: { readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly owner: 'file' | 'store'; readonly title: string; readonly team?: string; readonly subscriptions: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[]; readonly created?: string; readonly createdBy?: string }>> =>
  to.call('PUT', '/consumers/{consumer}/subscriptions/{api}', input)

/** Ends a consumer’s access to an API. */
export const unsubscribeConsumer = (to: Connection, input: { readonly parameters: { readonly consumer: string; readonly api: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/consumers/{consumer}/subscriptions/{api}', input)

/** Replaces a consumer’s title, team and subscriptions. */
export const updateConsumer = (to: Connection, input: { readonly parameters: { readonly consumer: string }; readonly body: { readonly title?: string; readonly team?: string; readonly subscriptions?: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[] }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly owner: 'file' | 'store'; readonly title: string; readonly team?: string; readonly subscriptions: readonly { readonly api: string; readonly plan?: string; readonly state?: 'active' | 'pending' | 'suspended' }[]; readonly created?: string; readonly createdBy?: string }>> =>
  to.call('PUT', '/consumers/{consumer}', input)
