// Generated from the operations on outbox. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Throws away a message that was given up. */
export const discardDeadLetter = (to: Connection, input: { readonly parameters: { readonly letter: string } }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/outbox/dead-letters/{letter}', input)

/** Messages that could not be delivered in all their tries, the latest first. The last thousand are kept. */
export const listDeadLetters = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly key: string; readonly kind: string; readonly target: string; readonly message: string; readonly created: string; readonly died: string; readonly attempts: number; readonly why: string }[]; readonly next?: string }>> =>
  to.call('GET', '/outbox/dead-letters', input)

/** How many messages wait for each webhook, contact and mail server. One that takes none for about a day loses them: see dead letters. */
export const listWaitingMessages = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly kind: string; readonly target: string; readonly waiting: number }[]; readonly next?: string }>> =>
  to.call('GET', '/outbox', input)

/** Sends a message again that was given up, to where its destination is now. Its receiver sees the id it had. */
export const retryDeadLetter = (to: Connection, input: { readonly parameters: { readonly letter: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly key: string; readonly kind: string; readonly target: string; readonly message: string; readonly created: string; readonly died: string; readonly attempts: number; readonly why: string }>> =>
  to.call('POST', '/outbox/dead-letters/{letter}/retry', input)
