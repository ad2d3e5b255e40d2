// The key of an ACME account, and what is signed with it: requests (RFC 8555 6.2) and key authorizations (RFC 8555 8.1).
import { createHash, createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

/** The fields of a protected header besides `alg`. Either `jwk` or `kid` says who signs (RFC 8555 6.2). */
export interface SignedFor {
  readonly url: string
  readonly nonce: string
  /** The account's URL; absent: the key says itself who it is. */
  readonly kid?: string
}
/** A public key as JSON; the order of its members is that of RFC 7638 3. */
interface PublicJwk {
  readonly crv: string
  readonly kty: string
  readonly x: string
  readonly y: string
}

/** A P-256 private key, PKCS #8 in DER. */
export const newPrivateKey = (): Uint8Array => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'der' })

export class AccountKey {
  readonly jwk: PublicJwk
  /** RFC 7638, in base64url. */
  readonly thumbprint: string
  private readonly key: KeyObject

  /** `pkcs8`: as `newPrivateKey` makes it. */
  constructor(pkcs8: Uint8Array) {
    this.key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
    const { crv, kty, x, y } = createPublicKey(this.key).export({ format: 'jwk' })
    this.jwk = { crv: crv!, kty: kty!, x: x!, y: y! }
    this.thumbprint = createHash('sha256').update(JSON.stringify(this.jwk)).digest('base64url')
  }

  /** RFC 8555 8.1. */
  authorization(token: string): string {
    return `${token}.${this.thumbprint}`
  }

  /** A flattened JWS (RFC 7515 7.2.2) with ES256. `payload` undefined: the empty one of a POST-as-GET (RFC 8555 6.3). */
  signed({ url, nonce, kid }: SignedFor, payload: unknown): string {
    const header = { alg: 'ES256', nonce, url, ...(kid === undefined ? { jwk: this.jwk } : { kid }) }
    const signature = (input: string): Buffer => sign('sha256', Buffer.from(input), { key: this.key, dsaEncoding: 'ieee-p1363' })
    return flattened(header, payload, signature)
  }

  /** Binds the account to one that the authority knows already (RFC 8555 7.3.4). `secret`: the MAC key that the authority gave. */
  externalBinding(url: string, keyId: string, secret: Uint8Array): unknown {
    const mac = (input: string): Buffer => createHmac('sha256', secret).update(input).digest()
    return JSON.parse(flattened({ alg: 'HS256', kid: keyId, url }, this.jwk, mac))
  }
}

function flattened(header: unknown, payload: unknown, signature: (input: string) => Buffer): string {
  const protectedPart = base64url(JSON.stringify(header))
  const payloadPart = payload === undefined ? '' : base64url(JSON.stringify(payload))
  return JSON.stringify({ protected: protectedPart, payload: payloadPart, signature: signature(`${protectedPart}.${payloadPart}`).toString('base64url') })
}
const base64url = (text: string): string => Buffer.from(text, 'utf8').toString('base64url')
