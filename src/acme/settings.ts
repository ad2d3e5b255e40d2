// What the live configuration says of ACME, ready to be used.
import type { SecretReference } from '../base/secret-reference.ts'
import type { ChallengeType } from './client.ts'

export interface AcmeSettings {
  /** The URL of the authority's directory, https. */
  readonly directory: string
  /** `mailto:` addresses that the authority may write to. */
  readonly contact: readonly string[]
  readonly challenge: ChallengeType
  /** The account at the authority that ours is bound to. `key` refers to the MAC key, in base64url. */
  readonly externalAccount?: { readonly keyId: string; readonly key: SecretReference }
  /** PEM certificates to trust in place of the system's. */
  readonly trust?: string
  /** Every name that some listener wants a certificate for, in order. */
  readonly names: readonly string[]
}
