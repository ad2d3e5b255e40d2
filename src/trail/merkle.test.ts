// Holds the Merkle tree to the vectors of Certificate Transparency, and to the definitions of RFC 9162 read literally.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertProperty, integer, property, tuple } from 'fast-check'
import { EMPTY_ROOT, Frontier, type Hash, leafHash, nodeHash } from './merkle-hash.ts'
import { consistencyProof, inclusionProof, rootAt } from './merkle-proofs.ts'
import { verifyConsistency, verifyInclusion } from './merkle-verification.ts'

/** The eight leaves that the tests of Certificate Transparency logs share, and the roots of the trees of the first one to eight of them. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map((hex) => Buffer.from(hex, 'hex'))
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const [LEAF_1, LEAF_4, LEAF_6] = [
  '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  'b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f',
]
const [NODE_2_3, NODE_4_5, NODE_6_7, NODE_4_7] = [
  '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
]
const INCLUSION: readonly (readonly [index: number, size: number, proof: readonly string[]])[] = [
  [0, 1, []],
  [0, 8, [LEAF_1, NODE_2_3, NODE_4_7]],
  [5, 8, [LEAF_4, NODE_6_7, ROOTS[3]!]],
  [2, 3, [ROOTS[1]!]],
  [1, 5, [ROOTS[0]!, NODE_2_3, LEAF_4]],
]
const CONSISTENCY: readonly (readonly [from: number, to: number, proof: readonly string[]])[] = [
  [1, 1, []],
  [1, 8, [LEAF_1, NODE_2_3, NODE_4_7]],
  [6, 8, [NODE_4_5, NODE_6_7, ROOTS[3]!]],
  [2, 5, [NODE_2_3, LEAF_4]],
  [6, 7, [NODE_4_5, LEAF_6, ROOTS[3]!]],
]

/** MTH of RFC 9162 2.1.1, word for word. */
function naiveRoot(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return EMPTY_ROOT
  if (leaves.length === 1) return leaves[0]!
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)))
}

/** A tree as the trail keeps it: each leaf with the nodes that it completed. */
function treeOf(leaves: readonly Hash[]) {
  const frontier = new Frontier()
  const completed = leaves.map((leaf) => frontier.append(leaf))
  let reads = 0
  return {
    frontier,
    readsSoFar: () => reads,
    node: async (level: number, index: number): Promise<Hash> => {
      reads++
      return completed[(index + 1) * 2 ** level - 1]![level]!
    },
  }
}
const hashed = LEAVES.map(leafHash)
const hex = (hashes: readonly Hash[]): readonly string[] => hashes.map((hash) => hash.toString('hex'))
const bytes = (texts: readonly string[]): readonly Hash[] => texts.map((text) => Buffer.from(text, 'hex'))
const many = Array.from({ length: 300 }, (_, i) => leafHash(Buffer.from(`leaf ${i}`)))

test('the root of every tree of the eight leaves is the published one', async () => {
  const frontier = new Frontier()
  assert.equal(EMPTY_ROOT.toString('hex'), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  assert.deepEqual(frontier.root(), EMPTY_ROOT)
  const roots = hashed.map((leaf) => {
    frontier.append(leaf)
    return frontier.root()
  })
  assert.deepEqual(hex(roots), ROOTS)
  assert.deepEqual(hex(await Promise.all(ROOTS.map((_, i) => rootAt(treeOf(hashed).node, i + 1)))), ROOTS)
})

test('the proofs of the eight leaves are the published ones, and verify', async () => {
  const { node } = treeOf(hashed)
  let ran = 0
  for (const [index, size, proof] of INCLUSION) {
    assert.deepEqual(hex(await inclusionProof(node, index, size)), proof, `leaf ${index} of ${size}`)
    assert.ok(verifyInclusion(hashed[index]!, index, size, bytes(proof), Buffer.from(ROOTS[size - 1]!, 'hex')))
    ran++
  }
  for (const [from, to, proof] of CONSISTENCY) {
    assert.deepEqual(hex(await consistencyProof(node, from, to)), proof, `${from} to ${to}`)
    assert.ok(verifyConsistency(from, to, Buffer.from(ROOTS[from - 1]!, 'hex'), Buffer.from(ROOTS[to - 1]!, 'hex'), bytes(proof)))
    ran++
  }
  assert.equal(ran, 10)
})

test('for every pair of sizes up to 40: proofs verify, and a proof for one place verifies for no other', async () => {
  const { node } = treeOf(many)
  const roots = Array.from({ length: 41 }, (_, size) => naiveRoot(many.slice(0, size)))
  let pairs = 0
  for (let to = 0; to <= 40; to++) {
    for (let from = 0; from <= to; from++) {
      const proof = await consistencyProof(node, from, to)
      assert.ok(verifyConsistency(from, to, roots[from]!, roots[to]!, proof), `${from} to ${to}`)
      if (from > 0 && from < to) {
        assert.ok(!verifyConsistency(from, to, roots[from - 1]!, roots[to]!, proof))
        assert.ok(!verifyConsistency(from, to, roots[from]!, roots[to - 1]!, proof))
        assert.ok(!verifyConsistency(from, to, roots[from]!, roots[to]!, proof.slice(1)))
        assert.ok(!verifyConsistency(from, to, roots[from]!, roots[to]!, [...proof, roots[1]!]))
      }
      pairs++
    }
    for (let index = 0; index < to; index++) {
      const path = await inclusionProof(node, index, to)
      assert.ok(verifyInclusion(many[index]!, index, to, path, roots[to]!))
      // Not for another size of the same depth: there RFC 9162's algorithm may walk the same way; the root, which belongs to the size, tells them apart.
      for (const other of [index - 1, index + 1, to]) assert.ok(!verifyInclusion(many[index]!, other, to, path, roots[to]!), `${index}/${to} as ${other}`)
      assert.ok(!verifyInclusion(many[index + 1]!, index, to, path, roots[to]!))
    }
  }
  assert.equal(pairs, 861)
})

test('for any sizes up to 300: the tree that grows is the tree of the definition, and a proof costs a logarithm of reads', async () => {
  const tree = treeOf(many)
  await assertPairs(async (from, to) => {
    assert.deepEqual(await rootAt(tree.node, to), naiveRoot(many.slice(0, to)))
    const before = tree.readsSoFar()
    const proof = await consistencyProof(tree.node, from, to)
    assert.ok(tree.readsSoFar() - before <= 18, `${tree.readsSoFar() - before} reads from ${from} to ${to}`)
    assert.ok(verifyConsistency(from, to, naiveRoot(many.slice(0, from)), naiveRoot(many.slice(0, to)), proof))
  })
})
async function assertPairs(holds: (from: number, to: number) => Promise<void>): Promise<void> {
  const pairs: (readonly [number, number])[] = []
  assertProperty(
    property(tuple(integer({ min: 0, max: 300 }), integer({ min: 0, max: 300 })), ([a, b]) => {
      pairs.push([Math.min(a, b), Math.max(a, b)])
    }),
    { numRuns: 300 },
  )
  for (const [from, to] of pairs) await holds(from, to)
}

test('a frontier that was kept goes on where it was, and one that does not fit its size is refused', () => {
  const { frontier } = treeOf(many.slice(0, 37))
  const resumed = new Frontier(frontier.size, frontier.hashes)
  for (const leaf of many.slice(37, 80)) resumed.append(leaf)
  assert.deepEqual(resumed.root(), naiveRoot(many.slice(0, 80)))
  assert.throws(() => new Frontier(38, frontier.hashes.slice(1)))
})

test('what is no size, index or proof is false and never an exception', () => {
  const [leaf, root] = [many[0]!, naiveRoot(many.slice(0, 2))]
  const odd = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
  for (const value of odd) {
    assert.equal(verifyInclusion(leaf, value, 2, [many[1]!], root), false)
    assert.equal(verifyInclusion(leaf, 0, value, [many[1]!], root), false)
    assert.equal(verifyConsistency(value, 2, leaf, root, [many[1]!]), false)
    assert.equal(verifyConsistency(1, value, leaf, root, [many[1]!]), false)
  }
  assert.equal(verifyConsistency(2, 1, root, leaf, []), false)
  assert.equal(
    verifyInclusion(
      leaf,
      0,
      2,
      Array.from({ length: 64 }, () => root),
      root,
    ),
    false,
  )
})
