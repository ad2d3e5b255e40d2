// Rotation: everything sealed is sealed anew under another key, in small transactions, and the old key is let go only when nothing needs it.
import { UnreadableSecret } from '../ports/envelope.ts'
import type { AnySealedCollection, Reseal } from '../ports/sealed-collection.ts'
import type { Entry, Store, Writing } from '../ports/store.ts'
import { type KeyedEnvelope, keyIdOf, sealedUnder } from './envelope.ts'
import type { EnvelopeKey } from './envelope-key.ts'
import { checkUnder, keyChecks, ONLY, proveKey, ROTATION_CONTEXT, readKeyState, rotations } from './key-records.ts'

export interface RotationOptions {
  readonly store: Store
  /** The envelope in use: it seals under the new key as soon as the rotation has begun. */
  readonly envelope: KeyedEnvelope
  /** Must be kept where the next start will find it, before this is called. */
  readonly to: EnvelopeKey
  /** Every collection that holds sealed values, of all rooms. */
  readonly collections: readonly AnySealedCollection[]
  readonly nowMs: number
  /** Called after each transaction. */
  readonly progress?: (step: { readonly collection: string; readonly records: number }) => void
  /** Records in one transaction, 1 to 1,000. */
  readonly batch?: number
}

export type RotationOutcome =
  | { readonly from: string; readonly to: string; readonly resealed: number }
  | {
      /**
       * `same-key`: nothing to do. `other-under-way`: a rotation to another key is not finished. `unregistered`: collections hold values under the old key
       * that nobody registered. `unreadable`: values that neither key opens. `still-used`: somebody goes on sealing with the old key, another node
       * that was not told. After the last three both keys still open everything they did, and the same call tries again.
       */
      readonly refused: 'rotation.same-key' | 'rotation.other-under-way' | 'rotation.unregistered' | 'rotation.unreadable' | 'rotation.still-used'
      readonly where?: readonly string[]
    }

/** How often values that somebody else sealed with the old key meanwhile are sealed anew, before it is called a fault. */
const ROUNDS_MAX = 3

/**
 * Begins a rotation, or goes on with one that was interrupted: what is sealed under `to` already is left as it is, so that a crash between any two
 * transactions costs nothing. What the store throws is thrown on, and the call can be repeated.
 */
export async function rotateEnvelope(options: RotationOptions): Promise<RotationOutcome> {
  const begun = await begin(options)
  if ('refused' in begun) return begun
  const { from } = begun
  const { store, envelope, to, collections } = options
  let resealed = 0
  for (let round = 0; round < ROUNDS_MAX; round++) {
    for (const each of collections) {
      const done = await resealAll(options, each)
      if (typeof done !== 'number') return done
      resealed += done
    }
    const left = await sealedWith(store, from)
    const unregistered = left.filter((name) => !collections.some(({ collection }) => collection.name === name))
    if (unregistered.length > 0) return { refused: 'rotation.unregistered', where: unregistered }
    if (left.length > 0) continue
    await store.write(async (writing) => {
      writing.put(keyChecks, ONLY, checkUnder(envelope))
      writing.remove(rotations, ONLY)
    })
    envelope.use(to)
    return { from, to: to.id, resealed }
  }
  return { refused: 'rotation.still-used' }
}

/** After this, values of both keys may stand side by side, and the new key alone opens both. */
async function begin({ store, envelope, to, nowMs }: RotationOptions): Promise<{ readonly from: string } | (RotationOutcome & { refused: string })> {
  const begun = await store.write(async (writing) => {
    const { check, rotation } = await readKeyState(writing)
    if (rotation) return rotation.to === to.id ? rotation : ({ refused: 'rotation.other-under-way' } as const)
    if (check === undefined) throw new Error('a store whose envelope was never opened has nothing to rotate')
    if (check.keyId === to.id) return { refused: 'rotation.same-key' } as const
    // An envelope with another key than the store's would lock the store's away.
    proveKey(envelope, check)
    const record = { from: check.keyId, to: to.id, startedMs: nowMs, fromUnderTo: envelope.keyUnder(to, ROTATION_CONTEXT) }
    writing.put(rotations, ONLY, record)
    return record
  })
  if ('refused' in begun) {
    // Its last commit was told as uncertain and was kept: the store stands under the new key already.
    if (begun.refused === 'rotation.same-key') envelope.use(to)
    return begun
  }
  if (envelope.keyId !== to.id) envelope.succeed(to)
  return begun
}

/** Seals one collection anew, page by page; says how many records changed. */
async function resealAll(options: RotationOptions, sealed: AnySealedCollection): Promise<number | (RotationOutcome & { refused: string })> {
  const { store, progress, batch = 50 } = options
  let after: string | undefined
  let changed = 0
  try {
    for (;;) {
      const page = await store.write((writing) => resealPage(options, writing, sealed, after, batch))
      changed += page.changed
      progress?.({ collection: sealed.collection.name, records: page.records })
      if (page.records < batch) return changed
      after = page.last
    }
  } catch (cause) {
    if (cause instanceof UnreadableSecret) return { refused: 'rotation.unreadable', where: [cause.message] }
    throw cause
  }
}

async function resealPage({ envelope, to }: RotationOptions, writing: Writing, sealed: AnySealedCollection, after: string | undefined, batch: number) {
  const page: readonly Entry<unknown>[] = await writing.scan(sealed.collection, { limit: batch, ...(after !== undefined && { after }) })
  let changed = 0
  for (const { key, value } of page) {
    let isOld = false
    const reseal: Reseal = (text, context) => {
      if (keyIdOf(text) === to.id) return text
      isOld = true
      return envelope.seal(envelope.open(text, context), context)
    }
    const anew = sealed.map(value, key, reseal)
    if (!isOld) continue
    writing.put(sealed.collection, key, anew)
    changed++
  }
  return { records: page.length, changed, last: page.at(-1)?.key }
}

/** The collections, of whomever, with a value sealed under a key: a look at every record of the store, page by page. The store's own check does not count. */
async function sealedWith(store: Store, keyId: string): Promise<string[]> {
  const mark = sealedUnder(keyId)
  const found: string[] = []
  for (const name of await store.read((reading) => reading.collections())) {
    if (name === keyChecks.name || name === rotations.name) continue
    let after: string | undefined
    for (;;) {
      const range = { limit: 200, ...(after !== undefined && { after }) }
      const page = await store.read((reading) => reading.scan<unknown>({ name }, range))
      if (page.some(({ value }) => JSON.stringify(value).includes(mark))) found.push(name)
      if (found.at(-1) === name || page.length < range.limit) break
      after = page.at(-1)!.key
    }
  }
  return found
}
