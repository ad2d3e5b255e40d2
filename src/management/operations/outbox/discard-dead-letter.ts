// discardDeadLetter: a message that was given up is thrown away.
import { object } from '../../../base/schema.ts'
import { discardDeadLetter as discard } from '../../../outbox/dead-letters.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { letterKey, toldOf } from './outbox-schema.ts'

export const discardDeadLetter = defineOperation({
  name: 'discardDeadLetter',
  resource: 'outbox',
  method: 'DELETE',
  path: '/outbox/dead-letters/{letter}',
  summary: 'Throws away a message that was given up.',
  permission: 'system:write',
  reach: 'all',
  parameters: object({ letter: letterKey }),
  refusals: {},
  act: 'message.discard',
  async run({ parameters }, store) {
    const letter = await discard(store, parameters.letter)
    return 'refused' in letter ? refused('unknown') : done(undefined, toldOf(letter))
  },
})
