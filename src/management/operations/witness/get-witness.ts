// getWitness: the key that this Gatehouse signs the trails of others with, and whose.
import { readWitnessedLogs, readWitnessKey } from '../../../trail/witness.ts'
import { defineOperation, done } from '../../operation.ts'
import { shownLog, witnessSchema } from './witness-schema.ts'

export const getWitness = defineOperation({
  name: 'getWitness',
  resource: 'witness',
  method: 'GET',
  path: '/witness',
  summary: 'The witness in this Gatehouse: its public key, and the logs it follows.',
  permission: 'trail:read',
  reach: 'all',
  output: witnessSchema,
  refusals: {},
  async run(_call, store) {
    const key = await readWitnessKey(store)
    return done({ ...(key !== undefined && { key }), logs: (await readWitnessedLogs(store)).map(shownLog) })
  },
})
