// Generated from the operations on usage. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Tells how often each API and version was called since a time. */
export const getUsage = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string; readonly since?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly api: string; readonly calls: number; readonly lastCall: string }[]; readonly next?: string }>> =>
  to.call('GET', '/usage', input)

/** Lists the consumers that called an API since a time, by version and name. Of an API that is told by its own name, all versions. */
export const listCallers = (to: Connection, input: { readonly parameters: { readonly api: string }; readonly query?: { readonly limit?: number; readonly cursor?: string; readonly since?: string } }): Promise<Answer<{ readonly items: readonly { readonly api: string; readonly consumer: string; readonly calls: number; readonly lastCall: string }[]; readonly next?: string }>> =>
  to.call('GET', '/apis/{api}/callers', input)
