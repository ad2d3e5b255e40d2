// removeSecret: forgets a secret that nothing refers to.
import { secretNames } from '../../../catalog/revisions/console-checks.ts'
import { DRAFT_CHANGES, type DraftChange, OBJECTS, type StoredObject } from '../../../catalog/revisions/records.ts'
import { everyEntry, type Reading } from '../../../ports/store.ts'
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
    if (await isInUse(store, plane, info.name)) return refused('in-use')
    await remove(store, info.name)
    return done(undefined)
  },
})

/** What the file and its settings refer to, what the console's objects do, and what drafts would. */
async function isInUse(reading: Reading, { services: { catalog } }: Plane, name: string): Promise<boolean> {
  const refersToIt = (...values: unknown[]): boolean => secretNames(values).includes(name)
  if (refersToIt(catalog.configuration.settings, ...catalog.fileObjects.map(({ value }) => value))) return true
  // Texts refer to no secret, and all drafts together can hold more of them than there is memory.
  for (const [of, prefix] of [
    [OBJECTS, 'console/'],
    [DRAFT_CHANGES, ''],
  ] as const)
    for await (const {
      value: { stored },
    } of everyEntry<StoredObject | DraftChange>(reading, of, prefix))
      if (stored && 'value' in stored && refersToIt(stored.value)) return true
  return false
}
