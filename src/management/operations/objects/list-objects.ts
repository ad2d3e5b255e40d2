// listObjects: what the file and the console own, without values.
import { object, optional } from '../../../base/schema.ts'
import { OBJECTS } from '../../../catalog/revisions/records.ts'
import { CatalogReach } from '../../catalog/reach.ts'
import { kindWord, ownerWord } from '../../catalog/shapes.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageParameters } from '../../pages.ts'
import { objectSchema } from './object-schema.ts'

export const listObjects = defineOperation({
  name: 'listObjects',
  resource: 'objects',
  method: 'GET',
  path: '/objects',
  summary: 'Lists the objects of the catalog, of both owners.',
  permission: 'apis:read',
  reach: 'filtered',
  query: object({ ...pageParameters, kind: optional(kindWord), owner: optional(ownerWord) }),
  output: pageOf(objectSchema),
  refusals: {},
  async run({ operator, query }, store) {
    const reach = await CatalogReach.of(operator, store)
    const prefix = query.owner === undefined ? '' : query.kind === undefined ? `${query.owner}/` : `${query.owner}/${query.kind}/`
    const found = await page(
      store,
      OBJECTS,
      query,
      ({ key, value: { kind, name, stored, digest: etag, revision } }) => {
        if (query.kind !== undefined && kind !== query.kind) return undefined
        if (!reach.includes('read', { kind, name, value: 'value' in stored ? stored.value : '' })) return undefined
        return { kind, name, owner: key.startsWith('file/') ? ('file' as const) : ('console' as const), revision, etag }
      },
      { prefix },
    )
    return done(found)
  },
})
