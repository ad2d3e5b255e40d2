// The envelope: seals what the store must not show. Its key comes from outside the store, so that a stolen store or back-up says nothing.

/**
 * AES-256-GCM under the envelope key. What is sealed names the key it was sealed under, so that values of before and after a rotation live side by
 * side until all are sealed anew.
 */
export interface Envelope {
  /** The id of the key that `seal` uses: the first 16 hex digits of SHA-256 over a constant and the key. Not secret. */
  readonly keyId: string
  /** Seals `plain` for one place. `context` names the place ("secret/smtp-password"): sealed values cannot be moved to another one. */
  seal(plain: Uint8Array, context: string): string
  /** Throws `UnreadableSecret` when the key, the context or the value is another one than at `seal`. */
  open(sealed: string, context: string): Uint8Array
}

/** A sealed value cannot be opened: wrong key, wrong place, or altered. Never says more, and never what was in it. */
export class UnreadableSecret extends Error {
  constructor(context: string) {
    super(`what is sealed for ${context} cannot be opened with this envelope key`)
    this.name = 'UnreadableSecret'
  }
}
