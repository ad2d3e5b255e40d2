// The list of revoked certificates of an authority (RFC 5280 5), signed anew with each revocation and before it runs out.
import { createPrivateKey, sign } from 'node:crypto'
import { bitString, der, enumerated, integer, objectId, octetString, sequence, time } from '../certificates/der-writer.ts'
import type { Envelope } from '../ports/envelope.ts'
import { everyEntry, type Reading, type Writing } from '../ports/store.ts'
import {
  type AuthorityKeyKind,
  type AuthorityRecord,
  type CrlRecord,
  crls,
  type Reason,
  type RevokedEntry,
  revokedCertificates,
  sealedPlace,
} from './records.ts'

/** How long a list can be relied on, and the age at which there is a new one: whoever cannot fetch one for a while goes on for the difference. */
export const CRL_LIFE_MS = 24 * 3_600_000
export const CRL_RENEWED_MS = 8 * 3_600_000
/** RFC 5280 3.3: a certificate stands on one list at least after its end. */
export const LISTED_AFTER_END_MS = CRL_LIFE_MS

/** By kind of key: the algorithm's identifier, and what is hashed with. */
const SIGNING: { readonly [kind in AuthorityKeyKind]: { readonly algorithm: Buffer; readonly hash: string | null } } = {
  'P-256': { algorithm: sequence(objectId('2a8648ce3d040302')), hash: 'sha256' },
  'P-384': { algorithm: sequence(objectId('2a8648ce3d040303')), hash: 'sha384' },
  Ed25519: { algorithm: sequence(objectId('2b6570')), hash: null },
}
const REASON_CODES: { readonly [reason in Reason]: number } = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
}
const AUTHORITY_KEY_IDENTIFIER = objectId('551d23')
const CRL_NUMBER = objectId('551d14')
const REASON_CODE = objectId('551d15')

/** Signs the list of what is revoked in this transaction, and keeps it. */
export async function publishCrl(writing: Writing, envelope: Envelope, authority: AuthorityRecord, nowMs: number): Promise<CrlRecord> {
  const before = await writing.get(crls, authority.name)
  const number = Math.max(Math.floor(nowMs / 1000), (before?.number ?? 0) + 1)
  const entries: Buffer[] = []
  for await (const { key, value } of everyEntry(writing, revokedCertificates, `${authority.name}/`))
    if (value.expiresMs + LISTED_AFTER_END_MS > nowMs) entries.push(entryOf(key.slice(authority.name.length + 1), value))
  const nextUpdateMs = nowMs + CRL_LIFE_MS
  const { algorithm, hash } = SIGNING[authority.kind]
  const extensions = [
    sequence(AUTHORITY_KEY_IDENTIFIER, octetString(sequence(der(0x80, Buffer.from(authority.keyId, 'hex'))))),
    sequence(CRL_NUMBER, octetString(integer(number.toString(16)))),
  ]
  const list = sequence(
    integer('1'),
    algorithm,
    Buffer.from(authority.subject, 'base64'),
    time(nowMs),
    time(nextUpdateMs),
    // RFC 5280 5.1.2.6: with nothing revoked there is no list inside, not an empty one.
    ...(entries.length > 0 ? [sequence(...entries)] : []),
    der(0xa0, sequence(...extensions)),
  )
  const key = createPrivateKey({ key: Buffer.from(envelope.open(authority.sealed, sealedPlace(authority.name))), format: 'der', type: 'pkcs8' })
  const signed = sequence(list, algorithm, bitString(sign(hash, list, key)))
  const record: CrlRecord = { number, thisUpdateMs: nowMs, nextUpdateMs, der: signed.toString('base64') }
  writing.put(crls, authority.name, record)
  return record
}

function entryOf(serial: string, { atMs, reason }: RevokedEntry): Buffer {
  // RFC 5280 5.3.1: `unspecified` is said by saying nothing.
  const extensions = reason === 'unspecified' ? [] : [sequence(sequence(REASON_CODE, octetString(enumerated(REASON_CODES[reason]))))]
  return sequence(integer(serial), time(atMs), ...extensions)
}

/** The list as it is signed; undefined while it waits for that. */
export async function readCrl(reading: Reading, authority: string): Promise<CrlRecord | undefined> {
  const crl = await reading.get(crls, authority)
  return crl && 'der' in crl ? crl : undefined
}

export async function isDue(reading: Reading, authority: string, nowMs: number): Promise<boolean> {
  const crl = await readCrl(reading, authority)
  return crl === undefined || crl.thisUpdateMs + CRL_RENEWED_MS <= nowMs
}
