// Reads a certificate request (PKCS #10, RFC 2986) for what alone is taken of it: a public key, and the proof that its sender has the private one.
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { Extension, Pkcs10CertificateRequest } from '@peculiar/x509'
import { DerCursor, readingDer, SEQUENCE } from '../certificates/der.ts'
import { readPem, showsPrivateKey } from '../certificates/pem.ts'

export const REQUEST_CHARACTERS_MAX = 16 * 1024
const RSA_BITS = { min: 2048, max: 4096 }
const CURVES = new Map([
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** `key`: what kind it is, for people. */
export interface CertificateRequest {
  readonly publicKey: Uint8Array
  readonly key: string
  /** Hex SHA-256 of the public key. */
  readonly keyHash: string
}
export interface RequestRefusal {
  readonly refused: 'bad-request' | 'private-key' | 'weak-key' | 'no-possession' | 'asks-too-much'
  readonly says: string
}
/** What a request may ask for besides its key. It gets what the policy says, asked or not: what is more is refused, lest anybody believe they got it. */
export interface Allowed {
  readonly names: readonly string[]
  readonly uri: string
}

const no = (refused: RequestRefusal['refused'], says: string): RequestRefusal => ({ refused, says })

export async function readRequest(text: string, allowed: Allowed): Promise<CertificateRequest | RequestRefusal> {
  if (showsPrivateKey(text))
    return no('private-key', 'A private key stands in the request: keep it to yourself, and make a new one, since this one has been sent.')
  const { blocks, broken } = readPem(text)
  const [block, ...more] = blocks.filter(({ label }) => label === 'CERTIFICATE REQUEST' || label === 'NEW CERTIFICATE REQUEST')
  if (block === undefined || more.length > 0 || broken > 0) return no('bad-request', 'The text is not one certificate request in PEM form.')
  const octets = Buffer.from(block.text.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')
  if (readingDer(() => new DerCursor(octets).next(SEQUENCE).to) !== octets.length)
    return no('bad-request', 'The certificate request does not end where it says.')
  const { x509 } = await import('./library.ts')
  let request: Pkcs10CertificateRequest
  let key: KeyObject
  try {
    request = new x509.Pkcs10CertificateRequest(octets)
    // What OpenSSL makes of the key is what will be verified with.
    key = createPublicKey({ key: Buffer.from(request.publicKey.rawData), format: 'der', type: 'spki' })
  } catch {
    return no('bad-request', 'The certificate request cannot be read.')
  }
  const kind = kindOf(key)
  if (kind === undefined)
    return no('weak-key', `Keys are ECDSA with P-256, P-384 or P-521, Ed25519, or RSA with ${RSA_BITS.min} to ${RSA_BITS.max} bits and an exponent of 65537.`)
  if (!(await isProved(request))) return no('no-possession', 'The request is not signed by the key that it is for, or with an algorithm that can be forged.')
  const publicKey = canonical(key)
  const asked = excess(request, allowed)
  if (asked !== undefined) return no('asks-too-much', `The request asks for ${asked}, which is not given: leave it out.`)
  return { publicKey, key: kind, keyHash: createHash('sha256').update(publicKey).digest('hex') }
}

function kindOf({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string | undefined {
  if (type === 'ed25519') return 'Ed25519'
  if (type === 'ec') return CURVES.get(details?.namedCurve ?? '')
  const { modulusLength: bits = 0, publicExponent } = details ?? {}
  return type === 'rsa' && bits >= RSA_BITS.min && bits <= RSA_BITS.max && publicExponent === 65537n ? `RSA-${bits}` : undefined
}

/**
 * The one form of a key: with its curve named and its point whole (RFC 5480 2.1.1, 2.2). In another one a key that others have would be a new key, that is
 * certified again and is not revoked along with them.
 */
const canonical = (key: KeyObject): Uint8Array => createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }).export({ format: 'der', type: 'spki' })

/** RFC 2986 4.2: signed with the private key of the public one in it, over SHA-2. */
async function isProved(request: Pkcs10CertificateRequest): Promise<boolean> {
  try {
    const { name, hash } = request.signatureAlgorithm as { readonly name: string; readonly hash?: { readonly name: string } }
    if (name !== 'Ed25519' && !['SHA-256', 'SHA-384', 'SHA-512'].includes(hash?.name ?? '')) return false
    return await request.verify()
  } catch {
    return false
  }
}

const SUBJECT_ALTERNATIVE_NAME = '2.5.29.17'
const BASIC_CONSTRAINTS = '2.5.29.19'
const KEY_USAGE = '2.5.29.15'
const EXTENDED_KEY_USAGE = '2.5.29.37'
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14'
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
/** RFC 5280 4.2.1.3: keyCertSign and cRLSign as this library numbers them. */
const SIGNS_CERTIFICATES = 32 | 64

function excess(request: Pkcs10CertificateRequest, allowed: Allowed): string | undefined {
  try {
    for (const extension of request.extensions) {
      const too = tooMuch(extension, allowed)
      if (too !== undefined) return too
    }
    return undefined
  } catch {
    return 'extensions that cannot be read'
  }
}

function tooMuch(extension: Extension, { names, uri }: Allowed): string | undefined {
  switch (extension.type) {
    case BASIC_CONSTRAINTS:
      return (extension as Extension & { readonly ca?: boolean }).ca === true ? 'being a certificate authority' : undefined
    case KEY_USAGE:
      return ((extension as Extension & { readonly usages?: number }).usages ?? 0) & SIGNS_CERTIFICATES ? 'signing certificates' : undefined
    case EXTENDED_KEY_USAGE:
      return (extension as Extension & { readonly usages?: readonly unknown[] }).usages?.every((each) => each === CLIENT_AUTH)
        ? undefined
        : 'another use than that of a client'
    case SUBJECT_ALTERNATIVE_NAME: {
      const asked =
        (extension as Extension & { readonly names?: { readonly items: readonly { readonly type: string; readonly value: string }[] } }).names?.items ?? []
      const isAllowed = asked.every(({ type, value }) => (type === 'dns' && names.includes(value.toLowerCase())) || (type === 'url' && value === uri))
      return isAllowed ? undefined : 'names that who issues it has not given'
    }
    case SUBJECT_KEY_IDENTIFIER:
      return undefined
    default:
      return `the extension ${/^[\d.]{1,60}$/.test(extension.type) ? extension.type : 'of no known form'}`
  }
}
