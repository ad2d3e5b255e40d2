// Generated from the operations on apis. Do not edit: npm run docs writes it anew.
import type { Answer, Connection } from '../connection.ts'

/** Compares the OpenAPI document that an API or version is served by with that of another version, of a draft, or one that is sent. Changes nothing. */
export const compareVersions = (to: Connection, input: { readonly parameters: { readonly api: string }; readonly body: { readonly version?: string; readonly to?: string; readonly draft?: string; readonly openapi?: string; readonly ignoreServers?: boolean } }): Promise<Answer<{ readonly verdict: 'none' | 'compatible' | 'risky' | 'breaking'; readonly operationsCompared: number; readonly findings: readonly { readonly rule: string; readonly severity: 'breaking' | 'risky' | 'compatible'; readonly operations: readonly string[]; readonly operationCount: number; readonly old?: string; readonly new?: string; readonly sentence: string }[] }>> =>
  to.call('POST', '/apis/{api}/comparison', input)

/** Puts a virtual patch on an API, whoever owns it: one policy more, for a time and a reason. Live when this is answered. */
export const createPatch = (to: Connection, input: { readonly parameters: { readonly api: string }; readonly body: { readonly version?: string; readonly operation?: string; readonly policy: string; readonly config: unknown; readonly reason: string; readonly reference?: string; readonly name?: string; readonly mode?: 'enforce' | 'monitor'; readonly expires: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly version?: string; readonly operation?: string; readonly policy: string; readonly config: unknown; readonly reason: string; readonly reference?: string; readonly name: string; readonly api: string; readonly mode: 'enforce' | 'monitor'; readonly expires: string; readonly expired: boolean; readonly owner: 'file' | 'console'; readonly revision: number; readonly etag: string }>> =>
  to.call('POST', '/apis/{api}/patches', input)

/** Lists the virtual patches of an API, whether the file or the console owns them. Those that have ended are marked. */
export const listPatches = (to: Connection, input: { readonly parameters: { readonly api: string } }): Promise<Answer<{ readonly items: readonly { readonly version?: string; readonly operation?: string; readonly policy: string; readonly config: unknown; readonly reason: string; readonly reference?: string; readonly name: string; readonly api: string; readonly mode: 'enforce' | 'monitor'; readonly expires: string; readonly expired: boolean; readonly owner: 'file' | 'console'; readonly revision: number; readonly etag: string }[] }>> =>
  to.call('GET', '/apis/{api}/patches', input)

/** Lists the versions of an API: the state of each, its dates, what it is followed by, and how many still call it. */
export const listVersions = (to: Connection, input: { readonly parameters: { readonly api: string } }): Promise<Answer<{ readonly items: readonly { readonly version: string; readonly state: 'preview' | 'active' | 'deprecated' | 'retired'; readonly deprecated?: string; readonly sunset?: string; readonly nextChange?: string; readonly successor?: string; readonly docs?: string; readonly callers: number; readonly lastCall?: string }[] }>> =>
  to.call('GET', '/apis/{api}/versions', input)

/** Takes stored responses of an API away: of a path, with a prefix, with a tag, or all. No thread of this node answers from them once this is answered. */
export const purgeResponses = (to: Connection, input: { readonly parameters: { readonly api: string }; readonly body: { readonly path?: string; readonly prefix?: string; readonly tag?: string }; readonly idempotencyKey?: string }): Promise<Answer<{ readonly responses: number; readonly octets: number }>> =>
  to.call('POST', '/apis/{api}/purge', input)

/** Takes a virtual patch out: the API is served without it when this is answered. */
export const removePatch = (to: Connection, input: { readonly parameters: { readonly api: string; readonly patch: string }; readonly ifMatch: string }): Promise<Answer<undefined>> =>
  to.call('DELETE', '/apis/{api}/patches/{patch}', input)
