// Generated from the operations on witness. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Signs a checkpoint of a log that is witnessed here (c2sp.org/tlog-witness): the log’s own signature is what lets it in. */
export const addWitnessedCheckpoint = (to: Connection, input: { readonly body: string }): Promise<Answer<string>> =>
  to.call('POST', '/witness/add-checkpoint', input)

/** Witnesses the log whose key this is. A further key of the same name is trusted beside the others. */
export const followLog = (to: Connection, input: { readonly body: { readonly key: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly witnessKey: string; readonly log: { readonly origin: string; readonly keys: readonly string[]; readonly size: number } }>> =>
  to.call('POST', '/witness/logs', input)

/** The witness in this Gatehouse: its public key, and the logs it follows. */
export const getWitness = (to: Connection, input: {} = {}): Promise<Answer<{ readonly key?: string; readonly logs: readonly { readonly origin: string; readonly keys: readonly string[]; readonly size: number }[] }>> =>
  to.call('GET', '/witness', input)
