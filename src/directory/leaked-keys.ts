// A key was found where it should not be: it is revoked, and who answers for it is told.
import { keyDigest } from '../base/keys.ts'
import type { Writing } from '../ports/store.ts'
import type { KeyDigests } from './key-digests.ts'
import { revokeKey } from './keys.ts'
import { type Act, type Contact, consumers, type FileOwned, isRefused, keysByTag, revokedKeys, teams } from './records.ts'

/** Longer texts are no keys, and are not hashed. */
const SECRET_MAX = 1024

/**
 * What came of a report, for the caller to act on: whoever reported gets the same answer whether the key is known or not, because a report would otherwise
 * be a place to try keys at.
 */
export interface Leak {
  /** The key's handle and owner; undefined when nobody holds such a key. */
  readonly found: { readonly id: string; readonly consumer: string; readonly team: string | undefined; readonly ownedByFile: boolean } | undefined
  /** True when this report revoked it: then, and only then, there is somebody to tell. */
  readonly revokedNow: boolean
  /** Of the team that answers for the consumer. Empty when nobody does: then the operators are to be told. */
  readonly contacts: readonly Contact[]
}
const NOTHING: Leak = { found: undefined, revokedNow: false, contacts: [] }

/** Finds the key by its digest and revokes it. A key of a file cannot be taken out of the file: it is put on the list of the revoked, which outlives the file. */
export async function reportLeaked(writing: Writing, digests: KeyDigests, act: Act, file: FileOwned, secret: string, where = ''): Promise<Leak> {
  if (secret === '' || secret.length > SECRET_MAX) return NOTHING
  const digest = keyDigest(secret)
  const tag = digests.tag(digest)
  const why = oneLine(where === '' ? 'reported as leaked' : `reported as leaked: ${where}`)
  const already = (await writing.get(revokedKeys, tag)) !== undefined
  const id = await writing.get(keysByTag, tag)
  if (id !== undefined) {
    const key = await revokeKey(writing, act, id, why)
    if (isRefused(key)) return NOTHING
    return {
      found: { id, consumer: key.consumer, ownedByFile: false, ...(await ownerOf(writing, key.consumer)) },
      revokedNow: !already,
      contacts: await contactsOf(writing, key.consumer),
    }
  }
  const consumer = file.ownerOfKey(digest)
  if (consumer === undefined) return NOTHING
  if (!already) writing.put(revokedKeys, tag, { atMs: act.nowMs, by: act.by, why })
  const found = { id: `key_${digest.slice(0, 12)}`, consumer, ownedByFile: true, ...(await ownerOf(writing, consumer)) }
  return { found, revokedNow: !already, contacts: await contactsOf(writing, consumer) }
}

async function ownerOf(writing: Writing, consumer: string): Promise<{ readonly team: string | undefined }> {
  return { team: (await writing.get(consumers, consumer))?.team }
}
async function contactsOf(writing: Writing, consumer: string): Promise<readonly Contact[]> {
  const { team } = await ownerOf(writing, consumer)
  return team === undefined ? [] : ((await writing.get(teams, team))?.contacts ?? [])
}

/** Where it was found is told by strangers. */
const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)
