// What this room writes in X.509: the request for a certificate (PKCS #10), the certificate that proves a name (RFC 8737), and the one that is shown until there is a real one.
import 'reflect-metadata'
import { createHash, createPrivateKey, createPublicKey, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { TlsChallenge } from '../model/acme.ts'
import { newPrivateKey } from './account-key.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** RFC 8737 6.1: id-pe-acmeIdentifier. */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'
/** RFC 5280 4.2.1.12: id-kp-serverAuth. */
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
/** Clocks of servers that look at it may be behind ours. */
const BACKDATED_MS = 24 * 3_600_000
const PROOF_MS = 7 * 24 * 3_600_000
const TEMPORARY_MS = 365 * 24 * 3_600_000
const provider = webcrypto as unknown as Crypto

/** The two halves of a key as Web Crypto holds them. `pkcs8`: DER. */
async function pairOf(pkcs8: Uint8Array): Promise<webcrypto.CryptoKeyPair> {
  const own = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(own).export({ format: 'der', type: 'spki' })
  const { subtle } = provider
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('pkcs8', Uint8Array.from(pkcs8), ALGORITHM, false, ['sign']),
    subtle.importKey('spki', Uint8Array.from(spki), ALGORITHM, true, ['verify']),
  ])
  return { privateKey, publicKey }
}
export const pemOfKey = (pkcs8: Uint8Array): string => x509.PemConverter.encode(Uint8Array.from(pkcs8).buffer, 'PRIVATE KEY')
const named = (name: string): x509.SubjectAlternativeNameExtension => new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])

/** A request for one name (RFC 8555 7.4): DER in base64url. The subject stays empty, for names stand in subjectAltName (RFC 9525 2). */
export async function certificateRequest(name: string, pkcs8: Uint8Array): Promise<string> {
  const options = { keys: await pairOf(pkcs8), signingAlgorithm: ALGORITHM, extensions: [named(name)] }
  const request = await x509.Pkcs10CertificateRequestGenerator.create(options, provider)
  return Buffer.from(request.rawData).toString('base64url')
}

/** RFC 8737 3: it certifies itself, has the one name, and in a critical extension the digest of the key authorization. Its key lives as long as the process. */
export async function proofCertificate(host: string, authorization: string, nowMs: number): Promise<TlsChallenge> {
  const digest = createHash('sha256').update(authorization).digest()
  // DER: an OCTET STRING of 32 octets.
  const identifier = new x509.Extension(ACME_IDENTIFIER, true, Uint8Array.of(0x04, 0x20, ...digest))
  return { host, ...(await certifiesItself(`CN=${host.length <= 64 ? host : 'acme'}`, [named(host), identifier], nowMs, PROOF_MS)) }
}

/** RFC 6761 6.4: a name that nobody has. */
const NOBODY = 'no-certificate-yet.invalid'
/** Shown for names that have no certificate yet, so that there is a listener at which they can be proved. Nobody believes it, and it says why. */
export const temporaryCertificate = (nowMs: number): Promise<Omit<TlsChallenge, 'host'>> =>
  certifiesItself('CN=Gatehouse has no certificate for this name yet', [named(NOBODY), new x509.ExtendedKeyUsageExtension([SERVER_AUTH])], nowMs, TEMPORARY_MS)

async function certifiesItself(
  name: string,
  extensions: readonly x509.Extension[],
  nowMs: number,
  lifetimeMs: number,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const pkcs8 = newPrivateKey()
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name,
      keys: await pairOf(pkcs8),
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(nowMs - BACKDATED_MS),
      notAfter: new Date(nowMs + lifetimeMs),
      extensions: [new x509.BasicConstraintsExtension(false, undefined, true), ...extensions],
    },
    provider,
  )
  return { certificate: `${certificate.toString('pem')}\n`, key: pemOfKey(pkcs8) }
}
