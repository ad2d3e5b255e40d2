// What applying a text would do, as it is told; and how the text is read.
import { boolean, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { type Applied, readApplied } from '../../../catalog/revisions/export.ts'
import { type Plan, planOf } from '../../../catalog/revisions/plan.ts'
import { objectsOfState, readHead, readState } from '../../../catalog/revisions/state.ts'
import type { Reading } from '../../../ports/store.ts'
import { differenceShape, ownerWord, revisionNumber, shownFaults } from '../../catalog/shapes.ts'
import { type RefusalDeclaration, type Refused, refused } from '../../operation.ts'
import type { Plane } from '../../plane.ts'

/** As much as a draft may hold. */
export const TEXT_BYTES_MAX = 64 * 1024 ** 2
export const appliedShape = {
  text: string({ maxLength: TEXT_BYTES_MAX, describe: 'The catalog as it shall be, as `exportCatalog` writes it.' }),
  prune: optional(boolean('What the console owns and the text does not name is removed.'), false),
}
export const planSchema = object({
  revision: revisionNumber,
  differs: boolean('Applying would change something, or is refused.'),
  refused: boolean('The file owns something that the text wants otherwise.'),
  items: list(object({ ...differenceShape, op: oneOf(['create', 'change', 'remove', 'unchanged', 'refused']), owner: optional(ownerWord) }), {
    max: 200_000,
    describe: 'In the order of kinds and names.',
  }),
})
export const UNREADABLE: RefusalDeclaration = {
  status: 422,
  says: 'The text is no catalog.',
  mend: '`errors` lists every fault with its line. Only sections of the catalog are applied; the others belong to the file that Gatehouse is started with.',
}

export function readText(text: string): Extract<Applied, { objects: unknown }> | Refused {
  const applied = readApplied(text, 'text')
  return 'objects' in applied ? applied : refused('unreadable', { more: { errors: shownFaults(applied.faults) } })
}

export async function planUpon(
  reading: Reading,
  plane: Plane,
  wanted: Extract<Applied, { objects: unknown }>,
  prune: boolean,
): Promise<{ readonly plan: Plan; readonly revision: number }> {
  const console = await objectsOfState(reading, await readState(reading, 'console'))
  return { plan: planOf(console, plane.services.catalog.fileObjects, wanted.objects, prune), revision: (await readHead(reading)).revision }
}
