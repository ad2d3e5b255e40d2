// The hashes of the Merkle tree (RFC 9162 2.1.1), and the tree of a list that only grows.
import { hash } from 'node:crypto'

/** 32 octets of SHA-256. */
export type Hash = Buffer
export const HASH_OCTETS = 32

const sha256 = (octets: Uint8Array): Hash => hash('sha256', octets, 'buffer')
const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

/** RFC 9162 2.1.1: the hash of an empty list is the hash of an empty string. */
export const EMPTY_ROOT: Hash = sha256(Buffer.alloc(0))

/** The different first octets keep a leaf from passing for a node (second preimages, RFC 9162 2.1.1). */
export const leafHash = (octets: Uint8Array): Hash => sha256(Buffer.concat([LEAF, octets]))
export const nodeHash = (left: Hash, right: Hash): Hash => sha256(Buffer.concat([NODE, left, right]))

/**
 * The right edge of a tree: the hash of each perfect subtree, largest first, as many as `size` has bits that are one. Enough to append and to know the
 * root; it never needs an earlier leaf.
 */
export class Frontier {
  private count: number
  private readonly peaks: Hash[]

  constructor(size = 0, peaks: readonly Hash[] = []) {
    if (peaks.length !== bitsIn(size)) throw new Error('a frontier has one hash for each bit of its size')
    this.count = size
    this.peaks = [...peaks]
  }
  get size(): number {
    return this.count
  }
  get hashes(): readonly Hash[] {
    return this.peaks
  }

  /** Adds a leaf; returns the nodes that it completes, by level from the leaf's own upwards. */
  append(leaf: Hash): readonly Hash[] {
    const completed = [leaf]
    let node = leaf
    // One more perfect subtree for each one-bit at the end of the size, like the carries of an addition. Not by shifts: sizes go beyond 32 bits.
    for (let rest = this.count; rest % 2 === 1; rest = (rest - 1) / 2) completed.push((node = nodeHash(this.peaks.pop()!, node)))
    this.peaks.push(node)
    this.count++
    return completed
  }

  /** The root of the tree so far. */
  root(): Hash {
    if (this.peaks.length === 0) return EMPTY_ROOT
    return this.peaks.reduceRight((right, left) => nodeHash(left, right))
  }
}

function bitsIn(size: number): number {
  let bits = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2
  return bits
}
