// How a single sign-on provider is told: everything but its secret.
import { boolean, list, object, optional, string } from '../../../base/schema.ts'
import type { Provider } from '../../../people/sso-records.ts'
import { etagOf, type RefusalDeclaration } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { roleName } from '../people/person-schema.ts'

const LINE = '[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]'
export const providerInput = {
  says: string({ pattern: new RegExp(`^${LINE}{1,100}$`), maxLength: 100, means: 'one line', describe: 'What the sign-in page calls it.' }),
  issuer: string({
    pattern: /^https?:\/\/[!-~]+$/,
    maxLength: 512,
    means: 'an address such as https://login.example.org',
    describe: 'The issuer (OpenID Connect Discovery 1.0).',
  }),
  clientId: string({ pattern: /^[!-~]+$/, maxLength: 256, means: 'a client id', describe: 'What Gatehouse is called there.' }),
  provesSecondFactor: boolean('Whether a sign-in there counts as two factors. Otherwise the second is asked for here.'),
  mapping: optional(
    object({
      claim: string({ pattern: /^[!-~]+$/, maxLength: 100, means: 'the name of a claim', describe: 'The claim of the ID token.' }),
      rules: list(
        object({
          value: string({ pattern: new RegExp(`^${LINE}{1,256}$`), maxLength: 256, means: 'one line', describe: 'Who shows this has what follows.' }),
          roles: list(roleName, { min: 1, max: 50 }),
          teams: list(nameText('A team.'), { max: 100 }),
        }),
        { max: 100 },
      ),
    }),
  ),
}
export const providerSchema = object({ name: nameText('The provider, as its callback’s path names it.'), ...providerInput })
export function shownProvider({ name, says, issuer, clientId, provesSecondFactor, mapping }: Provider) {
  const rules = mapping?.rules.map(({ value, roles, teams }) => ({ value, roles: [...roles], teams: [...teams] }))
  return { name, says, issuer, clientId, provesSecondFactor, ...(mapping && { mapping: { claim: mapping.claim, rules: rules! } }) }
}
/** Of a provider that is not there: `If-Match: "none"` makes one and changes none. */
export const providerEtag = (provider: Provider | undefined): string =>
  provider === undefined ? 'none' : etagOf({ ...shownProvider(provider), sealed: provider.sealedSecret })

export const LAST_OWNERS_WAY: RefusalDeclaration = {
  status: 409,
  says: 'No owner could sign in any more.',
  mend: 'The owners come in through this provider and nothing else: let one of them set a password or a passkey first.',
}
export const OWNERS_ONLY: RefusalDeclaration = {
  status: 403,
  says: 'This is for owners.',
  mend: 'Which provider is believed decides about everyone who comes through it, owners included. Ask an owner.',
}
