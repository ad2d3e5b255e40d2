// A courier: carries a message of the outbox to one kind of destination, one try at a time.

/** A message as it is handed to the courier. */
export interface Parcel {
  /** The same at every try, and of no other message: whoever receives it twice can tell by it. */
  readonly id: string
  /** The name of the destination, as the courier of this kind knows it. */
  readonly target: string
  /** What is to be carried, as the sender gave it. */
  readonly content: unknown
}

/** What came of a try. Sentences are for operators and are kept in the store: they hold no secret. */
export type Carried =
  | { readonly outcome: 'delivered' }
  /** May go well another time; `afterMs`: not before. */
  | { readonly outcome: 'failed'; readonly why: string; readonly afterMs?: number }
  /** Will never go well. */
  | { readonly outcome: 'refused'; readonly why: string }

export interface Courier {
  /** Tries once, for 90 seconds at the most. Never rejects for what the other side does. */
  carry(parcel: Parcel): Promise<Carried>
}
