// Upkeep: one turn of the sweep through everything that the room keeps, in pieces, for the app to call every few minutes.
import type { Store } from '../ports/store.ts'
import { type SweepPlace, sweep } from './sweep.ts'

/** Pieces in one turn at the most: what is left is for the next turn, so that other work is not held up for long. */
const PIECES_MAX = 50

/** A function that removes what is over, and goes on where the turn before stopped. Tells how many records went. */
export function peopleUpkeep({ store, nowMs }: { readonly store: Store; readonly nowMs: () => number }): () => Promise<number> {
  let place: SweepPlace = {}
  return async () => {
    let removed = 0
    for (let piece = 0; piece < PIECES_MAX; piece++) {
      // Each piece in a transaction of its own: nobody waits for the whole of it.
      const swept = await store.write((writing) => sweep(writing, nowMs(), place))
      removed += swept.removed
      place = swept.place
      if (Object.keys(place).length === 0) break
    }
    return removed
  }
}
