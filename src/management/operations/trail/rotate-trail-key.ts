// rotateTrailKey: from here on another key signs the trail; the old one vouches for it.
import { object, string } from '../../../base/schema.ts'
import { formatNote } from '../../../trail/note.ts'
import { defineOperation, done } from '../../operation.ts'

export const rotateTrailKey = defineOperation({
  name: 'rotateTrailKey',
  resource: 'trail',
  method: 'POST',
  path: '/trail/key/rotate',
  summary: 'Gives the trail another signing key. The checkpoint in the answer is signed by both; the old private key is forgotten.',
  permission: 'secrets:write',
  reach: 'all',
  output: object({
    checkpoint: string({ pattern: /^[\s\S]+\n$/, maxLength: 32_768, describe: 'The signed note that whoever trusts the old key learns the new one from.' }),
  }),
  refusals: {},
  act: 'trail-key.rotate',
  recent: true,
  async run({ operator, nowMs, plane }, store) {
    const { note } = await plane.services.trail.rotateKey(store, operator.actor, nowMs)
    return done({ checkpoint: formatNote(note) })
  },
})
