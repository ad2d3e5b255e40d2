// Generated from the operations on people. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Invites the first owner, with the admin token. The link’s secret is told once. */
export const bootstrapOwner = (to: Connection, input: { readonly body: { readonly name: string; readonly mail: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly person: { readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }; readonly secret: string; readonly expires: string }>> =>
  to.call('POST', '/owner', input)

/** Changes a person’s name, address, roles or teams: what is given. */
export const changePerson = (to: Connection, input: { readonly parameters: { readonly person: string }; readonly body: { readonly name?: string; readonly mail?: string; readonly roles?: readonly string[]; readonly teams?: readonly string[] }; readonly ifMatch: string }): Promise<Answer<{ readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }>> =>
  to.call('PATCH', '/people/{person}', input)

/** Erases a person: name, address, sessions, tokens and factors. */
export const erasePerson = (to: Connection, input: { readonly parameters: { readonly person: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/people/{person}', input)

/** Whether the admin token counts. It always does while no owner can sign in. */
export const getAdminToken = (to: Connection, input: {} = {}): Promise<Answer<{ readonly enabled: boolean }>> =>
  to.call('GET', '/bootstrap-token', input)

/** Tells about a person. */
export const getPerson = (to: Connection, input: { readonly parameters: { readonly person: string } }): Promise<Answer<{ readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }>> =>
  to.call('GET', '/people/{person}', input)

/** Invites a person. The link’s secret is told once. */
export const invitePerson = (to: Connection, input: { readonly body: { readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[] }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly person: { readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }; readonly secret: string; readonly expires: string }>> =>
  to.call('POST', '/people', input)

/** Issues a recovery link, or the invitation anew. Its secret is told once; the link before is void. */
export const issueRecoveryLink = (to: Connection, input: { readonly parameters: { readonly person: string }; readonly body: { readonly resets: readonly ('password' | 'second-factor')[] }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly person: { readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }; readonly secret: string; readonly expires: string }>> =>
  to.call('POST', '/people/{person}/links', input)

/** Lists the people who run this Gatehouse. */
export const listPeople = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }[]; readonly next?: string }>> =>
  to.call('GET', '/people', input)

/** Reinstates a suspended person. Who has nothing to sign in with is invited again: issue them a link. */
export const reinstatePerson = (to: Connection, input: { readonly parameters: { readonly person: string }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }>> =>
  to.call('POST', '/people/{person}/reinstatement', input)

/** Switches the admin token off or on. For owners. */
export const setAdminToken = (to: Connection, input: { readonly body: { readonly enabled: boolean }; readonly ifMatch: string }): Promise<Answer<{ readonly enabled: boolean }>> =>
  to.call('PUT', '/bootstrap-token', input)

/** Suspends a person. */
export const suspendPerson = (to: Connection, input: { readonly parameters: { readonly person: string }; readonly ifMatch: string; readonly idempotencyKey?: string }): Promise<Answer<{ readonly id: string; readonly name: string; readonly mail: string; readonly roles: readonly string[]; readonly teams: readonly string[]; readonly state: 'invited' | 'active' | 'suspended'; readonly created: string; readonly rolesFrom?: string }>> =>
  to.call('POST', '/people/{person}/suspension', input)
