// Makes certificates for tests: authorities, servers and clients, right ones and every kind of wrong one.
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as unknown as Crypto)

const ALGORITHMS = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  Ed25519: { name: 'Ed25519' },
  'RSA-2048': { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
  'RSA-1024': { name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: Uint8Array.of(1, 0, 1), hash: 'SHA-256' },
} as const
export type KeyKind = keyof typeof ALGORITHMS

export interface Made {
  /** PEM. */
  readonly certificate: string
  /** PEM, PKCS #8. */
  readonly key: string
  readonly keys: webcrypto.CryptoKeyPair
  readonly parsed: x509.X509Certificate
  readonly signing: webcrypto.Algorithm
}
export interface Wanted {
  readonly subject?: string
  readonly names?: readonly string[]
  readonly addresses?: readonly string[]
  readonly key?: KeyKind
  readonly from?: Date
  readonly to?: Date
  /** Absent: it signs itself. */
  readonly issuer?: Made
  readonly authority?: boolean
  /** Object identifiers of the extended key usage; absent: none is said. */
  readonly purposes?: readonly string[]
  readonly hash?: 'SHA-1'
  /** Of an authority: how many more may stand below it. */
  readonly pathLength?: number
  readonly more?: readonly x509.Extension[]
  /** Where its revocation is told: the address of a list, and of a responder. Nothing needs to be there. */
  readonly revocation?: { readonly crl: string; readonly ocsp: string }
}

export const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
export const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
let serial = 1

export async function makeCertificate(wanted: Wanted): Promise<Made> {
  const {
    subject = 'CN=test',
    names = [],
    addresses = [],
    key = 'P-256',
    issuer,
    authority = false,
    purposes,
    hash,
    pathLength,
    more = [],
    revocation,
  } = wanted
  const algorithm = ALGORITHMS[key]
  // Web Crypto ties the hash to the key.
  const own = { ...algorithm, ...(hash !== undefined && { hash }) }
  const keys = (await webcrypto.subtle.generateKey(own, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const extensions: x509.Extension[] = [new x509.BasicConstraintsExtension(authority, pathLength, true), ...more]
  const general = [...names.map((value) => ({ type: 'dns' as const, value })), ...addresses.map((value) => ({ type: 'ip' as const, value }))]
  if (general.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(general))
  if (purposes !== undefined) extensions.push(new x509.ExtendedKeyUsageExtension([...purposes]))
  if (revocation !== undefined)
    extensions.push(
      new x509.CRLDistributionPointsExtension([revocation.crl]),
      new x509.AuthorityInfoAccessExtension({ ocsp: [new x509.GeneralName('url', revocation.ocsp)] }),
    )
  const parsed = await x509.X509CertificateGenerator.create({
    serialNumber: (serial++).toString(16).padStart(4, '0'),
    subject,
    issuer: issuer?.parsed.subject ?? subject,
    notBefore: wanted.from ?? new Date('2020-01-01T00:00:00Z'),
    notAfter: wanted.to ?? new Date('2120-01-01T00:00:00Z'),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: issuer?.signing ?? own,
    extensions,
  })
  const exported = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { certificate: `${parsed.toString('pem')}\n`, key: x509.PemConverter.encode(exported, 'PRIVATE KEY'), keys, parsed, signing: own }
}
