// Objects of the catalog, what is different about them and what is wrong with them, as the management API takes and tells these.
import { basename } from 'node:path'
import { checked, type Infer, integer, list, object, oneOf, optional, type Schema, string } from '../../base/schema.ts'
import { visible } from '../../base/visible-text.ts'
import type { LocatedFault } from '../../catalog/reading/located-fault.ts'
import { type ObjectDifference, PATHS_MAX } from '../../catalog/revisions/difference.ts'
import { MESSAGE_CHARACTERS_MAX } from '../../catalog/revisions/drafts.ts'
import { KINDS, type ObjectKey, splitKey } from '../../catalog/revisions/kinds.ts'
import { line } from '../texts.ts'

export const OBJECTS_TOLD_MAX = 20_000

/** Whatever JSON can say: what of it an object may be, the catalog says. */
export const anyValue = (describe: string): Schema<unknown> => ({ json: { description: describe }, fits: () => true, read: (value) => value })

export const kindWord = oneOf(
  KINDS.map(({ kind }) => kind),
  'The kind of object.',
)
export const objectName = string({
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?(?:@[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?)?$/,
  maxLength: 129,
  means: 'the name of an object',
  describe: 'Its name among those of its kind.',
})
export const objectParameters = { kind: kindWord, name: objectName }
export const toldObject = object({ kind: line(100, 'The kind of object.'), name: line(200, 'Its name.') })
export const ownerWord = oneOf(['file', 'console'], 'Who owns it: what the file owns is changed by an edit of the file alone.')
export const etagText = (describe: string): Schema<string> => string({ pattern: /^[0-9a-f]{64}$/, maxLength: 64, describe })
export const revisionNumber = integer({ min: 0, max: 999_999_999_999, describe: 'The number of a revision.' })
export const messageText = checked(
  string({ pattern: /\S/, maxLength: MESSAGE_CHARACTERS_MAX, means: 'what the change is for', describe: 'What the change is for.' }),
  (text) => (text.isWellFormed() ? undefined : { code: 'bad-value', message: 'the text holds half a character' }),
)

export const actorShape = object({
  kind: oneOf(['person', 'token', 'admin-token', 'file', 'system', 'anonymous']),
  id: line(100, 'A pseudonym.'),
})
export const shownActor = ({ kind, id }: Infer<typeof actorShape>): Infer<typeof actorShape> => ({ kind, id })

export const differenceShape = {
  kind: line(100, 'The kind of object.'),
  name: line(200, 'Its name.'),
  op: oneOf(['create', 'change', 'remove']),
  paths: list(
    object({
      path: string({ maxLength: 10_000, describe: 'Where in the object; empty for the whole.' }),
      before: optional(anyValue('What stood there; absent when it is new.')),
      after: optional(anyValue('What would stand there; absent when it is gone.')),
    }),
    { max: PATHS_MAX },
  ),
  more: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'How many further places differ.' }),
}
export const differenceSchema = object(differenceShape)
export const differenceList = list(differenceSchema, { max: OBJECTS_TOLD_MAX })
export const shownDifference = ({ kind, name, op, paths, more }: ObjectDifference): Infer<typeof differenceSchema> => ({ kind, name, op, paths, more })

export const FAULTS_TOLD_MAX = 1000
export const faultSchema = object({
  place: string({ maxLength: 20_000, describe: 'The object of the console and the way inside of it, or the line of a file.' }),
  code: line(100, 'Stable.'),
  message: string({ maxLength: 20_000 }),
})
export const faultList = list(faultSchema, { max: FAULTS_TOLD_MAX })

/** Where files lie on this machine is nobody's business beyond it: they are told by their last name. */
export const shownFaults = (faults: readonly LocatedFault[]): Infer<typeof faultList> =>
  faults.slice(0, FAULTS_TOLD_MAX).map(({ file, line: at, column, code, message, place }) => ({
    place: visible(place ?? (file.startsWith('console:') ? file : `${basename(file)}:${at}:${column}`)),
    code,
    message,
  }))
export const shownKeys = (keys: readonly ObjectKey[]): readonly Infer<typeof toldObject>[] => keys.map(splitKey)
