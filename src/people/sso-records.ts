// What is kept of single sign-on: the providers, and which account over there is whom here.
import { collection } from '../ports/store.ts'
import { digestOf } from './secret-text.ts'

/** Who shows this value in the claim has these roles and teams. Several rules add up; none: nobody comes in who was not invited. */
export interface ClaimRule {
  readonly value: string
  readonly roles: readonly string[]
  readonly teams: readonly string[]
}
export interface Provider {
  /** Stands in the callback's path. */
  readonly name: string
  readonly says: string
  readonly issuer: string
  readonly clientId: string
  readonly sealedSecret: string
  /** Whether a sign-in there counts as two factors. Otherwise the second is asked for here. */
  readonly provesSecondFactor: boolean
  readonly mapping?: { readonly claim: string; readonly rules: readonly ClaimRule[] }
}
export const PROVIDERS = collection<Provider>('sso-provider')

/** Who somebody is to us: issuer and subject, and never their mail address, which providers let people choose. Key: digest of both. */
export const SSO_ACCOUNTS = collection<{ readonly personId: string; readonly provider: string; readonly boundAtMs: number }>('sso-account')
/** Key: person id, `/`, key of the account. `issuer`: the provider's when it was bound. */
export const SSO_OF_PERSON = collection<{ readonly provider: string; readonly issuer: string }>('person-sso')
export const accountKey = (issuer: string, subject: string): string => digestOf(JSON.stringify([issuer, subject]))
