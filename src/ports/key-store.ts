// Keys that were made in the running Gatehouse, kept across restarts.
import type { KeyCredential } from '../model/directory.ts'

export interface KeyStore {
  /** Every key that was added. */
  all(): readonly KeyCredential[]
  /** Returns when the key is on disk: what was acknowledged survives a crash. */
  add(key: KeyCredential): void
  close(): void
}
