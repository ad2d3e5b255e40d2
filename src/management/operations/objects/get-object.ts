// getObject: one object as its owner wrote it.
import { type Infer, object } from '../../../base/schema.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { readObject, readValue } from '../../../catalog/revisions/state.ts'
import { CatalogReach } from '../../catalog/reach.ts'
import { anyValue, objectParameters } from '../../catalog/shapes.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { objectShape } from './object-schema.ts'

const whole = object({ ...objectShape, value: anyValue('The object as in gatehouse.yaml; a document’s is its text.') })

export const getObject = defineOperation({
  name: 'getObject',
  resource: 'objects',
  method: 'GET',
  path: '/objects/{kind}/{name}',
  summary: 'Tells an object of the catalog: its value, who owns it, and since which revision it is so.',
  permission: 'apis:read',
  reach: 'filtered',
  parameters: object(objectParameters),
  output: whole,
  refusals: {},
  async run({ operator, parameters }, store) {
    const key = keyOf(parameters)
    const ofConsole = await readObject(store, 'console', key)
    const found = ofConsole ?? (await readObject(store, 'file', key))
    if (!found) return refused('unknown')
    const { kind, name, digest: etag, revision } = found
    const value = await readValue(store, found.stored)
    if (!(await CatalogReach.of(operator, store)).includes('read', { kind, name, value })) return refused('unknown')
    const told: Infer<typeof whole> = { kind, name, owner: ofConsole ? ('console' as const) : ('file' as const), revision, etag, value }
    return done(told, { etag })
  },
})
