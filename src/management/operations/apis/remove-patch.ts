// removePatch: takes a virtual patch out before its time, or after it.
import { readHead } from '../../../catalog/revisions/state.ts'
import { publishAs } from '../../catalog/publication.ts'
import { APPROVALS_NEEDED, FAULTY } from '../../catalog/publication-refusals.ts'
import { CatalogReach } from '../../catalog/reach.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { OWNED_BY_FILE } from '../drafts/draft-refusals.ts'
import { thisApi } from './api-reach.ts'
import { findPatch, patchParameters, shownPatch } from './patch-schema.ts'

export const removePatch = defineOperation({
  name: 'removePatch',
  resource: 'apis',
  method: 'DELETE',
  path: '/apis/{api}/patches/{patch}',
  summary: 'Takes a virtual patch out: the API is served without it when this is answered.',
  permission: 'apis:patch',
  reach: thisApi,
  parameters: patchParameters,
  refusals: { faulty: FAULTY, 'approvals-needed': APPROVALS_NEEDED, 'owned-by-file': OWNED_BY_FILE },
  act: 'patch.remove',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'patch', name: parameters.patch }),
  async commit(call, within) {
    const { parameters, operator, nowMs } = call
    const name = parameters.patch
    return publishAs(
      call,
      async (reading) => {
        const found = await findPatch(reading, name)
        if (!found || shownPatch(found, nowMs)?.api !== parameters.api) return refused('unknown')
        const there = { kind: 'patch', name, value: { api: parameters.api } }
        if (!(await CatalogReach.of(operator, reading)).includesAll('patch', [there], true)) return refused('unknown')
        if (found.owner === 'file') return refused('owned-by-file')
        const stale = call.guard(found.stored.digest)
        if (stale) return stale
        const { revision: base } = await readHead(reading)
        return { author: operator.actor, message: `patch ${name} is removed`, base, changes: [{ kind: 'patch', name }] }
      },
      within,
      ({ number }) => done(undefined, { detail: { api: parameters.api, revision: number } }),
    )
  },
})
