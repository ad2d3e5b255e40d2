// Keys after a restore: what was revoked, or made to end sooner, since the back-up was made does not open anything again.
import type { Reading, Store, Writing } from '../ports/store.ts'
import { isValid } from './keys.ts'
import { dayKey } from './last-use.ts'
import { keys, keysByDay, keyUses, type Revocation, revokedKeys, type StoredKey } from './records.ts'

const PAGE = 500

/** `replaced` is the store that the back-up takes the place of; nobody uses either. Answers how many keys of the back-up end that were valid in it. */
export async function keepKeysEnded(restored: Store, replaced: Store, nowMs: number): Promise<number> {
  let ended = 0
  let after: string | undefined
  do {
    const seen = await restored.write((writing) => replaced.read((reading) => pageOfKeys(writing, reading, after, nowMs)))
    ended += seen.ended
    after = seen.last
  } while (after !== undefined)
  do {
    after = await restored.write((writing) => replaced.read((reading) => pageOfRevocations(writing, reading, after)))
  } while (after !== undefined)
  return ended
}

async function pageOfKeys(writing: Writing, replaced: Reading, after: string | undefined, nowMs: number) {
  const page = await writing.scan(keys, { limit: PAGE, ...(after !== undefined && { after }) })
  const counterparts = await Promise.all(page.map(({ key: id }) => replaced.get(keys, id)))
  let ended = 0
  for (const [i, { value: key }] of page.entries()) {
    if (!isValid(key, nowMs)) continue
    const now = counterparts[i]
    const revocation = now ? now.revoked : await forgotten(replaced, key, nowMs)
    if (revocation) await revoke(writing, key, revocation)
    else if (now?.expiresMs !== undefined && now.expiresMs < (key.expiresMs ?? Number.POSITIVE_INFINITY))
      writing.put(keys, key.id, { ...key, expiresMs: now.expiresMs, revision: key.revision + 1 })
    if (revocation || (now && !isValid(now, nowMs))) ended++
  }
  return { ended, last: page.length < PAGE ? undefined : page.at(-1)!.key }
}

/** Its consumer was removed: the key is in no list, and that it is revoked is known. */
const forgotten = async (replaced: Reading, { tag }: StoredKey, nowMs: number): Promise<Revocation> =>
  (await replaced.get(revokedKeys, tag)) ?? { atMs: nowMs, by: 'system', why: 'not in the store that a back-up took the place of' }

async function revoke(writing: Writing, key: StoredKey, revoked: Revocation): Promise<void> {
  writing.put(keys, key.id, { ...key, revoked, revision: key.revision + 1 })
  writing.put(revokedKeys, key.tag, revoked)
  writing.remove(keysByDay, dayKey((await writing.get(keyUses, key.id))?.lastMs ?? key.createdMs, key.id))
}

/** Those of files too, which stand in no other collection. */
async function pageOfRevocations(writing: Writing, replaced: Reading, after: string | undefined): Promise<string | undefined> {
  const page = await replaced.scan(revokedKeys, { limit: PAGE, ...(after !== undefined && { after }) })
  for (const { key: tag, value } of page) if ((await writing.get(revokedKeys, tag)) === undefined) writing.put(revokedKeys, tag, value)
  return page.length < PAGE ? undefined : page.at(-1)!.key
}
