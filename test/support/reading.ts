// What one reader made of a stream of bytes: the form in which readers are compared.

/** One message as a reader understood it; `refused` stands where the reader answered the message itself instead of handing it on. */
export type Outcome = { readonly kind: 'accepted'; readonly message: UnderstoodMessage } | { readonly kind: 'refused'; readonly status: number }

export interface UnderstoodMessage {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/**
 * The outcomes in order, and how the reader ended: `done` when every byte was used, `stopped` when it would read no further (a refusal that closes, or a
 * message that asked for the end of the connection), `waiting` when it wanted more bytes than there were.
 */
export interface Reading {
  readonly reader: string
  readonly outcomes: readonly Outcome[]
  readonly ending: 'done' | 'stopped' | 'waiting'
}
