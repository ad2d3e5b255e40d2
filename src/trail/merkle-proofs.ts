// Makes inclusion and consistency proofs (RFC 9162 2.1.3.1, 2.1.4.1) out of the nodes that are kept.
import { EMPTY_ROOT, type Hash, nodeHash } from './merkle-hash.ts'

/** The hash of the perfect subtree over the leaves `index * 2^level` up to, not including, `(index + 1) * 2^level`. */
export type NodeReader = (level: number, index: number) => Promise<Hash>

/** The root of the tree of the first `size` leaves. */
export const rootAt = (node: NodeReader, size: number): Promise<Hash> => (size === 0 ? Promise.resolve(EMPTY_ROOT) : subtree(node, 0, size))

/** PATH(index, D[0:size]), from the leaf upwards. */
export async function inclusionProof(node: NodeReader, index: number, size: number): Promise<readonly Hash[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new RangeError('there is no such leaf in a tree of this size')
  const proof: Promise<Hash>[] = []
  let [start, end] = [0, size]
  while (end - start > 1) {
    const middle = start + splitOf(end - start)
    if (index < middle) {
      proof.push(subtree(node, middle, end))
      end = middle
    } else {
      proof.push(subtree(node, start, middle))
      start = middle
    }
  }
  return (await Promise.all(proof)).reverse()
}

/** PROOF(from, D[0:to]): that the first `from` leaves of the tree of size `to` are those of the tree of size `from`. Empty when `from` is 0 or `to`. */
export async function consistencyProof(node: NodeReader, from: number, to: number): Promise<readonly Hash[]> {
  if (!Number.isSafeInteger(from) || from < 0 || from > to) throw new RangeError('the first tree is not larger than the second')
  if (from === 0 || from === to) return []
  const proof: Promise<Hash>[] = []
  let [start, end] = [0, to]
  // `whole`: the subtree looked at is one that the verifier has already, as the root of the first tree (the b of SUBPROOF).
  let whole = true
  while (end !== from) {
    const middle = start + splitOf(end - start)
    if (from <= middle) {
      proof.push(subtree(node, middle, end))
      end = middle
    } else {
      proof.push(subtree(node, start, middle))
      start = middle
      whole = false
    }
  }
  if (!whole) proof.push(subtree(node, start, end))
  return (await Promise.all(proof)).reverse()
}

/** MTH(D[start:end]); `start` is a multiple of the largest power of two that fits, as it is everywhere in these algorithms. */
async function subtree(node: NodeReader, start: number, end: number): Promise<Hash> {
  const width = end - start
  const left = splitOf(width)
  if (left * 2 === width || width === 1) return node(Math.log2(width), start / width)
  const [first, second] = await Promise.all([node(Math.log2(left), start / left), subtree(node, start + left, end)])
  return nodeHash(first, second)
}

/** The largest power of two smaller than `width` (RFC 9162 2.1.1); 1 for a width of 1. */
function splitOf(width: number): number {
  let split = 1
  while (split * 2 < width) split *= 2
  return split
}
