// Certificates of clients: issued to a consumer for a short time under names that policy gives, and revoked for ever.
import { createHash } from 'node:crypto'
import type { Envelope } from '../ports/envelope.ts'
import { type Collection, everyEntry, type Reading, type Writing } from '../ports/store.ts'
import { CLOCKS_APART_MS, forgetCertificate, getAuthority, listAuthorities, signingAlgorithm, signingKey, wholeSeconds } from './authorities.ts'
import { publishCrl } from './crl.ts'
import {
  type AuthorityRecord,
  authorities,
  type CertificateRecord,
  type CertificateRevocation,
  certificates,
  certificatesByConsumer,
  certificatesByKey,
  compromisedKeys,
  enterIndexes,
  leaveIndexes,
  revokedCertificates,
  sealedPlace,
} from './records.ts'
import type { CertificateRequest } from './requests.ts'

const HOUR_MS = 3_600_000
/** hardening: at most 30 days. */
export const CERTIFICATE_HOURS = { min: 1, max: 720, usual: 168 }
export const NAMES_MAX = 10
/** Of one consumer and one authority at once, and of one key: all of them are revoked in one transaction when others have it. */
export const VALID_CERTIFICATES_MAX = 100
/** Of one authority, with those that ended lately: what one list may have to hold. */
export const CERTIFICATES_MAX = 100_000
/** How long one that ended is still told of. */
export const KEPT_AFTER_END_MS = 7 * 24 * HOUR_MS

/** The name of a consumer in a certificate, by which it is known again: the subject's CN says the same for people. */
export const consumerUri = (consumer: string): string => `urn:gatehouse:consumer:${consumer}`

export interface Issuing {
  readonly consumer: string
  readonly request: CertificateRequest
  readonly names: readonly string[]
  readonly hours: number
  readonly label: string
  readonly serial: string
  readonly by: string
  readonly nowMs: number
}
export interface Issued {
  readonly certificate: string
  readonly record: CertificateRecord
}
export type IssueRefusal = 'authority-ends' | 'too-many-certificates' | 'compromised-key'

export async function issueCertificate(
  writing: Writing,
  envelope: Envelope,
  authority: AuthorityRecord,
  issuing: Issuing,
): Promise<Issued | { readonly refused: IssueRefusal }> {
  const { consumer, request, names, hours, label, serial, by, nowMs } = issuing
  const place = `${authority.name}/${serial}`
  if (await writing.get(certificates, place)) throw new Error('a random serial number came twice')
  // RFC 5280 leaves it open; a certificate that outlives its authority is refused by everybody on that day, and nobody knows why.
  if (authority.expiresMs < nowMs + hours * HOUR_MS) return { refused: 'authority-ends' }
  if (
    authority.kept >= CERTIFICATES_MAX ||
    (await valid(writing, certificatesByConsumer, `${consumer}/${authority.name}/`, nowMs)) >= VALID_CERTIFICATES_MAX ||
    (await valid(writing, certificatesByKey, `${request.keyHash}/`, nowMs)) >= VALID_CERTIFICATES_MAX
  )
    return { refused: 'too-many-certificates' }
  if (await writing.get(compromisedKeys, request.keyHash)) return { refused: 'compromised-key' }
  const notBefore = wholeSeconds(Math.max(nowMs - CLOCKS_APART_MS, authority.createdMs - CLOCKS_APART_MS))
  const notAfter = wholeSeconds(nowMs + hours * HOUR_MS)
  const { x509 } = await import('./library.ts')
  const issuer = new x509.X509Certificate(authority.certificate)
  const publicKey = new x509.PublicKey(Buffer.from(request.publicKey))
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: new x509.Name([{ CN: [consumer] }]),
    issuer: issuer.subjectName,
    notBefore,
    notAfter,
    publicKey,
    signingKey: await signingKey(envelope.open(authority.sealed, sealedPlace(authority.name)), authority.kind),
    signingAlgorithm: signingAlgorithm(authority.kind),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: consumerUri(consumer) }, ...names.map((value) => ({ type: 'dns' as const, value }))]),
      new x509.AuthorityKeyIdentifierExtension(authority.keyId),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      ...(authority.crlUrl === undefined ? [] : [new x509.CRLDistributionPointsExtension([authority.crlUrl])]),
    ],
  })
  const record: CertificateRecord = {
    ...{ authority: authority.name, serial, consumer, label, names, key: request.key, keyHash: request.keyHash },
    thumbprint: createHash('sha256').update(new Uint8Array(made.rawData)).digest('hex'),
    ...{ fromMs: notBefore.getTime(), expiresMs: notAfter.getTime(), issuedMs: nowMs, issuedBy: by, revision: 1 },
  }
  writing.put(certificates, place, record)
  enterIndexes(writing, record)
  writing.put(authorities, authority.name, { ...authority, kept: authority.kept + 1 })
  return { certificate: `${made.toString('pem')}\n`, record }
}

async function valid(reading: Reading, index: Collection<number>, prefix: string, nowMs: number): Promise<number> {
  let count = 0
  for await (const { value: expiresMs } of everyEntry(reading, index, prefix)) if (expiresMs > nowMs) count++
  return count
}

const SERIAL = /^[0-9a-f]{32}$/
export const getCertificate = async (reading: Reading, authority: string, serial: string): Promise<CertificateRecord | undefined> =>
  SERIAL.test(serial) && (await getAuthority(reading, authority)) !== undefined ? reading.get(certificates, `${authority}/${serial}`) : undefined

/**
 * At once and for ever; one that is revoked already keeps its first reason, and its key is barred all the same. Lists are signed anew in the same transaction. Whoever has a key has it for
 * all certificates of it: those go along, and `also` says how many.
 */
export async function revokeCertificate(
  writing: Writing,
  envelope: Envelope,
  record: CertificateRecord,
  revocation: CertificateRevocation,
): Promise<{ readonly record: CertificateRecord; readonly also: number }> {
  const isCompromised = revocation.reason === 'keyCompromise'
  if (record.revoked !== undefined && !isCompromised) return { record, also: 0 }
  // That the key is out is often learnt later than that its certificate is not needed any more.
  if (isCompromised) writing.put(compromisedKeys, record.keyHash, { atMs: revocation.atMs })
  const revoked = record.revoked === undefined ? markRevoked(writing, record, revocation) : record
  const others = isCompromised ? await markAll(writing, certificatesByKey, `${record.keyHash}/`, revocation) : []
  await publishCrls(writing, envelope, [revoked, ...others], revocation.atMs)
  return { record: revoked, also: others.length }
}

/** For a consumer that is removed: another one of its name later must not be entered by its certificates. Answers how many there were. */
export async function revokeCertificatesOf(writing: Writing, envelope: Envelope, consumer: string, revocation: CertificateRevocation): Promise<number> {
  const all = await markAll(writing, certificatesByConsumer, `${consumer}/`, revocation)
  await publishCrls(writing, envelope, all, revocation.atMs)
  return all.length
}

async function markAll(writing: Writing, index: Collection<number>, prefix: string, revocation: CertificateRevocation): Promise<CertificateRecord[]> {
  const marked: CertificateRecord[] = []
  for (const { key, value: expiresMs } of await Array.fromAsync(everyEntry(writing, index, prefix))) {
    const record = expiresMs > revocation.atMs ? await writing.get(certificates, key.slice(prefix.length)) : undefined
    if (record && record.revoked === undefined) marked.push(markRevoked(writing, record, revocation))
  }
  return marked
}

function markRevoked(writing: Writing, record: CertificateRecord, revocation: CertificateRevocation): CertificateRecord {
  const { authority, serial, expiresMs } = record
  const revoked: CertificateRecord = { ...record, revoked: revocation, revision: record.revision + 1 }
  writing.put(certificates, `${authority}/${serial}`, revoked)
  writing.put(revokedCertificates, `${authority}/${serial}`, { atMs: revocation.atMs, reason: revocation.reason, expiresMs })
  leaveIndexes(writing, record)
  return revoked
}

async function publishCrls(writing: Writing, envelope: Envelope, changed: readonly CertificateRecord[], atMs: number): Promise<void> {
  for (const name of new Set(changed.map(({ authority }) => authority))) {
    const authority = await getAuthority(writing, name)
    if (authority) await publishCrl(writing, envelope, authority, atMs)
  }
}

/** Forgets certificates that ended a while ago, or whose authority is gone, at most `limit` in one go, beginning behind `after`. Answers where to go on; undefined: at the end. */
export async function forgetEnded(writing: Writing, nowMs: number, limit: number, after?: string): Promise<string | undefined> {
  const page = await writing.scan(certificates, { limit, ...(after !== undefined && { after }) })
  const gone = new Map<string, number>()
  const known = new Set((await listAuthorities(writing)).map(({ name }) => name))
  for (const { value } of page) {
    if (known.has(value.authority) && value.expiresMs + KEPT_AFTER_END_MS > nowMs) continue
    forgetCertificate(writing, value)
    gone.set(value.authority, (gone.get(value.authority) ?? 0) + 1)
  }
  for (const [name, count] of gone) {
    const authority = await getAuthority(writing, name)
    if (authority) writing.put(authorities, name, { ...authority, kept: Math.max(0, authority.kept - count) })
  }
  return page.length < limit ? undefined : page.at(-1)!.key
}
