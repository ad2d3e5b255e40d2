// Generated from the operations on targets. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Drains a target of an API, its versions and canaries: no further request goes there when this is answered, those under way finish. It stays drained, whatever is published or restarted, until `undrainTarget`. */
export const drainTarget = (to: Connection, input: { readonly parameters: { readonly api: string }; readonly body: { readonly target: string; readonly streams?: string; readonly last?: boolean }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly items: readonly { readonly api: string; readonly target: string; readonly weight?: string; readonly zone?: string; readonly backup: boolean; readonly configured: boolean; readonly up?: boolean; readonly draining: boolean; readonly since?: string; readonly streamsUntil?: string; readonly inFlight: number; readonly requests?: { readonly ok: number; readonly error: number; readonly failed: number; readonly timeout: number; readonly abandoned: number } }[] }>> =>
  to.call('POST', '/apis/{api}/targets/drain', input)

/** Lists the targets of an API, its versions and canaries: which of them take requests, which are drained, and what is under way to each on this node. */
export const listTargets = (to: Connection, input: { readonly parameters: { readonly api: string } }): Promise<Answer<{ readonly items: readonly { readonly api: string; readonly target: string; readonly weight?: string; readonly zone?: string; readonly backup: boolean; readonly configured: boolean; readonly up?: boolean; readonly draining: boolean; readonly since?: string; readonly streamsUntil?: string; readonly inFlight: number; readonly requests?: { readonly ok: number; readonly error: number; readonly failed: number; readonly timeout: number; readonly abandoned: number } }[] }>> =>
  to.call('GET', '/apis/{api}/targets', input)

/** Has a target that was drained take requests again. It does when this is answered. */
export const undrainTarget = (to: Connection, input: { readonly parameters: { readonly api: string }; readonly body: { readonly target: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly items: readonly { readonly api: string; readonly target: string; readonly weight?: string; readonly zone?: string; readonly backup: boolean; readonly configured: boolean; readonly up?: boolean; readonly draining: boolean; readonly since?: string; readonly streamsUntil?: string; readonly inFlight: number; readonly requests?: { readonly ok: number; readonly error: number; readonly failed: number; readonly timeout: number; readonly abandoned: number } }[] }>> =>
  to.call('POST', '/apis/{api}/targets/undrain', input)
