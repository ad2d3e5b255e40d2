// How an API key is told: everything but the secret and what leads to it.
import { type Infer, integer, object, oneOf, optional, string } from '../../../base/schema.ts'
import type { KeyDigests } from '../../../directory/key-digests.ts'
import { lastUse } from '../../../directory/last-use.ts'
import { type KeyUse, revokedKeys, type StoredKey } from '../../../directory/records.ts'
import { type DirectoryContent, fileKeyId, type KeyCredential } from '../../../model/directory.ts'
import type { Reading } from '../../../ports/store.ts'
import type { RefusalDeclaration } from '../../operation.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'

export const keyShape = {
  id: string({ pattern: /^key_[0-9a-f]{12,24}$/, maxLength: 28, describe: 'The key’s public handle.' }),
  consumer: nameText('The consumer that the key belongs to.'),
  label: line(100, 'What it is for, in its maker’s words.'),
  hint: string({ pattern: /^[ -~]*$/, maxLength: 40, describe: 'What its holder knows it by.' }),
  owner: oneOf(['file', 'store'], '`file`: a file of the configuration holds its hash, and it is changed there alone.'),
  created: optional(moment('When it was made; absent for one of a file.')),
  createdBy: optional(line(100, 'Who made it; absent for one of a file.')),
  expires: optional(moment('From then on it is refused.')),
  revoked: optional(moment('When it was revoked.')),
  replaces: optional(line(40, 'The key that this one took over from.')),
  replacedBy: optional(line(40, 'The key that took over.')),
  revokedFor: optional(line(200, 'Why it was revoked.')),
  lastUsed: optional(moment('When it was last shown, to within some seconds.')),
  uses: optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'How often it was shown.' })),
}
export const keySchema = object(keyShape)
export type KeyShown = Infer<typeof keySchema>
export const keyParameters = object({ key: keyShape.id })

export const KEY_OF_FILE: RefusalDeclaration = {
  status: 409,
  says: 'A file of the configuration holds this key: change it there.',
  mend: 'Take its hash out of the file, or change it there. A key that leaked is ended at once by reporting it.',
}
export const KEY_NOT_VALID: RefusalDeclaration = {
  status: 409,
  says: 'The key is revoked or has expired: make a new one.',
  mend: 'Make a new key. What has ended does not begin again.',
}
/** What is refused of every new key. */
export const NEW_KEY_REFUSALS = {
  'too-many-keys': {
    status: 409,
    says: 'The consumer has as many keys as it may have.',
    mend: 'Revoke keys that are not used any more. Those that are over are forgotten after ninety days.',
  },
  'bad-expiry': { status: 422, says: 'The key would have expired already.', mend: 'Give a time in the future, or none.' },
} as const satisfies Record<string, RefusalDeclaration>
/** A key that a file holds, if there is one by this handle. */
export const filedKey = ({ keys }: DirectoryContent, id: string): KeyCredential | undefined => keys.find(({ digest }) => fileKeyId(digest) === id)

/** A key of the file with what the store knows of it. */
export async function shownFiledKey(reading: Reading, digests: KeyDigests, { digest, consumer, expiresMs }: KeyCredential): Promise<KeyShown> {
  const id = fileKeyId(digest)
  const [use, revoked] = [await lastUse(reading, id), await reading.get(revokedKeys, digests.tag(digest))]
  return {
    ...{ id, consumer, label: '', hint: '', owner: 'file' },
    ...(expiresMs !== undefined && { expires: momentOf(expiresMs) }),
    ...(revoked && { revoked: momentOf(revoked.atMs), revokedFor: revoked.why }),
    ...used(use),
  }
}
const used = (use: KeyUse | undefined): Pick<KeyShown, 'lastUsed' | 'uses'> => (use ? { lastUsed: momentOf(use.lastMs), uses: use.count } : {})

export function shownKey(key: StoredKey, use?: KeyUse): KeyShown {
  return {
    id: key.id,
    consumer: key.consumer,
    owner: 'store',
    label: key.label,
    hint: key.hint,
    created: momentOf(key.createdMs),
    createdBy: key.createdBy,
    ...(key.expiresMs !== undefined && { expires: momentOf(key.expiresMs) }),
    ...(key.revoked && { revoked: momentOf(key.revoked.atMs), revokedFor: key.revoked.why }),
    ...(key.replaces !== undefined && { replaces: key.replaces }),
    ...(key.replacedBy !== undefined && { replacedBy: key.replacedBy }),
    ...used(use),
  }
}
