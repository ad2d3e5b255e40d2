// API keys: made, rotated, ended and revoked. A secret is told once; a revoked key stays revoked.
import { randomSecret } from '../base/ids.ts'
import { keyDigest, keyHint, mintKey } from '../base/keys.ts'
import type { Reading, Writing } from '../ports/store.ts'
import { type Invalid, isMoment, nameFault, textFault } from './checks.ts'
import type { KeyDigests } from './key-digests.ts'
import { dayKey } from './last-use.ts'
import {
  type Act,
  consumers,
  type FileOwned,
  keys,
  keysByConsumer,
  keysByDay,
  keysByTag,
  keyUses,
  PAGE,
  type Page,
  type PageRequest,
  type Refused,
  refused,
  revokedKeys,
  type StoredKey,
} from './records.ts'

/** Keys of one consumer that are valid at one time: enough for any rotation. And all that are not forgotten yet (`dead-keys.ts`), so that a list has an end. */
export const VALID_KEYS_MAX = 100
export const KEYS_MAX = 1000
/** How long an old key may live on beside the one that replaces it. */
export const OVERLAP_MS_MAX = 90 * 86_400_000

/** What making keys takes. The defaults are the real thing. */
export interface KeyMeans {
  readonly digests: KeyDigests
  readonly random?: (octets: number) => Uint8Array
}

export interface KeyFields {
  readonly label?: string
  readonly expiresMs?: number
}
/** The secret exists nowhere else: who loses it needs a new key. */
export interface MadeKey {
  readonly secret: string
  readonly key: StoredKey
}
type Unknown = Refused<'unknown-key'>
const unknown = (): Unknown => refused('unknown-key', 'There is no key of that id.')
type TooMany = Refused<'too-many-keys'>

export const isValid = (key: StoredKey, nowMs: number): boolean => key.revoked === undefined && (key.expiresMs === undefined || key.expiresMs > nowMs)

/** For a consumer of the store or of the file. */
export async function createKey(
  writing: Writing,
  means: KeyMeans,
  act: Act,
  file: FileOwned,
  consumer: string,
  fields: KeyFields = {},
): Promise<MadeKey | Invalid | TooMany | Refused<'unknown-consumer'>> {
  const known = !nameFault(consumer, 'consumer') && (file.hasConsumer(consumer) || (await writing.get(consumers, consumer)) !== undefined)
  if (!known) return refused('unknown-consumer', 'There is no consumer of that name.')
  return (await fieldsFault(writing, act, consumer, fields)) ?? make(writing, means, act, consumer, fields)
}

/** A new key now; the old one lives on for `overlapMs`, and no longer than it would have. */
export async function rotateKey(
  writing: Writing,
  means: KeyMeans,
  act: Act,
  id: string,
  { overlapMs, ...fields }: KeyFields & { readonly overlapMs: number },
): Promise<(MadeKey & { readonly replaced: StoredKey }) | Invalid | TooMany | Unknown | Refused<'key-not-valid' | 'key-replaced'>> {
  const old = await getKey(writing, id)
  if (old === undefined) return unknown()
  if (!Number.isSafeInteger(overlapMs) || overlapMs < 0 || overlapMs > OVERLAP_MS_MAX) return refused('invalid', 'The overlap is from nothing to 90 days.')
  if (!isValid(old, act.nowMs)) return refused('key-not-valid', 'The key is revoked or has expired: make a new one.')
  if (old.replacedBy !== undefined) return refused('key-replaced', 'The key has been replaced already.')
  const fault = await fieldsFault(writing, act, old.consumer, fields)
  if (fault) return fault
  const made = make(writing, means, act, old.consumer, { label: old.label, ...fields }, id)
  const endMs = Math.min(old.expiresMs ?? Number.POSITIVE_INFINITY, act.nowMs + overlapMs)
  const replaced = { ...old, expiresMs: endMs, replacedBy: made.key.id, revision: old.revision + 1 }
  writing.put(keys, id, replaced)
  return { ...made, replaced }
}

function make(
  writing: Writing,
  { digests, random = randomSecret }: KeyMeans,
  { by, nowMs }: Act,
  consumer: string,
  fields: KeyFields,
  replaces?: string,
): MadeKey {
  const secret = mintKey(random)
  const { label = '', expiresMs } = fields
  const key: StoredKey = {
    id: `key_${Buffer.from(random(12)).toString('hex')}`,
    consumer,
    label,
    hint: keyHint(secret),
    createdMs: nowMs,
    createdBy: by,
    ...(expiresMs !== undefined && { expiresMs }),
    ...(replaces !== undefined && { replaces }),
    ...digests.seal(keyDigest(secret)),
    revision: 1,
  }
  enter(writing, key)
  return { secret, key }
}

/** Puts a new key into the store with all that leads to it. */
export function enter(writing: Writing, key: StoredKey): void {
  writing.put(keys, key.id, key)
  writing.put(keysByTag, key.tag, key.id)
  writing.put(keysByConsumer, `${key.consumer}/${key.id}`, true)
  writing.put(keysByDay, dayKey(key.createdMs, key.id), true)
}

const KEY_ID = /^key_[0-9a-f]{12,24}$/
export const getKey = async (reading: Reading, id: string): Promise<StoredKey | undefined> => (KEY_ID.test(id) ? reading.get(keys, id) : undefined)

/** All keys of a consumer, revoked and expired ones too, in the order of their ids. */
export async function listKeys(reading: Reading, consumer: string, page: PageRequest = PAGE): Promise<Page<StoredKey>> {
  if (nameFault(consumer, 'consumer')) return { items: [] }
  const prefix = `${consumer}/`
  const found = await reading.scan(keysByConsumer, { prefix, limit: page.limit, ...(page.after !== undefined && { after: prefix + page.after }) })
  const items: StoredKey[] = []
  for (const { key } of found) {
    const stored = await reading.get(keys, key.slice(prefix.length))
    if (stored !== undefined) items.push(stored)
  }
  return { items, ...(found.length === page.limit && { next: found.at(-1)!.key.slice(prefix.length) }) }
}

/** Sets when it ends; null: never. A moment that is past is now: it was valid until then. What has ended does not begin again. */
export async function expireKey(
  writing: Writing,
  { nowMs }: Act,
  id: string,
  expiresMs: number | null,
): Promise<StoredKey | Invalid | Unknown | Refused<'key-not-valid'>> {
  const key = await getKey(writing, id)
  if (key === undefined) return unknown()
  if (expiresMs !== null && !isMoment(expiresMs)) return refused('invalid', 'The expiry is a moment.')
  if (!isValid(key, nowMs)) return refused('key-not-valid', 'The key is revoked or has expired: make a new one.')
  const { expiresMs: _, ...rest } = key
  const changed: StoredKey = { ...rest, ...(expiresMs !== null && { expiresMs: Math.max(expiresMs, nowMs) }), revision: key.revision + 1 }
  writing.put(keys, id, changed)
  return changed
}

/** At once and for ever. A key that is revoked already keeps its first reason. */
export async function revokeKey(writing: Writing, { by, nowMs }: Act, id: string, why: string): Promise<StoredKey | Invalid | Unknown> {
  const key = await getKey(writing, id)
  if (key === undefined) return unknown()
  const fault = textFault(why, 'reason')
  if (fault) return fault
  if (key.revoked !== undefined) return key
  const revoked: StoredKey = { ...key, revoked: { atMs: nowMs, by, why }, revision: key.revision + 1 }
  writing.put(keys, id, revoked)
  writing.put(revokedKeys, key.tag, revoked.revoked!)
  writing.remove(keysByDay, dayKey((await writing.get(keyUses, id))?.lastMs ?? key.createdMs, id))
  return revoked
}

/** Revokes keys of a consumer, all or those that one made, and takes them out of the lists; that they are revoked stays known. */
export async function forgetKeysOf(writing: Writing, act: Act, consumer: string, why: string, madeBy?: string): Promise<void> {
  const { items } = await listKeys(writing, consumer, { limit: KEYS_MAX })
  for (const key of items) {
    if (madeBy !== undefined && key.createdBy !== madeBy) continue
    await revokeKey(writing, act, key.id, why)
    await removeKeyRecords(writing, key)
  }
}

/** Takes a key out of the store with all that leads to it; whether it is revoked is another record. */
export async function removeKeyRecords(writing: Writing, { id, tag, consumer, createdMs }: StoredKey): Promise<void> {
  writing.remove(keysByDay, dayKey((await writing.get(keyUses, id))?.lastMs ?? createdMs, id))
  writing.remove(keys, id)
  writing.remove(keysByTag, tag)
  writing.remove(keysByConsumer, `${consumer}/${id}`)
  writing.remove(keyUses, id)
}

async function fieldsFault(reading: Reading, { nowMs }: Act, consumer: string, { label = '', expiresMs }: KeyFields): Promise<Invalid | TooMany | undefined> {
  const fault = textFault(label, 'label')
  if (fault) return fault
  if (expiresMs !== undefined && (!isMoment(expiresMs) || expiresMs <= nowMs)) return refused('invalid', 'The expiry is a moment of the future.')
  const { items } = await listKeys(reading, consumer, { limit: KEYS_MAX })
  if (items.length >= KEYS_MAX || items.filter((key) => isValid(key, nowMs)).length >= VALID_KEYS_MAX)
    return refused('too-many-keys', `A consumer has at most ${VALID_KEYS_MAX} valid keys, and ${KEYS_MAX} with those that ended in the last 90 days.`)
  return undefined
}
