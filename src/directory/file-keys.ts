// What a file says of consumers and keys, held against the store: nothing is owned twice, and a revoked key stays revoked.
import type { DirectoryContent, KeyCredential } from '../model/directory.ts'
import { fileKeyId } from '../model/directory.ts'
import type { Reading, Writing } from '../ports/store.ts'
import type { KeyDigests } from './key-digests.ts'
import { enter } from './keys.ts'
import { consumers, type FileOwned, keysByTag, revokedKeys } from './records.ts'

/** A file's part of the directory, as it may go live. */
export interface AdmittedFile extends FileOwned {
  /** Without the keys that are left out. */
  readonly content: DirectoryContent
  /** Keys of the file that do not count, with the reason, for the operator. Named by their handles. */
  readonly leftOut: readonly { readonly id: string; readonly consumer: string; readonly why: 'revoked' | 'owned-by-store' }[]
  /** Consumers that the store defines too: with one of these the file is refused. */
  readonly ownedTwice: readonly string[]
  /** The digest of the file's key with this tag, for when it is revoked while the file stands. */
  digestOfTag(tag: string): string | undefined
}

export async function admitFile(reading: Reading, digests: KeyDigests, content: DirectoryContent): Promise<AdmittedFile> {
  const names = new Set(content.consumers.map(({ name }) => name))
  const owners = new Map(content.keys.map(({ digest, consumer }) => [digest, consumer]))
  const byTag = new Map<string, string>()
  const admitted: KeyCredential[] = []
  const leftOut: { id: string; consumer: string; why: 'revoked' | 'owned-by-store' }[] = []
  for (const key of content.keys) {
    const tag = digests.tag(key.digest)
    byTag.set(tag, key.digest)
    const revoked = (await reading.get(revokedKeys, tag)) !== undefined
    const owned = !revoked && (await reading.get(keysByTag, tag)) !== undefined
    if (revoked || owned) leftOut.push({ id: fileKeyId(key.digest), consumer: key.consumer, why: revoked ? 'revoked' : 'owned-by-store' })
    else admitted.push(key)
  }
  const ownedTwice: string[] = []
  for (const name of names) if ((await reading.get(consumers, name)) !== undefined) ownedTwice.push(name)
  return {
    content: { consumers: content.consumers, keys: admitted },
    leftOut,
    ownedTwice,
    hasConsumer: (name) => names.has(name),
    ownerOfKey: (digest) => owners.get(digest),
    digestOfTag: (tag) => byTag.get(tag),
  }
}

/** Takes over keys that an earlier Gatehouse kept as plain digests, under the handles they had. Those that are known already are left alone. Answers how many. */
export async function adoptKeys(writing: Writing, digests: KeyDigests, nowMs: number, old: readonly KeyCredential[]): Promise<number> {
  let adopted = 0
  for (const { digest, consumer, expiresMs } of old) {
    const sealed = digests.seal(digest)
    if ((await writing.get(keysByTag, sealed.tag)) !== undefined || (await writing.get(revokedKeys, sealed.tag)) !== undefined) continue
    enter(writing, {
      id: fileKeyId(digest),
      consumer,
      label: '',
      hint: 'gth_...',
      createdMs: nowMs,
      createdBy: 'system',
      ...(expiresMs !== undefined && { expiresMs }),
      ...sealed,
      revision: 1,
    })
    adopted++
  }
  return adopted
}
