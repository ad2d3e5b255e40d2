// takeBackUp: a consistent copy of the store, written while it is in use. Secrets are in it as the store holds them: sealed.
import { defineOperation, done, refused } from '../../operation.ts'
import { backUpSchema, shownBackUp } from './backup-schema.ts'

export const takeBackUp = defineOperation({
  name: 'takeBackUp',
  resource: 'backups',
  method: 'POST',
  path: '/backups',
  summary: 'Writes a back-up into a folder beside the store. It does not leave the machine by this API.',
  permission: 'backup:write',
  reach: 'all',
  output: backUpSchema,
  status: 201,
  refusals: {
    'under-way': { status: 409, says: 'A back-up is being written already.', mend: 'Wait for it, and look at the list.' },
    'too-many': { status: 409, says: 'The folder holds as many back-ups as it may.', mend: 'Move older ones to another place, or remove them.' },
  },
  act: 'backup.take',
  recent: true,
  async prepare({ plane, nowMs }) {
    const taken = await plane.services.backUps.take(nowMs)
    return 'refused' in taken ? refused(taken.refused) : taken
  },
  async run(_call, _store, taken) {
    const { name, octets, sha256 } = taken
    return done(shownBackUp(taken), { object: { kind: 'backup', name }, detail: { octets, sha256 } })
  },
})
