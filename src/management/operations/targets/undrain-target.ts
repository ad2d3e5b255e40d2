// undrainTarget: a target that was drained takes requests again.
import { object } from '../../../base/schema.ts'
import { drainsOf, removeDrain } from '../../../lifecycle/drains.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { thisApi } from '../apis/api-reach.ts'
import { knownTargets, shownTargets, targetList, targetName } from './target-schema.ts'

export const undrainTarget = defineOperation({
  name: 'undrainTarget',
  resource: 'targets',
  method: 'POST',
  path: '/apis/{api}/targets/undrain',
  summary: 'Has a target that was drained take requests again. It does when this is answered.',
  permission: 'apis:patch',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  body: object({ target: targetName }),
  output: object({ items: targetList }),
  refusals: { 'not-drained': { status: 409, says: 'This target is not drained.', mend: '`listTargets` tells which are.' } },
  act: 'target.undrain',
  live: true,
  object: ({ parameters }) => ({ kind: 'api', name: parameters.api }),
  prepare: ({ parameters, plane }) => knownTargets(plane, parameters.api),
  async run({ parameters: { api }, body: { target } }, store, known) {
    if (!(await removeDrain(store, api, target))) return refused('not-drained')
    return done({ items: shownTargets(known, await drainsOf(store, api), api) }, { detail: { target } })
  },
})
