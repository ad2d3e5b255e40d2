// Reads what ACME clients sign, as strictly as RFC 8555 6.2 allows: flattened JWS with ES256, and external bindings with HS256.
import { createHash, createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto'

export interface PublicJwk {
  readonly crv: string
  readonly kty: string
  readonly x: string
  readonly y: string
}
export interface ProtectedHeader {
  readonly alg: string
  readonly nonce: string
  readonly url: string
  readonly kid?: string
  readonly jwk?: PublicJwk
}
interface Parts {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

export const jwkThumbprint = ({ crv, kty, x, y }: PublicJwk): string => createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')

/** What is signed, or what is wrong. `payload` is undefined for a POST-as-GET. */
export function readJws(body: string, keyOf: (kid: string) => PublicJwk | undefined): { readonly header: ProtectedHeader; readonly payload: unknown } | string {
  const parts = JSON.parse(body) as Parts
  if (Object.keys(parts).sort().join() !== 'payload,protected,signature') return 'a JWS in ACME is flattened, with no unprotected header (RFC 8555 6.2)'
  const header = JSON.parse(Buffer.from(parts.protected, 'base64url').toString('utf8')) as ProtectedHeader
  if (header.alg !== 'ES256') return `alg is ${header.alg}`
  if ((header.jwk === undefined) === (header.kid === undefined)) return 'one of jwk and kid, and not both (RFC 8555 6.2)'
  const jwk = header.jwk ?? keyOf(header.kid!)
  if (jwk === undefined) return 'kid is no account'
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  const input = Buffer.from(`${parts.protected}.${parts.payload}`)
  if (!verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(parts.signature, 'base64url'))) return 'the signature does not fit'
  return { header, payload: parts.payload === '' ? undefined : JSON.parse(Buffer.from(parts.payload, 'base64url').toString('utf8')) }
}

/** What is wrong with an external account binding (RFC 8555 7.3.4). */
export function bindingFault(binding: unknown, jwk: PublicJwk, url: string, keys: { readonly [keyId: string]: Uint8Array }): string | undefined {
  const parts = binding as Parts
  const header = JSON.parse(Buffer.from(parts.protected, 'base64url').toString('utf8')) as { alg: string; kid: string; url: string; nonce?: string }
  const key = keys[header.kid]
  if (key === undefined) return 'the key identifier is unknown'
  if (header.alg !== 'HS256' || header.url !== url || header.nonce !== undefined) return 'the header of the binding is wrong'
  const inner = JSON.parse(Buffer.from(parts.payload, 'base64url').toString('utf8')) as PublicJwk
  if (jwkThumbprint(inner) !== jwkThumbprint(jwk)) return 'the binding is for another key'
  const mac = createHmac('sha256', key).update(`${parts.protected}.${parts.payload}`).digest()
  const shown = Buffer.from(parts.signature, 'base64url')
  return shown.length === mac.length && timingSafeEqual(shown, mac) ? undefined : 'the binding is signed with another key'
}
