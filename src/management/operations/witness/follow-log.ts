// followLog: from now on the checkpoints of another Gatehouse's trail are signed here, each only when it continues the last.
import { object } from '../../../base/schema.ts'
import { formatNoteKey } from '../../../trail/note-key.ts'
import { Witness } from '../../../trail/witness.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { keyText, logSchema, shownLog } from './witness-schema.ts'

export const followLog = defineOperation({
  name: 'followLog',
  resource: 'witness',
  method: 'POST',
  path: '/witness/logs',
  summary: 'Witnesses the log whose key this is. A further key of the same name is trusted beside the others.',
  permission: 'secrets:write',
  reach: 'all',
  body: object({ key: keyText }),
  output: object({ witnessKey: keyText, log: logSchema }),
  refusals: {
    'not-a-log-key': {
      status: 422,
      says: 'This is not the public key of a log.',
      mend: 'Take the key from the first entry of its trail, or from its operator.',
    },
    'too-many-logs': { status: 409, says: 'As many logs are witnessed here as may be.', mend: 'Have another Gatehouse witness this one.' },
    'too-many-keys': { status: 409, says: 'The log has as many keys as it may have.', mend: 'Check where these keys come from: a log rotates rarely.' },
  },
  act: 'witness.follow',
  async run({ body, plane }, store) {
    const witness = new Witness(plane.services.envelope, plane.services.random)
    const log = await witness.follow(store, body.key)
    if ('refused' in log) return refused(log.refused)
    const key = await witness.key(store)
    return done({ witnessKey: formatNoteKey(key), log: shownLog(log) }, { object: { kind: 'log', name: log.origin }, detail: { key: body.key } })
  },
})
