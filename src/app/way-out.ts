// The guarded way out of the running program, which follows what the live configuration allows.
import { type EgressOptions, guardedEgress } from '../adapters/egress/guarded-egress.ts'
import type { Egress } from '../ports/egress.ts'

export interface WayOut extends Egress {
  /** What is allowed now, for what opens its own connections. */
  readonly guard: EgressOptions
}

export function wayOut(allowPrivate: () => readonly string[], own: EgressOptions['own']): WayOut {
  let allowed: readonly string[] | undefined
  let egress: Egress
  return {
    get guard() {
      return { allowPrivate: allowPrivate(), own }
    },
    fetch(request) {
      const now = allowPrivate()
      if (allowed === undefined || allowed.join() !== now.join()) {
        egress = guardedEgress({ allowPrivate: now, own })
        allowed = now
      }
      return egress.fetch(request)
    },
  }
}
