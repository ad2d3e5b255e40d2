// How an API key is told: everything but the secret and what leads to it.
import { type Infer, integer, object, optional, string } from '../../../base/schema.ts'
import type { StoredKey } from '../../../directory/records.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'

export const keyShape = {
  id: string({ pattern: /^key_[0-9a-f]{12,24}$/, maxLength: 28, describe: 'The key’s public handle.' }),
  consumer: nameText('The consumer that the key belongs to.'),
  label: line(100, 'What it is for, in its maker’s words.'),
  hint: string({ pattern: /^[ -~]*$/, maxLength: 40, describe: 'What its holder knows it by.' }),
  created: moment('When it was made.'),
  createdBy: line(100, 'Who made it.'),
  expires: optional(moment('From then on it is refused.')),
  revoked: optional(moment('When it was revoked.')),
  replaces: optional(line(40, 'The key that this one took over from.')),
  replacedBy: optional(line(40, 'The key that took over.')),
  lastUsed: optional(moment('When it was last shown, to within some seconds.')),
  uses: optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'How often it was shown.' })),
}
export const keySchema = object(keyShape)
export type KeyShown = Infer<typeof keySchema>

export function shownKey(key: StoredKey, use?: { readonly lastMs: number; readonly count: number }): KeyShown {
  return {
    id: key.id,
    consumer: key.consumer,
    label: key.label,
    hint: key.hint,
    created: momentOf(key.createdMs),
    createdBy: key.createdBy,
    ...(key.expiresMs !== undefined && { expires: momentOf(key.expiresMs) }),
    ...(key.revoked && { revoked: momentOf(key.revoked.atMs) }),
    ...(key.replaces !== undefined && { replaces: key.replaces }),
    ...(key.replacedBy !== undefined && { replacedBy: key.replacedBy }),
    ...(use && { lastUsed: momentOf(use.lastMs), uses: use.count }),
  }
}
