// exportCatalog: every object of both owners as one text that can be applied.
import { exportText } from '../../../catalog/revisions/export.ts'
import { objectsOfState, readState } from '../../../catalog/revisions/state.ts'
import { defineOperation, done } from '../../operation.ts'

export const exportCatalog = defineOperation({
  name: 'exportCatalog',
  resource: 'catalog',
  method: 'GET',
  path: '/catalog/export',
  summary: 'Writes the catalog out: every object of both owners, in canonical form. It holds references to secrets and no secret.',
  permission: 'catalog:read',
  reach: 'all',
  media: 'application/yaml',
  refusals: {},
  async run({ plane }, store) {
    const console = await objectsOfState(store, await readState(store, 'console'))
    return done(exportText([...console, ...plane.services.catalog.fileObjects]))
  },
})
