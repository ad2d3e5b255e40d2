// Certificate authorities of this Gatehouse: made with a key that is sealed before it is stored, and removed when nothing that they issued counts any more.
import { createHash, generateKeyPairSync, webcrypto } from 'node:crypto'
import type { Envelope } from '../ports/envelope.ts'
import { everyEntry, type Reading, type Writing } from '../ports/store.ts'
import { isDue, publishCrl } from './crl.ts'
import {
  type AuthorityKeyKind,
  type AuthorityRecord,
  authorities,
  type CertificateRecord,
  certificates,
  crls,
  leaveIndexes,
  revokedCertificates,
  sealedPlace,
  stateOf,
} from './records.ts'

export const AUTHORITIES_MAX = 20
export const AUTHORITY_NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/
const DAY_MS = 86_400_000
export const AUTHORITY_DAYS = { min: 1, max: 7300, usual: 1825 }
/** Clocks of those who check run behind: what is issued now is valid a little before. */
export const CLOCKS_APART_MS = 5 * 60_000

/** A certificate and its key as they come out of the making, before anything is stored. */
export interface NewAuthority {
  readonly certificate: string
  readonly thumbprint: string
  readonly kind: AuthorityKeyKind
  readonly subject: string
  readonly keyId: string
  readonly pkcs8: Uint8Array
  readonly expiresMs: number
}
export interface AuthorityWish {
  readonly name: string
  readonly kind: AuthorityKeyKind
  readonly days: number
  readonly serial: string
  readonly nowMs: number
}

export const signingAlgorithm = (kind: AuthorityKeyKind): webcrypto.EcdsaParams | (webcrypto.Algorithm & { readonly namedCurve?: string }) =>
  kind === 'Ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', hash: kind === 'P-256' ? 'SHA-256' : 'SHA-384' }
const importing = (kind: AuthorityKeyKind) => (kind === 'Ed25519' ? { name: 'Ed25519' } : { name: 'ECDSA', namedCurve: kind })
export const signingKey = (pkcs8: Uint8Array, kind: AuthorityKeyKind): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', Buffer.from(pkcs8), importing(kind), false, ['sign'])

/** RFC 5280 4.1.2.5: to the second. */
export const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000)

/** Makes key and certificate. It signs certificates of clients and lists, and nothing below it signs further ones. */
export async function makeAuthority({ name, kind, days, serial, nowMs }: AuthorityWish): Promise<NewAuthority> {
  const { x509 } = await import('./library.ts')
  const { publicKey, privateKey } = kind === 'Ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: kind })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  const shownKey = new x509.PublicKey(spki)
  const subject = new x509.Name([{ CN: [`Gatehouse CA ${name}`] }])
  const keyIdentifier = await x509.SubjectKeyIdentifierExtension.create(shownKey)
  const notAfter = wholeSeconds(nowMs + days * DAY_MS)
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject,
    issuer: subject,
    notBefore: wholeSeconds(nowMs - CLOCKS_APART_MS),
    notAfter,
    publicKey: shownKey,
    signingKey: await signingKey(pkcs8, kind),
    signingAlgorithm: signingAlgorithm(kind),
    extensions: [
      // RFC 5280 4.2.1.9: it certifies, and what it certifies does not.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      // For clients alone: those who check a chain for a server stop here, whatever it was made to sign.
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      keyIdentifier,
    ],
  })
  return {
    certificate: `${certificate.toString('pem')}\n`,
    thumbprint: createHash('sha256').update(new Uint8Array(certificate.rawData)).digest('hex'),
    kind,
    subject: Buffer.from(subject.toArrayBuffer()).toString('base64'),
    keyId: keyIdentifier.keyId,
    pkcs8,
    expiresMs: notAfter.getTime(),
  }
}

export interface Maker {
  readonly by: string
  readonly nowMs: number
}

/** Stores what was made, its key sealed in this transaction, and its first list beside it. */
export async function keepAuthority(
  writing: Writing,
  envelope: Envelope,
  { pkcs8, ...made }: NewAuthority,
  { by, nowMs, name, crlUrl }: Maker & { readonly name: string; readonly crlUrl?: string | undefined },
): Promise<AuthorityRecord | { readonly refused: 'taken' | 'too-many-authorities' }> {
  if ((await writing.get(authorities, name)) ?? (await writing.scan(certificates, { prefix: `${name}/`, limit: 1 }))[0]) return { refused: 'taken' }
  if ((await listAuthorities(writing)).length >= AUTHORITIES_MAX) return { refused: 'too-many-authorities' }
  const record: AuthorityRecord = {
    ...made,
    name,
    sealed: envelope.seal(pkcs8, sealedPlace(name)),
    ...(crlUrl !== undefined && { crlUrl }),
    ...{ createdMs: nowMs, createdBy: by, kept: 0, revision: 1 },
  }
  writing.put(authorities, name, record)
  await publishCrl(writing, envelope, record, nowMs)
  return record
}

/** A name that none can have is not looked up: the store would throw. */
export const getAuthority = async (reading: Reading, name: string): Promise<AuthorityRecord | undefined> =>
  AUTHORITY_NAME.test(name) ? reading.get(authorities, name) : undefined

export const listAuthorities = async (reading: Reading): Promise<readonly AuthorityRecord[]> =>
  (await reading.scan(authorities, { limit: 1000 })).map(({ value }) => value)

/** Forgets an authority and its key for ever, with all that it issued; not while something of it still counts. */
export async function removeAuthority(writing: Writing, name: string, nowMs: number): Promise<{ readonly refused: 'in-use' } | undefined> {
  for await (const { value } of everyEntry(writing, certificates, `${name}/`)) if (stateOf(value, nowMs) === 'valid') return { refused: 'in-use' }
  await forgetAuthority(writing, name)
  return undefined
}

/** With at most so many certificates at once: a transaction has its bound, and the sweep takes those that are left. Until then the name is taken. */
const FORGOTTEN_AT_ONCE = 5000

export async function forgetAuthority(writing: Writing, name: string): Promise<void> {
  let count = 0
  for await (const { value } of everyEntry(writing, certificates, `${name}/`)) {
    if (++count > FORGOTTEN_AT_ONCE) break
    forgetCertificate(writing, value)
  }
  writing.remove(crls, name)
  writing.remove(authorities, name)
}

export function forgetCertificate(writing: Writing, record: CertificateRecord): void {
  const place = `${record.authority}/${record.serial}`
  writing.remove(certificates, place)
  writing.remove(revokedCertificates, place)
  leaveIndexes(writing, record)
}

export async function hasDueCrl(reading: Reading, nowMs: number): Promise<boolean> {
  for (const { name } of await listAuthorities(reading)) if (await isDue(reading, name, nowMs)) return true
  return false
}

/** Signs the lists that are old, or that a restore took away. Answers the names. */
export async function renewCrls(writing: Writing, envelope: Envelope, nowMs: number): Promise<readonly string[]> {
  const renewed: string[] = []
  for (const authority of await listAuthorities(writing)) {
    if (!(await isDue(writing, authority.name, nowMs))) continue
    await publishCrl(writing, envelope, authority, nowMs)
    renewed.push(authority.name)
  }
  return renewed
}
