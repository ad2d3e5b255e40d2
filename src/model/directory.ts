// The directory: consumers and their credentials. Large and changing often, so it travels as deltas and never forces a recompile.

/** The calling application, as policies and upstreams know it. */
export interface Consumer {
  readonly name: string
  /** The APIs it may call; an API that is not listed refuses it. */
  readonly apis: readonly string[]
  /** By API that offers plans: the plan that the consumer is on. */
  readonly plans?: { readonly [api: string]: string }
}

/** An API key as it is held: never the secret itself. */
export interface KeyCredential {
  /** Lower-case hex SHA-256 of the whole secret: 64 characters. */
  readonly digest: string
  readonly consumer: string
  /** Milliseconds since the epoch; absent: it does not expire. */
  readonly expiresMs?: number
}

/** The directory as one whole, as a file or a store gives it. */
export interface DirectoryContent {
  readonly consumers: readonly Consumer[]
  readonly keys: readonly KeyCredential[]
}
