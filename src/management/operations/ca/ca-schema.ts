// How authorities and the certificates that they issued are told, and what operations on them share.
import { AUTHORITY_NAME, getAuthority } from '../../../authority/authorities.ts'
import { type AuthorityRecord, type CertificateRecord, type CrlRecord, REASONS, stateOf } from '../../../authority/records.ts'
import { type Infer, integer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { serverName } from '../../../certificates/server-names.ts'
import type { Reading } from '../../../ports/store.ts'
import { type Call, etagOf, type Refused, refused } from '../../operation.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'

const hex = (digits: number, describe: string) =>
  string({ pattern: new RegExp(`^[0-9a-f]{${digits}}$`), maxLength: digits, means: `${digits} digits of hex`, describe })
const pem = (describe: string) => string({ pattern: /^-----BEGIN CERTIFICATE-----/, maxLength: 16_384, describe })
export const authorityName = string({
  pattern: AUTHORITY_NAME,
  maxLength: 32,
  means: 'a name of lower-case letters, digits and hyphens',
  describe: 'The authority’s name.',
})
export const serialText = hex(32, 'The serial number in hex.')
export const hostName = string({ pattern: /^[A-Za-z0-9_.-]+$/, maxLength: 253, means: 'a DNS name', describe: 'A DNS name.' })
export const isHostName = (text: string): boolean => serverName(text) === text && !text.startsWith('*')

export const authorityParameters = object({ ca: authorityName })
export const certificateParameters = object({ ca: authorityName, serial: serialText })
export const authoritySchema = object({
  name: authorityName,
  certificate: pem('Its certificate: for those who check what it issued.'),
  thumbprint: hex(64, 'SHA-256 of it.'),
  key: oneOf(['P-256', 'P-384', 'Ed25519'], 'What kind of key it signs with.'),
  crlUrl: optional(line(500, 'What its certificates name as the place of its list.')),
  created: moment('When it was made.'),
  createdBy: line(128, 'Who made it.'),
  expires: moment('When it ends, and everything that it issued.'),
  crlUpdated: optional(moment('When its list of revoked certificates was signed last; absent: it waits to be signed.')),
  crlNumber: optional(integer({ min: 0, max: Number.MAX_SAFE_INTEGER, describe: 'The number of that list.' })),
})
export const certificateSchema = object({
  ca: authorityName,
  serial: serialText,
  consumer: nameText('The consumer that it is for.'),
  label: line(100, 'What it is for, in the words of who issued it.'),
  names: list(hostName, { max: 10, describe: 'DNS names in it besides.' }),
  key: line(20, 'What kind of key it has.'),
  thumbprint: hex(64, 'SHA-256 of the certificate.'),
  state: oneOf(['valid', 'expired', 'revoked'], 'Whether it counts.'),
  from: moment('From then on it counts.'),
  expires: moment('Until then.'),
  issued: moment('When it was issued.'),
  issuedBy: line(128, 'Who issued it.'),
  revoked: optional(moment('When it was revoked.')),
  revokedBy: optional(line(128, 'Who revoked it.')),
  reason: optional(oneOf(REASONS, 'Why, as its list says it (RFC 5280 5.3.1).')),
  revokedFor: optional(line(200, 'Why, in the words of who did it.')),
})

export const shownAuthority = (authority: AuthorityRecord, crl: CrlRecord | undefined): Infer<typeof authoritySchema> => ({
  name: authority.name,
  certificate: authority.certificate,
  thumbprint: authority.thumbprint,
  key: authority.kind,
  ...(authority.crlUrl !== undefined && { crlUrl: authority.crlUrl }),
  created: momentOf(authority.createdMs),
  createdBy: authority.createdBy,
  expires: momentOf(authority.expiresMs),
  ...(crl && { crlUpdated: momentOf(crl.thisUpdateMs), crlNumber: crl.number }),
})
export const shownCertificate = (record: CertificateRecord, nowMs: number): Infer<typeof certificateSchema> => {
  const { authority: ca, serial, consumer, label, names, key, thumbprint, fromMs, expiresMs, issuedMs, issuedBy, revoked } = record
  return {
    ...{ ca, serial, consumer, label, names, key, thumbprint, state: stateOf(record, nowMs) },
    ...{ from: momentOf(fromMs), expires: momentOf(expiresMs), issued: momentOf(issuedMs), issuedBy },
    ...(revoked && { revoked: momentOf(revoked.atMs), revokedBy: revoked.by, reason: revoked.reason, revokedFor: revoked.why }),
  }
}

/** What makes an authority another one: issuing is no change of it. */
export const authorityTag = ({ name, thumbprint, revision }: AuthorityRecord): string => etagOf({ name, thumbprint, revision })

/** The authority that an operation is about. */
export async function namedAuthority({ parameters }: Call<{ readonly ca: string }, unknown, unknown>, reading: Reading): Promise<AuthorityRecord | Refused> {
  return (await getAuthority(reading, parameters.ca)) ?? refused('unknown')
}

/** 128 random bits (RFC 5280 4.1.2.2), none of them lost to a first octet of zero, which no encoding keeps. */
export function newSerial(random: (octets: number) => Uint8Array): string {
  for (;;) {
    const octets = random(16)
    if (octets[0] !== 0) return Buffer.from(octets).toString('hex')
  }
}
