// Generated from the operations on drift. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Tells everything that is not as the file, or the console, says: on this node, and of what all nodes share. */
export const getDrift = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly what: 'file-refused' | 'owned-twice' | 'console-refused' | 'closed' | 'not-rolled-back' | 'ended' | 'nodes-differ' | 'not-whole'; readonly kind?: string; readonly name?: string; readonly since: string; readonly says: string; readonly mend: string }[] }>> =>
  to.call('GET', '/drift', input)
