// An object of the catalog as it is told: by whom it is owned, since which revision, and under which tag.
import { object } from '../../../base/schema.ts'
import { etagText, ownerWord, revisionNumber } from '../../catalog/shapes.ts'
import { line } from '../../texts.ts'

export const objectShape = {
  kind: line(100, 'The kind of object.'),
  name: line(200, 'Its name.'),
  owner: ownerWord,
  revision: revisionNumber,
  etag: etagText('Over its value.'),
}
export const objectSchema = object(objectShape)
