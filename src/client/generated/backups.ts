// Generated from the operations on backups. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Back-ups that stand beside the store, newest first. */
export const listBackUps = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly folder: string; readonly taken: string; readonly octets: number; readonly sha256: string }[] }>> =>
  to.call('GET', '/backups', input)

/** Writes a back-up into a folder beside the store. It does not leave the machine by this API. */
export const takeBackUp = (to: Connection, input: { readonly idempotencyKey?: string } = {}): Promise<Answer<{ readonly name: string; readonly folder: string; readonly taken: string; readonly octets: number; readonly sha256: string }>> =>
  to.call('POST', '/backups', input)
