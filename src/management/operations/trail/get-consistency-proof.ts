// getConsistencyProof: that the trail of one size continues that of a smaller one (RFC 9162 2.1.4).
import { object, optional } from '../../../base/schema.ts'
import { consistencyProof, rootAt } from '../../../trail/merkle-proofs.ts'
import { nodesOf, readHead } from '../../../trail/records.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { hashText, index, indexDigits, proofHashes } from './trail-schema.ts'

export const getConsistencyProof = defineOperation({
  name: 'getConsistencyProof',
  resource: 'trail',
  method: 'GET',
  path: '/trail/consistency',
  summary: 'Proves that the trail of one size continues that of a smaller size.',
  permission: 'trail:read',
  reach: 'all',
  query: object({ from: indexDigits('The smaller size.'), to: optional(indexDigits('The larger size; left out: all entries.')) }),
  output: object({
    from: index('The smaller size.'),
    to: index('The larger size.'),
    fromRoot: hashText('Root of the smaller tree, base64.'),
    toRoot: hashText('Root of the larger tree, base64.'),
    proof: proofHashes,
  }),
  refusals: {
    'no-such-trees': {
      status: 422,
      says: 'The trail never had these sizes in this order.',
      mend: 'Ask with `from` up to `to`, and `to` up to the trail’s own size.',
    },
  },
  async run({ query }, store) {
    const size = (await readHead(store))?.size ?? 0
    const { from, to = size } = query
    if (from > to || to > size) return refused('no-such-trees')
    const nodes = nodesOf(store)
    const [proof, fromRoot, toRoot] = [await consistencyProof(nodes, from, to), await rootAt(nodes, from), await rootAt(nodes, to)]
    return done({ from, to, fromRoot: fromRoot.toString('base64'), toRoot: toRoot.toString('base64'), proof: proof.map((hash) => hash.toString('base64')) })
  },
})
