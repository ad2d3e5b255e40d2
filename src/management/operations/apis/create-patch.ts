// createPatch: one policy more on an API for a time, in one call: live when it is answered.
import { hashOf } from '../../../base/canonical-json.ts'
import { object } from '../../../base/schema.ts'
import { readHead } from '../../../catalog/revisions/state.ts'
import { publishAs } from '../../catalog/publication.ts'
import { APPROVALS_NEEDED, FAULTY, NOT_GRANTED } from '../../catalog/publication-refusals.ts'
import { CatalogReach } from '../../catalog/reach.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { momentOf, nameText } from '../../texts.ts'
import { thisApi } from './api-reach.ts'
import { findPatch, newPatch, patchSchema, shownPatch } from './patch-schema.ts'

export const createPatch = defineOperation({
  name: 'createPatch',
  resource: 'apis',
  method: 'POST',
  path: '/apis/{api}/patches',
  summary: 'Puts a virtual patch on an API, whoever owns it: one policy more, for a time and a reason. Live when this is answered.',
  permission: 'apis:patch',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  body: newPatch,
  output: patchSchema,
  status: 201,
  refusals: {
    faulty: FAULTY,
    'approvals-needed': APPROVALS_NEEDED,
    'not-granted': NOT_GRANTED,
    'name-taken': { status: 409, says: 'There is a patch of this name.', mend: 'Choose another name, or leave it out and one is made.' },
    over: { status: 422, says: 'The patch would have ended already.', mend: '`expires` must lie ahead.' },
  },
  act: 'patch.create',
  live: true,
  async commit(call, within) {
    const { body, parameters, operator, plane, nowMs } = call
    const { name = `patch-${Buffer.from(plane.services.random(8)).toString('hex')}`, expires, ...rest } = body
    if (Date.parse(expires) <= nowMs) return refused('over')
    const value = { api: parameters.api, ...rest, expires: momentOf(Date.parse(expires)) }
    return publishAs(
      call,
      async (reading) => {
        const change = { kind: 'patch', name, value }
        if (await findPatch(reading, name)) return refused('name-taken')
        if (!(await CatalogReach.of(operator, reading)).includesAll('patch', [change], true)) return refused('unknown')
        const { revision: base } = await readHead(reading)
        return { author: operator.actor, message: `patch ${name}: ${body.reason}`, base, changes: [change] }
      },
      within,
      (revision) => {
        const digest = hashOf(value)
        const told = shownPatch({ owner: 'console', stored: { kind: 'patch', name, digest, revision: revision.number, stored: { value } } }, nowMs)
        if (!told) throw new Error(`the patch '${name}' was published and cannot be read`)
        const detail = { api: parameters.api, revision: revision.number, policy: body.policy, reason: body.reason }
        return done(told, { etag: digest, location: `/apis/${parameters.api}/patches/${name}`, object: { kind: 'patch', name }, detail })
      },
    )
  },
})
