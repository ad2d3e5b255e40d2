// removeSecret: forgets a secret that nothing refers to.
import { secretNames } from '../../../catalog/revisions/console-checks.ts'
import { draftChanges, listDrafts } from '../../../catalog/revisions/drafts.ts'
import { objectsOfState, readState } from '../../../catalog/revisions/state.ts'
import type { Reading } from '../../../ports/store.ts'
import { removeSecret as remove, secretInfo } from '../../../secrets/named-secrets.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import type { Plane } from '../../plane.ts'
import { secretParameters, secretTag } from './secret-schema.ts'

export const removeSecret = defineOperation({
  name: 'removeSecret',
  resource: 'secrets',
  method: 'DELETE',
  path: '/secrets/{name}',
  summary: 'Forgets a named secret that no object refers to.',
  permission: 'secrets:write',
  reach: 'all',
  parameters: secretParameters,
  refusals: {
    'in-use': {
      status: 409,
      says: 'An object of the configuration, or a draft, refers to this secret.',
      mend: 'Take the reference out, publish, and remove the secret then.',
    },
  },
  act: 'secret.remove',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'secret', name: parameters.name }),
  async run({ parameters, plane, guard }, store) {
    const info = await secretInfo(store, parameters.name)
    if (info === undefined) return refused('unknown')
    const stale = guard(secretTag(info))
    if (stale) return stale
    if ((await secretsInUse(store, plane)).includes(info.name)) return refused('in-use')
    await remove(store, info.name)
    return done(undefined)
  },
})

/** What the file and its settings refer to, what the console's objects do, and what drafts would. */
async function secretsInUse(reading: Reading, { services: { catalog } }: Plane): Promise<readonly string[]> {
  const values: unknown[] = [catalog.configuration.settings, ...catalog.fileObjects.map(({ value }) => value)]
  for (const { value } of await objectsOfState(reading, await readState(reading, 'console'))) values.push(value)
  for (const { id } of await listDrafts(reading, DRAFTS_READ)) for (const change of await draftChanges(reading, id)) values.push(change)
  return secretNames(values)
}
const DRAFTS_READ = 1000
