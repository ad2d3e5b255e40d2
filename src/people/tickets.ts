// Tickets: what was begun in one browser and must be finished there, once, soon. Signed, so that beginning something stores nothing.
import { collection, type Reading, type Writing } from '../ports/store.ts'
import type { Moment } from './means.ts'
import { digestOf, sameText, tag } from './secret-text.ts'

/** Tickets that were used, until they would have expired anyway. Key: digest of the ticket. */
export const SPENT = collection<{ readonly expiresAtMs: number }>('spent-ticket')

export type TicketPurpose = 'second-factor' | 'passkey-registration' | 'passkey-sign-in' | 'single-sign-on'

interface TicketBody<T> {
  readonly p: TicketPurpose
  /** Expires at. */
  readonly e: number
  /** Random, so that no two tickets are alike. */
  readonly n: string
  readonly d: T
}

export interface Ticket<T> {
  readonly text: string
  /** Random in every ticket: what else is derived for it (PKCE verifier, nonce) is derived from this. */
  readonly nonce: string
  readonly data: T
  readonly expiresAtMs: number
}

/** `binding` is what must come along again: the value of the browser or session cookie. It does not stand in the ticket. */
export function issueTicket<T>(key: Uint8Array, at: Moment, purpose: TicketPurpose, binding: string, data: T, lifeMs: number): Ticket<T> {
  const body: TicketBody<T> = { p: purpose, e: at.nowMs + lifeMs, n: Buffer.from(at.random(16)).toString('base64url'), d: data }
  const written = Buffer.from(JSON.stringify(body)).toString('base64url')
  return { text: `${written}.${tag(key, 'ticket', purpose, binding, written)}`, nonce: body.n, data, expiresAtMs: body.e }
}

const TICKET_CHARACTERS_MAX = 4096

/** The ticket, when it was issued here for this purpose and binding, and is not over. Says nothing about whether it was used. */
export function readTicket<T>(key: Uint8Array, nowMs: number, purpose: TicketPurpose, binding: string, text: string): Ticket<T> | undefined {
  if (text.length > TICKET_CHARACTERS_MAX) return undefined
  const dot = text.indexOf('.')
  if (dot < 1 || binding === '') return undefined
  const written = text.slice(0, dot)
  if (!sameText(text.slice(dot + 1), tag(key, 'ticket', purpose, binding, written))) return undefined
  // Signed by us: what stands in it has the form that we gave it.
  const body = JSON.parse(Buffer.from(written, 'base64url').toString()) as TicketBody<T>
  return body.e > nowMs ? { text, nonce: body.n, data: body.d, expiresAtMs: body.e } : undefined
}

export const isSpent = async (reading: Reading, ticket: Ticket<unknown>): Promise<boolean> => (await reading.get(SPENT, digestOf(ticket.text))) !== undefined

/** Uses the ticket up: false when somebody did before. Transactions are serial, so of two at once one is the second. */
export async function spendTicket(writing: Writing, ticket: Ticket<unknown>): Promise<boolean> {
  if (await isSpent(writing, ticket)) return false
  writing.put(SPENT, digestOf(ticket.text), { expiresAtMs: ticket.expiresAtMs })
  return true
}
