// Tokens for machines: made by a person, never worth more than that person, and over on a day that is known when they are made.
import { isWellFormedKey, mintKey } from '../base/keys.ts'
import { PEOPLE_ONLY, PERMISSIONS, type Permission } from '../model/permissions.ts'
import { collection, type Entry, type Reading, SCAN_LIMIT_MAX, type Writing } from '../ports/store.ts'
import { type Holder, OWNABLE } from './grants.ts'
import type { Moment } from './means.ts'
import { isPersonName, NAME_FORM } from './person.ts'
import { type Refused, refuse } from './refusal.ts'
import { newId, tag } from './secret-text.ts'

/** One word for scanners of leaked secrets to know. The checksum covers it: no consumer's key passes for a token, nor a token for a key. */
export const TOKEN_PREFIX = 'gth_mgmt_'
export const TOKEN_LIFE_MS_MAX = 366 * 86_400_000
export const TOKENS_OF_PERSON_MAX = 100
const TOUCH_MS = 60_000

export interface MachineToken {
  /** `token_...`: what the trail names. */
  readonly id: string
  readonly name: string
  readonly personId: string
  readonly permissions: readonly Permission[]
  /** When there, only these APIs. */
  readonly apis?: readonly string[]
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly usedAtMs?: number
  readonly revokedAtMs?: number
}
/** Key: token id. */
export const TOKENS = collection<MachineToken>('machine-token')
/** Which token a secret is. Key: its HMAC under the room's key, in base64url. */
const DIGESTS = collection<string>('machine-token-digest')
/** Key: person id, `/`, token id. Value: the key of the digest. */
const OF_PERSON = collection<string>('person-token')

const digestKey = (key: Uint8Array, secret: string): string => tag(key, 'machine-token', secret)

export interface TokenInput {
  readonly name: string
  readonly permissions: readonly string[]
  readonly apis?: readonly string[]
  readonly expiresAtMs: number
}
export type TokenRefusal =
  | 'people-only'
  | 'step-up-needed'
  | 'name-unreadable'
  | 'unknown-permission'
  | 'permission-of-people'
  | 'more-than-you-hold'
  | 'api-unreadable'
  | 'permission-not-of-apis'
  | 'expiry-needed'
  | 'too-many-tokens'

/** Mints a token. The secret is in the answer and nowhere else. Only a person who has just proved who they are can: a token cannot make another. */
export async function mintToken(
  writing: Writing,
  at: Moment,
  key: Uint8Array,
  holder: Holder & { readonly recentAuth: boolean },
  input: TokenInput,
): Promise<{ readonly token: MachineToken; readonly secret: string } | Refused<TokenRefusal>> {
  if (holder.actor.kind !== 'person') return refuse('people-only')
  if (!holder.recentAuth) return refuse('step-up-needed')
  const { name, apis, expiresAtMs } = input
  if (!isPersonName(name)) return refuse('name-unreadable')
  const permissions = [...new Set(input.permissions)].filter((each) => (PERMISSIONS as readonly string[]).includes(each)) as Permission[]
  if (permissions.length === 0 || permissions.length !== new Set(input.permissions).size) return refuse('unknown-permission')
  if (permissions.some((each) => PEOPLE_ONLY.has(each))) return refuse('permission-of-people')
  if (!permissions.every((each) => holder.permissions.has(each))) return refuse('more-than-you-hold')
  if (apis !== undefined) {
    if (apis.length === 0 || apis.length > 1000 || !apis.every((api) => NAME_FORM.test(api))) return refuse('api-unreadable')
    if (!permissions.every((each) => OWNABLE.has(each))) return refuse('permission-not-of-apis')
  }
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs <= at.nowMs || expiresAtMs > at.nowMs + TOKEN_LIFE_MS_MAX) return refuse('expiry-needed')
  const personId = holder.actor.id
  if ((await listTokens(writing, personId)).length >= TOKENS_OF_PERSON_MAX) return refuse('too-many-tokens')
  const secret = mintKey(at.random, TOKEN_PREFIX)
  const scope = apis && { apis: [...new Set(apis)] }
  const token: MachineToken = { id: newId('token', at.random), name, personId, permissions, ...scope, createdAtMs: at.nowMs, expiresAtMs }
  writing.put(TOKENS, token.id, token)
  writing.put(DIGESTS, digestKey(key, secret), token.id)
  writing.put(OF_PERSON, `${personId}/${token.id}`, digestKey(key, secret))
  return { token, secret }
}

/** The token whose secret this is, when it is neither over nor revoked. Whether its person may still act is for `who` to see. */
export async function findToken(reading: Reading, key: Uint8Array, nowMs: number, secret: string): Promise<MachineToken | undefined> {
  if (!isWellFormedKey(secret, TOKEN_PREFIX)) return undefined
  const id = await reading.get(DIGESTS, digestKey(key, secret))
  const token = id === undefined ? undefined : await reading.get(TOKENS, id)
  return token && token.revokedAtMs === undefined && token.expiresAtMs > nowMs ? token : undefined
}

export async function listTokens(reading: Reading, personId: string): Promise<readonly MachineToken[]> {
  const entries: readonly Entry<string>[] = await reading.scan(OF_PERSON, { prefix: `${personId}/`, limit: SCAN_LIMIT_MAX })
  const tokens = await Promise.all(entries.map(({ key }) => reading.get(TOKENS, key.slice(personId.length + 1))))
  return tokens.filter((each) => each !== undefined)
}

const ID = /^token_[A-Za-z0-9_-]{20}$/
/** Revokes: the secret is worth nothing from the next request on. The record stays for a while, for whoever asks what it was. */
export async function revokeToken(writing: Writing, nowMs: number, id: string): Promise<MachineToken | Refused<'unknown-token' | 'already-revoked'>> {
  const token = ID.test(id) ? await writing.get(TOKENS, id) : undefined
  if (!token) return refuse('unknown-token')
  if (token.revokedAtMs !== undefined) return refuse('already-revoked')
  const revoked = { ...token, revokedAtMs: nowMs }
  writing.put(TOKENS, id, revoked)
  return revoked
}

export async function removeToken(writing: Writing, token: Pick<MachineToken, 'id' | 'personId'>): Promise<void> {
  const digest = await writing.get(OF_PERSON, `${token.personId}/${token.id}`)
  if (digest !== undefined) writing.remove(DIGESTS, digest)
  writing.remove(OF_PERSON, `${token.personId}/${token.id}`)
  writing.remove(TOKENS, token.id)
}
export async function removeTokensOf(writing: Writing, personId: string): Promise<void> {
  for (const token of await listTokens(writing, personId)) await removeToken(writing, token)
}

export const isTokenTouchDue = ({ usedAtMs = 0 }: MachineToken, nowMs: number): boolean => nowMs - usedAtMs >= TOUCH_MS
/** Writes that a token was used. Asked for when `who` says so: at most once a minute. */
export async function touchToken(writing: Writing, nowMs: number, id: string): Promise<void> {
  const token = ID.test(id) ? await writing.get(TOKENS, id) : undefined
  if (token && isTokenTouchDue(token, nowMs)) writing.put(TOKENS, id, { ...token, usedAtMs: nowMs })
}
