// Makes certificate requests for tests: honest ones, and those that ask for what nobody gives.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { bitString, der, integer, objectId, octetString, sequence } from '../../src/certificates/der-writer.ts'

export interface Request {
  /** PEM. */
  readonly text: string
  /** PEM, PKCS #8. */
  readonly key: string
}
export interface RequestWish {
  readonly pair?: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }
  /** In place of the usual form of the public key. */
  readonly spki?: Uint8Array
  readonly subject?: string
  /** Each whole, as `extension` makes them. */
  readonly extensions?: readonly Uint8Array[]
  /** Signs in place of the own key. */
  readonly signer?: KeyObject
  readonly hash?: 'sha256' | 'sha1'
  /** Octets behind the request, and a change of the signed part. */
  readonly trailing?: Uint8Array
  readonly spoil?: (octets: Buffer) => Buffer
}

const ALGORITHMS = {
  'ec sha256': '2a8648ce3d040302',
  'ec sha1': '2a8648ce3d0401',
  'rsa sha256': '2a864886f70d01010b',
  'rsa sha1': '2a864886f70d010105',
  ed25519: '2b6570',
} as const

export const pairOf = (kind: 'P-256' | 'P-384' | 'secp256k1' | 'Ed25519' | number) =>
  typeof kind === 'number'
    ? generateKeyPairSync('rsa', { modulusLength: kind })
    : kind === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: kind })

export const extension = (id: string, value: Uint8Array, critical = false): Buffer =>
  sequence(objectId(id), ...(critical ? [der(0x01, Uint8Array.of(0xff))] : []), octetString(value))

/** RFC 2986 4, octet by octet: what a library would not write is written too. */
export function makeRequest({
  pair = pairOf('P-256'),
  spki,
  subject = 'test',
  extensions = [],
  signer,
  hash = 'sha256',
  trailing,
  spoil,
}: RequestWish = {}): Request {
  const { publicKey, privateKey } = pair
  const name = sequence(der(0x31, sequence(objectId('550403'), der(0x0c, Buffer.from(subject)))))
  const attributes = extensions.length === 0 ? [] : [sequence(objectId('2a864886f70d01090e'), der(0x31, sequence(...extensions)))]
  const body = sequence(integer('0'), name, spki ?? publicKey.export({ type: 'spki', format: 'der' }), der(0xa0, ...attributes))
  const key = signer ?? privateKey
  const kind = key.asymmetricKeyType === 'ed25519' ? 'ed25519' : (`${key.asymmetricKeyType} ${hash}` as 'ec sha256')
  const algorithm = sequence(objectId(ALGORITHMS[kind]), ...(kind.startsWith('rsa') ? [der(0x05)] : []))
  const signed = sequence(body, algorithm, bitString(sign(kind === 'ed25519' ? null : hash, body, key)))
  const octets = Buffer.concat([spoil ? spoil(signed) : signed, trailing ?? Buffer.alloc(0)])
  const text = `-----BEGIN CERTIFICATE REQUEST-----\n${octets.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE REQUEST-----\n`
  return { text, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string }
}
