// getInclusionProof: that an entry stands in the tree of a size (RFC 9162 2.1.3).
import { canonicalJson } from '../../../base/canonical-json.ts'
import { object, optional } from '../../../base/schema.ts'
import { leafHash } from '../../../trail/merkle-hash.ts'
import { inclusionProof, rootAt } from '../../../trail/merkle-proofs.ts'
import { nodesOf, readEntry, readHead } from '../../../trail/records.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { hashText, index, indexDigits, proofHashes } from './trail-schema.ts'

export const getInclusionProof = defineOperation({
  name: 'getInclusionProof',
  resource: 'trail',
  method: 'GET',
  path: '/trail/entries/{index}/proof',
  summary: 'Proves that an entry stands in the trail as it was at a size.',
  permission: 'trail:read',
  reach: 'all',
  parameters: object({ index: indexDigits('The entry’s place.') }),
  query: object({ size: optional(indexDigits('How many entries the tree has; left out: all.')) }),
  output: object({
    index: index('The entry’s place.'),
    size: index('How many entries the tree has.'),
    leaf: hashText('The entry’s hash, base64.'),
    root: hashText('The tree’s root, base64.'),
    proof: proofHashes,
  }),
  refusals: {
    'not-in-tree': {
      status: 422,
      says: 'There is no tree of that size with this entry in it.',
      mend: 'Ask for a size above the index, up to the trail’s own.',
    },
  },
  async run({ parameters, query }, store) {
    const [entry, head] = [await readEntry(store, parameters.index), await readHead(store)]
    if (entry === undefined || head === undefined) return refused('unknown')
    const { size = head.size } = query
    if (size <= parameters.index || size > head.size) return refused('not-in-tree')
    const nodes = nodesOf(store)
    const proof = await inclusionProof(nodes, parameters.index, size)
    const root = await rootAt(nodes, size)
    const leaf = leafHash(Buffer.from(canonicalJson(entry)))
    return done({
      index: parameters.index,
      size,
      leaf: leaf.toString('base64'),
      root: root.toString('base64'),
      proof: proof.map((hash) => hash.toString('base64')),
    })
  },
})
