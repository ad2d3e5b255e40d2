// How a role is told.
import { boolean, list, object, oneOf, string } from '../../../base/schema.ts'
import { PERMISSIONS, ROLES, type Role } from '../../../model/permissions.ts'
import { etagOf, type RefusalDeclaration } from '../../operation.ts'

export const roleInput = {
  says: string({ pattern: /^[^\x00-\x1f\x7f-\x9f\u2028\u2029]{1,200}$/, maxLength: 200, means: 'one line', describe: 'What it is for.' }),
  reach: oneOf(['all', 'own'], '`own`: the APIs of their holder’s teams.'),
  permissions: list(oneOf(PERMISSIONS, 'What its holders may do.'), { max: PERMISSIONS.length }),
}
export const roleSchema = object({
  name: string({ pattern: /^[a-z][a-z0-9-]{0,63}$/, maxLength: 64, describe: 'The role.' }),
  ...roleInput,
  builtIn: boolean('Comes with the house, and stays as it is.'),
})
export const shownRole = ({ name, says, reach, permissions }: Role) => ({
  ...{ name, says, reach, permissions: [...permissions] },
  builtIn: ROLES.some((each) => each.name === name),
})
/** Of a role that is not there: `If-Match: "none"` makes one and changes none. */
export const roleEtag = (role: Role | undefined): string => (role === undefined ? 'none' : etagOf(shownRole(role)))

export const BUILT_IN: RefusalDeclaration = { status: 409, says: 'This role comes with the house.', mend: 'Make one of your own, under another name.' }
