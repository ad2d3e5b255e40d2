// addWitnessedCheckpoint: what another log asks of a witness (c2sp.org/tlog-witness, add-checkpoint).
import { string } from '../../../base/schema.ts'
import { Witness, type WitnessAnswer } from '../../../trail/witness.ts'
import { ADD_CHECKPOINT_OCTETS_MAX } from '../../../trail/witness-request.ts'
import { defineOperation, done, refused } from '../../operation.ts'

const REFUSALS = { 400: 'malformed', 403: 'not-signed', 404: 'not-followed', 422: 'does-not-continue' } as const

export const addWitnessedCheckpoint = defineOperation({
  name: 'addWitnessedCheckpoint',
  resource: 'witness',
  method: 'POST',
  path: '/witness/add-checkpoint',
  summary: 'Signs a checkpoint of a log that is witnessed here (c2sp.org/tlog-witness): the log’s own signature is what lets it in.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: string({ pattern: /^[\s\S]*$/, maxLength: ADD_CHECKPOINT_OCTETS_MAX, describe: 'The old size, the consistency proof and the checkpoint.' }),
  bodyMedia: 'text/plain',
  media: 'text/plain; charset=utf-8',
  further: { status: 409, media: 'text/x.tlog.size', says: 'The witness has signed another size: it is the body.' },
  refusals: {
    malformed: { status: 400, says: 'The body is no request to add a checkpoint.', mend: 'Write it as c2sp.org/tlog-witness says.' },
    'not-signed': { status: 403, says: 'No key that is trusted for this log has signed the checkpoint.', mend: 'Give the log’s new key to the witness first.' },
    'not-followed': { status: 404, says: 'This log is not witnessed here.', mend: 'Have an operator follow the log.' },
    'does-not-continue': {
      status: 422,
      says: 'The proof does not show that this tree continues the last one.',
      mend: 'Send the consistency proof from the size that was signed last. If that is what was sent, the log’s history was altered.',
    },
  },
  // It has no entry for each signature: two Gatehouses that witness each other would give each other something to sign for ever.
  async prepare({ body, nowMs, plane }): Promise<WitnessAnswer> {
    return plane.store.write(async (writing) => {
      const answer = await new Witness(plane.services.envelope, plane.services.random).addCheckpoint(writing, body, nowMs)
      if ('alarm' in answer) {
        const event = { act: 'witness.alarm', actor: { kind: 'anonymous', id: 'anonymous' }, outcome: 'refused', code: 'witness.does-not-continue' } as const
        await plane.record(writing, { ...event, detail: { status: answer.status } })
      }
      return answer
    })
  },
  async run(_call, _store, answer) {
    if (answer.status === 200) return done(answer.body)
    if (answer.status === 409) return done(answer.body, { further: true })
    return refused(REFUSALS[answer.status])
  },
})
