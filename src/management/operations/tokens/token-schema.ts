// How a machine token is told: everything but the secret.
import { list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { PERMISSIONS } from '../../../model/permissions.ts'
import type { MachineToken } from '../../../people/machine-tokens.ts'
import type { RefusalDeclaration } from '../../operation.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'
import { personId } from '../people/person-schema.ts'

export const tokenId = string({ pattern: /^token_[A-Za-z0-9_-]{20}$/, maxLength: 26, means: 'the id of a token', describe: 'The token’s public handle.' })
export const tokenPermissions = list(oneOf(PERMISSIONS, 'What it may do, as far as its person may.'), { min: 1, max: PERMISSIONS.length })
export const tokenApis = list(nameText('An API.'), { min: 1, max: 1000, describe: 'Nothing but these APIs is reached.' })
export const tokenSchema = object({
  id: tokenId,
  name: line(100, 'What it is for.'),
  person: personId,
  permissions: tokenPermissions,
  apis: optional(tokenApis),
  created: moment('When it was made.'),
  expires: moment('From then on it is refused.'),
  used: optional(moment('When it was last used, to within a minute.')),
  revoked: optional(moment('When it was revoked.')),
})
export function shownToken({ id, name, personId: person, permissions, apis, createdAtMs, expiresAtMs, usedAtMs, revokedAtMs }: MachineToken) {
  return {
    ...{ id, name, person, permissions: [...permissions], created: momentOf(createdAtMs), expires: momentOf(expiresAtMs) },
    ...(apis && { apis: [...apis] }),
    ...(usedAtMs !== undefined && { used: momentOf(usedAtMs) }),
    ...(revokedAtMs !== undefined && { revoked: momentOf(revokedAtMs) }),
  }
}
export const ALREADY_REVOKED: RefusalDeclaration = { status: 409, says: 'This token is revoked already.', mend: 'Nothing is left to do.' }
