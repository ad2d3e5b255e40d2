// Credentials: how policies find out whose key, and later whose certificate or token, a caller shows.
import type { Consumer, KeyCredential } from '../model/directory.ts'

/** The live directory of one thread. Look-ups are synchronous: it is in memory whole. */
export interface Credentials {
  /** The key with this SHA-256 digest in lower-case hex, with its consumer; expired or unknown ones are not found. */
  findKey(digest: string, nowMs: number): { readonly key: KeyCredential; readonly consumer: Consumer } | undefined
  /** The consumer of this name. Answers the same object for as long as nothing about the consumer changes. */
  findConsumer(name: string): Consumer | undefined
}
