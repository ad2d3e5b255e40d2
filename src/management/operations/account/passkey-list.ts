// How a passkey is told.
import { boolean, object, optional, string } from '../../../base/schema.ts'
import type { Passkey } from '../../../people/factors.ts'
import { line, moment, momentOf } from '../../texts.ts'

export const passkeyId = string({ pattern: /^[0-9a-f]{64}$/, maxLength: 64, means: 'the id of a passkey', describe: 'The passkey.' })
export const passkeySchema = object({
  id: passkeyId,
  name: line(100, 'What its owner calls it.'),
  created: moment('When it was made.'),
  used: optional(moment('When it was last used.')),
  synced: boolean('Whether the authenticator may copy it to other devices.'),
})
export const shownPasskey = (digest: string, { name, createdAtMs, usedAtMs, isBackedUp }: Passkey) => ({
  ...{ id: digest, name, created: momentOf(createdAtMs), synced: isBackedUp },
  ...(usedAtMs !== undefined && { used: momentOf(usedAtMs) }),
})
