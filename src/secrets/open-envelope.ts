// Opens the envelope at the start: the right key, or a refusal that says which one is wanted; never a new key for an old store.
import { type Envelope, UnreadableSecret } from '../ports/envelope.ts'
import type { Reading, Store } from '../ports/store.ts'
import { dataKeys } from './data-keys.ts'
import { KeyedEnvelope } from './envelope.ts'
import { type EnvelopeKey, envelopeKey, newEnvelopeKey } from './envelope-key.ts'
import { createKeyFile, promoteKeyFile } from './key-file.ts'
import { checkUnder, type KeyState, keyChecks, ONLY, proveKey, ROTATION_CONTEXT, readKeyState } from './key-records.ts'
import { type KeyReading, type KeySource, type KeyWorld, readKeySource } from './key-source.ts'
import { namedSecrets } from './named-secrets.ts'

export interface OpenedEnvelope {
  readonly envelope: KeyedEnvelope
  /** The file that the key stands in, to tell the operator; undefined when it is none. */
  readonly file: string | undefined
  /** The file was made just now. */
  readonly isMade: boolean
  /** A rotation was interrupted: `rotateEnvelope` goes on with it. Both keys open until then. */
  readonly unfinished: { readonly from: string; readonly to: string } | undefined
}

/** `refused` is a sentence for the operator. Throws only what the store and the file system throw. */
export async function openEnvelope(store: Store, source: KeySource, world: KeyWorld): Promise<OpenedEnvelope | { readonly refused: string }> {
  const [state, collections] = await store.read(async (reading) => [await readKeyState(reading), await reading.collections()] as const)
  if (!state.check && collections.some((name) => name === dataKeys.name || name === namedSecrets.name))
    return { refused: 'the store holds sealed values and no longer says under which key: restore it from a back-up' }
  let given = await readKeySource(source, world)
  let isMade = false
  if ('missing' in given && 'made' in source && !state.check) {
    isMade = createKeyFile(source.made, newEnvelopeKey())
    given = await readKeySource(source, world)
  }
  if ('refused' in given) return given
  const key = chosen(given, state)
  if ('refused' in key) return key
  const envelope = new KeyedEnvelope(key)
  const check = state.check ?? (await firstCheck(store, envelope))
  try {
    if (state.rotation) envelope.use(key, [envelopeKey(envelope.open(state.rotation.fromUnderTo, ROTATION_CONTEXT))])
    proveKey(envelope, check)
  } catch (cause) {
    if (cause instanceof UnreadableSecret) return { refused: otherKey(check.keyId, [key]) }
    throw cause
  }
  const file = 'made' in source ? source.made : 'file' in source ? source.file : undefined
  // A rotation ended, and the process with it, before the new key took the old one's place.
  if (file !== undefined && !state.rotation && 'keys' in given && given.keys.length === 2 && given.keys[1]!.id === key.id) promoteKeyFile(file)
  return { envelope, file, isMade, unfinished: state.rotation && { from: state.rotation.from, to: state.rotation.to } }
}

/**
 * True when the store goes by another key than this envelope seals under: another node has rotated. Whoever finds it so must seal nothing more and start
 * anew with the new key; to be asked when a record of `envelope-check` or `envelope-rotation` changes.
 */
export async function isStale(reading: Reading, envelope: Envelope): Promise<boolean> {
  const { check, rotation } = await readKeyState(reading)
  return (rotation?.to ?? check?.keyId) !== envelope.keyId
}

/** The key that the store asks for, among those given. */
function chosen(given: Exclude<KeyReading, { refused: string }>, { check, rotation }: KeyState): EnvelopeKey | { readonly refused: string } {
  const wanted = rotation?.to ?? check?.keyId
  if ('missing' in given) {
    const without = wanted === undefined ? '' : `: this store was sealed with key ${wanted}, and nothing in it can be read without`
    return { refused: `the envelope key is missing, ${given.missing}${without}` }
  }
  const key = wanted === undefined ? given.keys[0] : given.keys.find(({ id }) => id === wanted)
  if (key) return key
  if (rotation)
    return { refused: `a rotation from envelope key ${rotation.from} to key ${rotation.to} is not finished: give key ${rotation.to}, ${these(given.keys)}` }
  return { refused: otherKey(wanted!, given.keys) }
}

const otherKey = (wanted: string, keys: readonly EnvelopeKey[]): string => `this store was sealed with envelope key ${wanted}, ${these(keys)}`
const these = (keys: readonly EnvelopeKey[]): string => `the key given is ${keys.map(({ id }) => id).join(' or ')}`

/** Of two that start at once on one empty store, the first one's key counts, and the second is refused. */
const firstCheck = (store: Store, envelope: KeyedEnvelope) =>
  store.write(async (writing) => {
    const known = await writing.get(keyChecks, ONLY)
    if (known) return known
    const check = checkUnder(envelope)
    writing.put(keyChecks, ONLY, check)
    return check
  })
