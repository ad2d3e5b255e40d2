// How a revision is named in a path.
import { object } from '../../../base/schema.ts'
import { digits } from '../../pages.ts'

export const revisionParameter = object({ revision: digits({ min: 1, max: 999_999_999_999, describe: 'The number of the revision.' }) })
