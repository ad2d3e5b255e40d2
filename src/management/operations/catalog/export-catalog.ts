// exportCatalog: every object of both owners as one text that can be applied.
import { exportText } from '../../../catalog/revisions/export.ts'
import { objectsOfState, readHead, readState } from '../../../catalog/revisions/state.ts'
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
  async prepare({ operator, plane }) {
    const { catalog, resolving } = plane.services
    const { revision } = await plane.store.read(readHead)
    return resolving.ask<{ readonly text: string }>(operator, {
      key: `export/${revision}`,
      isLarge: true,
      async answer() {
        const console = await plane.store.read(async (reading) => objectsOfState(reading, await readState(reading, 'console')))
        return { text: exportText([...console, ...catalog.fileObjects]) }
      },
    })
  },
  run: async (_call, _store, { text }) => done(text),
})
