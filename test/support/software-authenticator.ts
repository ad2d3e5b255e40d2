// An authenticator in software, so that tests can make one lie: a P-256 key, CBOR written by hand, no attestation.
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { randomSecret } from '../../src/base/ids.ts'

const base64url = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url')
const sha256 = (octets: Uint8Array | string): Buffer => createHash('sha256').update(octets).digest()

const head = (major: number, value: number): Buffer =>
  value < 24 ? Buffer.of((major << 5) | value) : value < 256 ? Buffer.of((major << 5) | 24, value) : Buffer.of((major << 5) | 25, value >> 8, value & 255)
const integer = (value: number): Buffer => (value >= 0 ? head(0, value) : head(1, -1 - value))
const octetString = (octets: Uint8Array): Buffer => Buffer.concat([head(2, octets.length), octets])
const text = (value: string): Buffer => Buffer.concat([head(3, value.length), Buffer.from(value)])
const map = (...entries: readonly (readonly [Buffer, Buffer])[]): Buffer => Buffer.concat([head(5, entries.length), ...entries.flat()])

/** What is told otherwise than it is. */
export interface Lies {
  readonly origin?: string
  readonly rpId?: string
  readonly challenge?: string
  readonly type?: string
  readonly isUnverified?: true
  readonly isAbsent?: true
  readonly signCount?: number
  readonly userHandle?: string | undefined
  readonly crossOriginFrom?: string
  /** Changes the client data after it was signed. */
  readonly tamper?: (clientData: Record<string, unknown>) => Record<string, unknown>
}

export class SoftwareAuthenticator {
  readonly credentialId: string
  private readonly keys: { publicKey: KeyObject; privateKey: KeyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  private readonly origin: string
  signCount = 0
  userHandle = ''

  constructor(origin: string, credentialId: Uint8Array = randomSecret(32)) {
    this.origin = origin
    this.credentialId = base64url(credentialId)
  }

  create(options: PublicKeyCredentialCreationOptionsJSON, lies: Lies = {}): RegistrationResponseJSON {
    this.userHandle = options.user.id
    const { x, y } = this.keys.publicKey.export({ format: 'jwk' })
    // RFC 9053 7.1.1: an EC2 key for ES256 on P-256.
    const key = map(
      [integer(1), integer(2)],
      [integer(3), integer(-7)],
      [integer(-1), integer(1)],
      [integer(-2), octetString(Buffer.from(x!, 'base64url'))],
      [integer(-3), octetString(Buffer.from(y!, 'base64url'))],
    )
    const id = Buffer.from(this.credentialId, 'base64url')
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.of(id.length >> 8, id.length & 255), id, key])
    const data = Buffer.concat([this.data(options.rp.id ?? '', 0x40, lies), attested])
    const attestation = map([text('fmt'), text('none')], [text('attStmt'), map()], [text('authData'), octetString(data)])
    const client = this.clientData('webauthn.create', options.challenge, lies)
    return {
      id: this.credentialId,
      rawId: this.credentialId,
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: tampered(client, lies), attestationObject: base64url(attestation), transports: ['internal'] },
    }
  }

  get(options: PublicKeyCredentialRequestOptionsJSON, lies: Lies = {}): AuthenticationResponseJSON {
    this.signCount++
    const data = this.data(options.rpId ?? '', 0, lies)
    const client = this.clientData('webauthn.get', options.challenge, lies)
    const signature = sign('sha256', Buffer.concat([data, sha256(client)]), this.keys.privateKey)
    const userHandle = 'userHandle' in lies ? lies.userHandle : this.userHandle
    return {
      id: this.credentialId,
      rawId: this.credentialId,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: tampered(client, lies),
        authenticatorData: base64url(data),
        signature: base64url(signature),
        ...(userHandle !== undefined && { userHandle }),
      },
    }
  }

  private data(rpId: string, more: number, lies: Lies): Buffer {
    const flags = more | (lies.isAbsent ? 0 : 1) | (lies.isUnverified ? 0 : 4)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(lies.signCount ?? this.signCount)
    return Buffer.concat([sha256(lies.rpId ?? rpId), Buffer.of(flags), counter])
  }

  private clientData(type: string, challenge: string, lies: Lies): Buffer {
    const data = { type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin: lies.origin ?? this.origin }
    const from = lies.crossOriginFrom
    return Buffer.from(JSON.stringify({ ...data, crossOrigin: from !== undefined, ...(from !== undefined && { topOrigin: from }) }))
  }
}

const tampered = (client: Buffer, { tamper }: Lies): string =>
  base64url(tamper ? Buffer.from(JSON.stringify(tamper(JSON.parse(client.toString()) as Record<string, unknown>))) : client)
