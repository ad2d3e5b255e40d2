// What an operator did, or was refused, as it is handed to the trail.

/** Who acted. `id` is a pseudonym that stays when a person is erased; names, mail and addresses of people go to `personal`. */
export interface Actor {
  /** `admin-token`: the bootstrap credential. `file`: an edit of the configuration file. `system`: Gatehouse itself, on a schedule. */
  readonly kind: 'person' | 'token' | 'admin-token' | 'file' | 'system' | 'anonymous'
  /** `person_...`, `token_...`; for the other kinds the kind itself. */
  readonly id: string
}

export interface TrailEvent {
  /** What was done, as noun.verb: `key.create`, `draft.publish`, `session.sign-in`. Stable. */
  readonly act: string
  readonly actor: Actor
  readonly outcome: 'done' | 'refused'
  /** The refusal's code, when refused. */
  readonly code?: string
  /** What it was done to. */
  readonly object?: { readonly kind: string; readonly name: string }
  /** Further facts as JSON. Never a secret, never personal data. */
  readonly detail?: { readonly [name: string]: unknown }
  /** Personal data: the leaf holds a salted digest of each, the value stands beside it and can be erased. */
  readonly personal?: { readonly [name: string]: string }
}
