// How back-ups are told.
import { type Infer, integer, object, string } from '../../../base/schema.ts'
import type { BackUpFile } from '../../plane.ts'
import { moment, momentOf } from '../../texts.ts'

export const backUpSchema = object({
  name: string({ pattern: /^gatehouse-[0-9TZ-]{20,30}\.(?:db|jsonl)$/, maxLength: 60, describe: 'The file’s name.' }),
  folder: string({ pattern: /^[^\x00-\x1f]+$/, maxLength: 4096, describe: 'The folder on the machine of this Gatehouse that it stands in.' }),
  taken: moment('When.'),
  octets: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'How large it is.' }),
  sha256: string({ pattern: /^[0-9a-f]{64}$/, maxLength: 64, describe: 'The digest of its content.' }),
})
export const shownBackUp = ({ name, folder, takenMs, octets, sha256 }: BackUpFile): Infer<typeof backUpSchema> => ({
  name,
  folder,
  taken: momentOf(takenMs),
  octets,
  sha256,
})
