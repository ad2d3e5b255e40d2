// The Ed25519 keys of notes: a log's (signed-note, type 1) and a witness's (tlog-cosignature, type 4), with what they sign.
import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { decodeBase64, isKeyName, type Note, type NoteSignature } from './note.ts'

/** The signature types of c2sp.org/signed-note that are spoken here. */
export const LOG_KEY = 1
export const WITNESS_KEY = 4
export type KeyType = typeof LOG_KEY | typeof WITNESS_KEY

/** What a verifier knows of a key. Written as `<name>+<id in hex>+<base64 of type and public key>`. */
export interface NoteKey {
  readonly name: string
  readonly type: KeyType
  readonly id: string
  readonly publicKey: Buffer
}
export interface NoteSigner {
  readonly key: NoteKey
  readonly privateKey: KeyObject
}

export const PUBLIC_KEY_OCTETS = 32
export const SEED_OCTETS = 32
// RFC 8410 10.3 and section 4: what stands before the 32 octets of an Ed25519 key in PKCS #8 and in SubjectPublicKeyInfo.
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

export function noteKey(name: string, type: KeyType, publicKey: Buffer): NoteKey {
  const id = hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(type), publicKey]), 'buffer').toString('hex', 0, 4)
  return { name, type, id, publicKey }
}

export function noteSigner(name: string, type: KeyType, seed: Uint8Array): NoteSigner {
  if (!isKeyName(name) || seed.length !== SEED_OCTETS) throw new Error('a key needs a name without spaces and 32 octets of seed')
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI.length)
  return { key: noteKey(name, type, publicKey), privateKey }
}

export const formatNoteKey = ({ name, type, id, publicKey }: NoteKey): string =>
  `${name}+${id}+${Buffer.concat([Buffer.of(type), publicKey]).toString('base64')}`

/** The key, or undefined when the text is none, its id is not its own, or its type is one that is not spoken here. */
export function parseNoteKey(text: string): NoteKey | undefined {
  if (text.length > 512) return undefined
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text) ?? []
  const octets = decodeBase64(encoded ?? '')
  if (name === undefined || !isKeyName(name) || octets?.length !== 1 + PUBLIC_KEY_OCTETS) return undefined
  const type = octets[0]
  if (type !== LOG_KEY && type !== WITNESS_KEY) return undefined
  const key = noteKey(name, type, octets.subarray(1))
  return key.id === id ? key : undefined
}

/** Signs a text as the log that it is about. */
export const signText = ({ key, privateKey }: NoteSigner, text: string): NoteSignature => ({
  name: key.name,
  keyId: key.id,
  signature: sign(null, Buffer.from(text), privateKey),
})

/** Signs a checkpoint's text as its witness: that at this time no larger tree of this log was seen (c2sp.org/tlog-cosignature, Ed25519). */
export function cosignText({ key, privateKey }: NoteSigner, text: string, timeSeconds: number): NoteSignature {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(timeSeconds))
  return { name: key.name, keyId: key.id, signature: Buffer.concat([time, sign(null, cosigned(text, BigInt(timeSeconds)), privateKey)]) }
}
const cosigned = (text: string, timeSeconds: bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${timeSeconds}\n${text}`)

/** `absent`: no line is by this key. `wrong`: one is, or claims to be, and does not verify: then the whole note is to be rejected. */
export function checkSignature({ text, signatures }: Note, key: NoteKey): 'absent' | 'wrong' | 'good' {
  // Name and id together say which key it was; lines of all others are passed over, as the specification demands.
  const mine = signatures.filter(({ name, keyId }) => name === key.name && keyId === key.id)
  if (mine.length === 0) return 'absent'
  return mine.every(({ signature }) => isGood(signature, text, key)) ? 'good' : 'wrong'
}

function isGood(signature: Buffer, text: string, { type, publicKey }: NoteKey): boolean {
  const public_ = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' })
  if (type === LOG_KEY) return signature.length === 64 && verify(null, Buffer.from(text), public_, signature)
  if (signature.length !== 72) return false
  const time = signature.readBigUInt64BE()
  return time < 2n ** 63n && verify(null, cosigned(text, time), public_, signature.subarray(8))
}
