// Credentials: how policies find out whose key, and later whose certificate or token, a caller shows; and how the directory tells them.
import type { Consumer, KnownConsumer, KnownKey, LiveKey } from '../model/directory.ts'

export interface FoundKey {
  readonly key: KnownKey
  readonly consumer: KnownConsumer
}

/** The live directory as one thread sees it. Look-ups are synchronous: it is in memory whole. */
export interface Credentials {
  /** The key with this SHA-256 digest in lower-case hex, with its consumer; revoked, expired or unknown ones, and those without a consumer, are not found. */
  findKey(digest: string, nowMs: number): FoundKey | undefined
}

/** Where the directory is written, on one thread; what is told holds for every reader at once, unless it had to be moved: see `settled`. */
export interface CredentialWriter {
  putConsumer(consumer: Consumer): void
  /** Its keys are not found any more, unless a file defines a consumer of that name. */
  removeConsumer(name: string): void
  /** Takes the place of what was known of this digest. */
  putKey(key: LiveKey): void
  removeKey(digest: string): void
  /** For a key of which nothing but the handle is left. Slow: it looks at every key. */
  removeKeyById(id: string): void
  /** Resolves when all that was told so far holds for every reader. */
  settled(): Promise<void>
}

/** A writer that can also be filled anew. */
export interface CredentialDirectory extends CredentialWriter {
  /** Valid keys and known consumers: what to expect when it is filled anew. */
  readonly keyCount: number
  readonly consumerCount: number
  /** Everything anew and at once: `fill` writes where nobody reads yet. Resolves when it holds for every reader; what `fill` throws changes nothing. */
  replace(room: { readonly keys: number; readonly consumers: number }, fill: (writer: CredentialWriter) => Promise<void>): Promise<void>
}
