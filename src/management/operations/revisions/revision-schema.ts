// How a revision is named in a path, and what is said of one that is not there.
import { object } from '../../../base/schema.ts'
import type { NoRevision } from '../../../catalog/revisions/history.ts'
import { type RefusalDeclaration, type Refused, refused } from '../../operation.ts'
import { digits } from '../../pages.ts'

export const revisionParameter = object({ revision: digits({ min: 1, max: 999_999_999_999, describe: 'The number of the revision.' }) })

export const PRUNED: RefusalDeclaration = {
  status: 410,
  says: 'The revision was pruned.',
  mend: 'It is older than `settings.retention.revisions` keeps. A back-up of that time still has it.',
}
export const noRevision = ({ refused: why }: NoRevision): Refused => refused(why === 'pruned-revision' ? 'pruned' : 'unknown')
