// Generated from the operations on teams. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Makes a team. */
export const createTeam = (to: Connection, input: { readonly body: { readonly name: string; readonly title?: string; readonly contacts?: readonly { readonly kind: 'mail' | 'webhook'; readonly to: string }[] }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly name: string; readonly title?: string; readonly contacts?: readonly { readonly kind: 'mail' | 'webhook'; readonly to: string }[]; readonly created: string }>> =>
  to.call('POST', '/teams', input)

/** Tells of one team, and where it wants to be told. */
export const getTeam = (to: Connection, input: { readonly parameters: { readonly team: string } }): Promise<Answer<{ readonly name: string; readonly title?: string; readonly contacts?: readonly { readonly kind: 'mail' | 'webhook'; readonly to: string }[]; readonly created: string }>> =>
  to.call('GET', '/teams/{team}', input)

/** Lists teams by name. */
export const listTeams = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly title?: string; readonly contacts?: readonly { readonly kind: 'mail' | 'webhook'; readonly to: string }[]; readonly created: string }[]; readonly next?: string }>> =>
  to.call('GET', '/teams', input)

/** Removes a team that answers for no consumer and owns no API. */
export const removeTeam = (to: Connection, input: { readonly parameters: { readonly team: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/teams/{team}', input)

/** Tells the key that signs what the team’s webhook contacts are sent, by Standard Webhooks. */
export const tellContactKey = (to: Connection, input: { readonly parameters: { readonly team: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly key: string }>> =>
  to.call('POST', '/teams/{team}/contact-key', input)

/** Replaces a team’s title and contacts. */
export const updateTeam = (to: Connection, input: { readonly parameters: { readonly team: string }; readonly body: { readonly title?: string; readonly contacts?: readonly { readonly kind: 'mail' | 'webhook'; readonly to: string }[] }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly title?: string; readonly contacts?: readonly { readonly kind: 'mail' | 'webhook'; readonly to: string }[]; readonly created: string }>> =>
  to.call('PUT', '/teams/{team}', input)
