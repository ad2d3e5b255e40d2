// A fault: one thing wrong with a configuration, told so that its author can mend it without asking.

/** Where in a document a value stands: keys and list indexes from the root. */
export type Path = readonly (string | number)[]

/**
 * One reason why a configuration is refused. Faults are values: a reader collects all of them and never stops at the first.
 * `code` is stable and kebab-case (`unknown-key`, `wrong-type`, ...); `message` is one sentence for people.
 */
export interface Fault {
  readonly code: string
  readonly path: Path
  readonly message: string
  /** True when the key itself is what is wrong, so that the position shown is the key's and not its value's. */
  readonly atKey?: boolean
}

/** The candidate closest to `name` by edit distance, if it is near enough to be meant (at most a third of the name, and at most 3 edits). */
export function nearestName(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.min(3, Math.max(1, Math.floor(name.length / 3))) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** A name as a fault may repeat it: one that is this long is no name, and may be what somebody pasted into the wrong place, a private key for one. */
export const shownName = (name: string): string => (name.length <= SHOWN_MAX ? name : `${name.slice(0, SHOWN_BEGINNING)}... (${name.length} characters)`)
const SHOWN_MAX = 100
const SHOWN_BEGINNING = 20

/** The tail of a fault's sentence that proposes the nearest known name, or lists the known ones when they are few. */
export function suggestion(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates)
  if (nearest !== undefined) return `; did you mean '${nearest}'?`
  return candidates.length > 0 && candidates.length <= 12 ? `; known here: ${candidates.join(', ')}` : ''
}

/** Levenshtein distance with adjacent transpositions, given up at `limit`: names are short, documents are not trusted. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > 64 || b.length > 64) return limit
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, beforeLast[j - 2]! + 1)
      row.push(cost)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
