// How a named secret is told: everything but its value.
import { hashOf } from '../../../base/canonical-json.ts'
import { type Infer, list, object, string } from '../../../base/schema.ts'
import { SECRET_NAME } from '../../../base/secret-reference.ts'
import { GRANTS_MAX, type SecretInfo } from '../../../secrets/named-secrets.ts'
import { line, moment, momentOf } from '../../texts.ts'

const id = (describe: string) => string({ pattern: /^[!-~]{1,128}$/, maxLength: 128, means: 'an id', describe })
export const secretName = string({ pattern: SECRET_NAME, maxLength: 64, means: 'the name of a secret', describe: 'The secret’s name.' })
export const grantsShape = {
  people: list(id('A person’s id.'), { max: GRANTS_MAX, describe: 'People whose objects of the console may refer to it.' }),
  teams: list(id('A team’s name.'), { max: GRANTS_MAX, describe: 'Teams whose members’ objects may.' }),
}
export const secretParameters = object({ name: secretName })
export const secretSchema = object({
  name: secretName,
  created: moment('When it was made.'),
  createdBy: line(128, 'Who made it.'),
  changed: moment('When anything about it changed last.'),
  changedBy: line(128, 'Who changed it.'),
  rotated: moment('When its value became another one last.'),
  granted: object(grantsShape, 'Who may refer to it.'),
})

/** A secret that is not there has a tag too: who makes one says so by it. */
export const secretTag = (info: SecretInfo | undefined): string => (info === undefined ? 'absent' : hashOf(info).slice(0, 32))
export const shownSecret = ({ name, createdMs, createdBy, changedMs, changedBy, rotatedMs, granted }: SecretInfo): Infer<typeof secretSchema> => ({
  name,
  created: momentOf(createdMs),
  createdBy,
  changed: momentOf(changedMs),
  changedBy,
  rotated: momentOf(rotatedMs),
  granted,
})
