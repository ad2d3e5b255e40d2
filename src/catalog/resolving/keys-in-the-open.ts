// Private keys that stand in a configuration itself: it is kept in revisions, back-ups and exports, none of which is sealed.
import type { Fault, Path } from '../../base/fault.ts'
import { showsPrivateKey } from '../../certificates/pem.ts'

export const PRIVATE_KEY_IN_CATALOG =
  'a private key stands here in the open: keep it in a file of its own that only its owner can read, or as a secret, and replace it, since whoever read this knows it'

/** Documents are texts of others, whose examples may show a key; trust stores are looked through when they are read. */
const ELSEWHERE = new Set(['documents', 'trustStores'])

/** `value`: a whole configuration, bounded when it was read. No fault repeats what it found. */
export function keysInTheOpen(value: unknown): Fault[] {
  const faults: Fault[] = []
  const look = (each: unknown, path: Path): void => {
    if (typeof each === 'string') {
      if (showsPrivateKey(each)) faults.push({ code: 'private-key', path, message: PRIVATE_KEY_IN_CATALOG })
    } else if (Array.isArray(each)) for (const [i, item] of each.entries()) look(item, [...path, i])
    else if (typeof each === 'object' && each !== null)
      for (const [key, member] of Object.entries(each)) if (path.length > 0 || !ELSEWHERE.has(key)) look(member, [...path, key])
  }
  look(value, [])
  return faults
}
