// Generated from the operations on tokens. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Lists your machine tokens. */
export const listOwnTokens = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly name: string; readonly person: string; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'certificates:read' | 'certificates:issue' | 'certificates:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly apis?: readonly string[]; readonly created: string; readonly expires: string; readonly used?: string; readonly revoked?: string }[] }>> =>
  to.call('GET', '/own/tokens', input)

/** Lists the machine tokens of everybody. */
export const listTokens = (to: Connection, input: { readonly query?: { readonly limit?: number; readonly cursor?: string } } = {}): Promise<Answer<{ readonly items: readonly { readonly id: string; readonly name: string; readonly person: string; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'certificates:read' | 'certificates:issue' | 'certificates:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly apis?: readonly string[]; readonly created: string; readonly expires: string; readonly used?: string; readonly revoked?: string }[]; readonly next?: string }>> =>
  to.call('GET', '/tokens', input)

/** Makes a machine token. The secret is told once. */
export const mintToken = (to: Connection, input: { readonly body: { readonly name: string; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'certificates:read' | 'certificates:issue' | 'certificates:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly apis?: readonly string[]; readonly expires: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly secret: string; readonly token: { readonly id: string; readonly name: string; readonly person: string; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'certificates:read' | 'certificates:issue' | 'certificates:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly apis?: readonly string[]; readonly created: string; readonly expires: string; readonly used?: string; readonly revoked?: string } }>> =>
  to.call('POST', '/tokens', input)

/** Revokes one of your machine tokens. */
export const revokeOwnToken = (to: Connection, input: { readonly parameters: { readonly id: string } }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/own/tokens/{id}', input)

/** Revokes a machine token, whoever made it. */
export const revokeToken = (to: Connection, input: { readonly parameters: { readonly id: string } }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/tokens/{id}', input)
