// The directory: consumers and their credentials. Large and changing often, so it travels as deltas and never forces a recompile.

/** The calling application, as a file or the store names it. */
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

/** The directory as one whole, as a file gives it. */
export interface DirectoryContent {
  readonly consumers: readonly Consumer[]
  readonly keys: readonly KeyCredential[]
}

/** A key that may be shown, with its public handle: `key_` and 12 or 24 hexadecimal digits. */
export interface LiveKey extends KeyCredential {
  readonly id: string
}
/** The handle of a key that a file defines: it has no other name there. */
export const fileKeyId = (digest: string): string => `key_${digest.slice(0, 12)}`

/** What policies learn of a key: from its second showing on the same object, for as long as nothing about it changes and it is shown again and again. */
export interface KnownKey {
  readonly id: string
}
/** What policies learn of a consumer. */
export interface KnownConsumer {
  readonly name: string
  readonly apis: ReadonlySet<string>
  /** By API that offers plans: the plan that it is on. */
  readonly plans: { readonly [api: string]: string }
}
