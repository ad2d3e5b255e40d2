// Generated from the operations on providers. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Tells about a single sign-on provider. */
export const getProvider = (to: Connection, input: { readonly parameters: { readonly provider: string } }): Promise<Answer<{ readonly name: string; readonly says: string; readonly issuer: string; readonly clientId: string; readonly provesSecondFactor: boolean; readonly mapping?: { readonly claim: string; readonly rules: readonly { readonly value: string; readonly roles: readonly string[]; readonly teams: readonly string[] }[] } }>> =>
  to.call('GET', '/providers/{provider}', input)

/** Lists the single sign-on providers. */
export const listProviders = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly says: string; readonly issuer: string; readonly clientId: string; readonly provesSecondFactor: boolean; readonly mapping?: { readonly claim: string; readonly rules: readonly { readonly value: string; readonly roles: readonly string[]; readonly teams: readonly string[] }[] } }[] }>> =>
  to.call('GET', '/providers', input)

/** Makes or changes a single sign-on provider. `If-Match: "none"` makes one. */
export const putProvider = (to: Connection, input: { readonly parameters: { readonly provider: string }; readonly body: { readonly says: string; readonly issuer: string; readonly clientId: string; readonly provesSecondFactor: boolean; readonly mapping?: { readonly claim: string; readonly rules: readonly { readonly value: string; readonly roles: readonly string[]; readonly teams: readonly string[] }[] }; readonly clientSecret?: string }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly says: string; readonly issuer: string; readonly clientId: string; readonly provesSecondFactor: boolean; readonly mapping?: { readonly claim: string; readonly rules: readonly { readonly value: string; readonly roles: readonly string[]; readonly teams: readonly string[] }[] } }>> =>
  to.call('PUT', '/providers/{provider}', input)

/** Removes a single sign-on provider. */
export const removeProvider = (to: Connection, input: { readonly parameters: { readonly provider: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/providers/{provider}', input)
