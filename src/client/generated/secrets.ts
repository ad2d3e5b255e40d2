// Generated from the operations on secrets. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** A named secret without its value. */
export const getSecret = (to: Connection, input: { readonly parameters: { readonly name: string } }): Promise<Answer<{ readonly name: string; readonly created: string; readonly createdBy: string; readonly changed: string; readonly changedBy: string; readonly rotated: string; readonly granted: { readonly people: readonly string[]; readonly teams: readonly string[] } }>> =>
  to.call('GET', '/secrets/{name}', input)

/** Says whose objects of the console may refer to a secret. */
export const grantSecret = (to: Connection, input: { readonly parameters: { readonly name: string }; readonly body: { readonly people: readonly string[]; readonly teams: readonly string[] }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly created: string; readonly createdBy: string; readonly changed: string; readonly changedBy: string; readonly rotated: string; readonly granted: { readonly people: readonly string[]; readonly teams: readonly string[] } }>> =>
  to.call('PUT', '/secrets/{name}/grants', input)

/** Named secrets without their values. */
export const listSecrets = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly created: string; readonly createdBy: string; readonly changed: string; readonly changedBy: string; readonly rotated: string; readonly granted: { readonly people: readonly string[]; readonly teams: readonly string[] } }[]; readonly next?: string }>> =>
  to.call('GET', '/secrets', input)

/** Makes a named secret (`If-Match: "absent"`), or gives it another value. No answer ever holds the value. */
export const putSecret = (to: Connection, input: { readonly parameters: { readonly name: string }; readonly body: { readonly value: string; readonly granted?: { readonly people: readonly string[]; readonly teams: readonly string[] } }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly created: string; readonly createdBy: string; readonly changed: string; readonly changedBy: string; readonly rotated: string; readonly granted: { readonly people: readonly string[]; readonly teams: readonly string[] } }>> =>
  to.call('PUT', '/secrets/{name}', input)

/** Forgets a named secret that no object refers to. */
export const removeSecret = (to: Connection, input: { readonly parameters: { readonly name: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/secrets/{name}', input)
