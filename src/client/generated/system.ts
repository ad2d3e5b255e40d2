// Generated from the operations on system. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** How this Gatehouse is. */
export const getSystem = (to: Connection, input: {} = {}): Promise<Answer<{ readonly version: string; readonly time: string; readonly store: 'sqlite' | 'postgres' | 'memory'; readonly generation: number; readonly nodes: readonly { readonly id: string; readonly started: string; readonly heard: string; readonly revision: number }[]; readonly envelope: { readonly keyId: string; readonly stale: boolean }; readonly drift: number; readonly deadLetters: number; readonly insecureUpstreams: readonly { readonly api: string; readonly upstream: string }[]; readonly trail: { readonly size: number; readonly checkpoint?: { readonly size: number; readonly time: string }; readonly anchored?: { readonly size: number; readonly time: string } } }>> =>
  to.call('GET', '/system', input)
