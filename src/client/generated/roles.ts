// Generated from the operations on roles. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Tells about a role. */
export const getRole = (to: Connection, input: { readonly parameters: { readonly role: string } }): Promise<Answer<{ readonly name: string; readonly says: string; readonly reach: 'all' | 'own'; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly builtIn: boolean }>> =>
  to.call('GET', '/roles/{role}', input)

/** Lists the roles. */
export const listRoles = (to: Connection, input: {} = {}): Promise<Answer<{ readonly items: readonly { readonly name: string; readonly says: string; readonly reach: 'all' | 'own'; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly builtIn: boolean }[] }>> =>
  to.call('GET', '/roles', input)

/** Makes or changes a role. `If-Match: "none"` makes one. */
export const putRole = (to: Connection, input: { readonly parameters: { readonly role: string }; readonly body: { readonly says: string; readonly reach: 'all' | 'own'; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[] }; readonly ifMatch: string }): Promise<Answer<{ readonly name: string; readonly says: string; readonly reach: 'all' | 'own'; readonly permissions: readonly ('apis:read' | 'apis:write' | 'apis:publish' | 'apis:approve' | 'apis:patch' | 'catalog:read' | 'catalog:write' | 'catalog:rollback' | 'consumers:read' | 'consumers:write' | 'keys:read' | 'keys:write' | 'teams:read' | 'teams:write' | 'usage:read' | 'people:read' | 'people:write' | 'roles:read' | 'roles:write' | 'tokens:read' | 'tokens:write' | 'secrets:read' | 'secrets:write' | 'trail:read' | 'trail:export' | 'trail:erase' | 'backup:write' | 'system:read' | 'system:write')[]; readonly builtIn: boolean }>> =>
  to.call('PUT', '/roles/{role}', input)

/** Removes a role. */
export const removeRole = (to: Connection, input: { readonly parameters: { readonly role: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/roles/{role}', input)
