// Verifies inclusion and consistency proofs, step by step as RFC 9162 2.1.3.2 and 2.1.4.2 say.
import { type Hash, nodeHash } from './merkle-hash.ts'

/** No tree has more levels than sizes have bits; a longer proof is not looked at. */
export const PROOF_LENGTH_MAX = 63

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
const half = (value: number): number => Math.floor(value / 2)
function isPowerOfTwo(value: number): boolean {
  let rest = value
  while (rest % 2 === 0) rest /= 2
  return rest === 1
}
const isOdd = (value: number): boolean => value % 2 === 1

/** True when `leaf` stands at `index` in the tree of `size` leaves that has this root (RFC 9162 2.1.3.2). */
export function verifyInclusion(leaf: Hash, index: number, size: number, proof: readonly Hash[], root: Hash): boolean {
  if (!isSize(index) || !isSize(size) || proof.length > PROOF_LENGTH_MAX) return false
  // 1.
  if (index >= size) return false
  // 2. and 3.
  let fn = index
  let sn = size - 1
  let r = leaf
  // 4.
  for (const p of proof) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      r = nodeHash(p, r)
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else r = nodeHash(r, p)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  // 5.
  return sn === 0 && r.equals(root)
}

/**
 * True when the tree of `from` leaves with `first` as its root is the beginning of the tree of `to` leaves with `second` (RFC 9162 2.1.4.2). Equal sizes
 * need equal roots and an empty proof; of an empty first tree every tree is a continuation, and the proof is empty.
 */
export function verifyConsistency(from: number, to: number, first: Hash, second: Hash, proof: readonly Hash[]): boolean {
  if (!isSize(from) || !isSize(to) || from > to || proof.length > PROOF_LENGTH_MAX) return false
  if (from === to) return proof.length === 0 && first.equals(second)
  if (from === 0) return proof.length === 0
  // 1.
  if (proof.length === 0) return false
  // 2. A first tree that is perfect is its own first node.
  const path = isPowerOfTwo(from) ? [first, ...proof] : proof
  // 3. and 4.
  let fn = from - 1
  let sn = to - 1
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)]
  // 5.
  let fr = path[0]!
  let sr = path[0]!
  // 6.
  for (const c of path.slice(1)) {
    if (sn === 0) return false
    if (isOdd(fn) || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      while (!isOdd(fn) && fn !== 0) [fn, sn] = [half(fn), half(sn)]
    } else sr = nodeHash(sr, c)
    ;[fn, sn] = [half(fn), half(sn)]
  }
  // 7.
  return fr.equals(first) && sr.equals(second) && sn === 0
}
