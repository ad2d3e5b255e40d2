// retryDeadLetter: a message that was given up waits again, with all its tries before it.
import { object } from '../../../base/schema.ts'
import { sendAgain } from '../../../outbox/dead-letters.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { letterKey, letterSchema, shownLetter, toldOf } from './outbox-schema.ts'

export const retryDeadLetter = defineOperation({
  name: 'retryDeadLetter',
  resource: 'outbox',
  method: 'POST',
  path: '/outbox/dead-letters/{letter}/retry',
  summary: 'Sends a message again that was given up, to where its destination is now. Its receiver sees the id it had.',
  permission: 'system:write',
  reach: 'all',
  parameters: object({ letter: letterKey }),
  output: letterSchema,
  refusals: {
    full: { status: 409, says: 'As many messages wait for this destination as may.', mend: 'Mend the destination first; what waits goes out then.' },
  },
  act: 'message.retry',
  async run({ parameters, nowMs }, store) {
    const letter = await sendAgain(store, parameters.letter, nowMs)
    if ('refused' in letter) return refused(letter.refused === 'outbox.full' ? 'full' : 'unknown')
    return done(shownLetter(letter), toldOf(letter))
  },
})
