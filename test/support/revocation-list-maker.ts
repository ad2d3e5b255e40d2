// Makes certificate revocation lists for tests: in force, outdated, or signed by somebody else.
import { sign } from 'node:crypto'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { der } from '../../src/certificates/der-writer.ts'
import type { Made } from './certificate-maker.ts'

export interface WantedList {
  readonly issuer: Made
  /** Hexadecimal serial numbers. */
  readonly revoked?: readonly string[]
  readonly from?: Date
  readonly next?: Date
  /** Absent: the issuer. */
  readonly signer?: Made
  readonly extensions?: readonly x509.Extension[]
}

export async function makeRevocationList({ issuer, revoked = [], from, next, signer = issuer, extensions = [] }: WantedList): Promise<x509.X509Crl> {
  return x509.X509CrlGenerator.create({
    issuer: issuer.parsed.subject,
    thisUpdate: from ?? new Date('2020-01-01T00:00:00Z'),
    nextUpdate: next ?? new Date('2120-01-01T00:00:00Z'),
    entries: revoked.map((serialNumber) => ({ serialNumber, revocationDate: new Date('2021-01-01T00:00:00Z'), reason: x509.X509CrlReason.keyCompromise })),
    signingKey: signer.keys.privateKey,
    signingAlgorithm: signer.signing,
    extensions: [...extensions],
  } as x509.X509CrlCreateParams)
}
export const listPem = (list: x509.X509Crl): string => `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`

/** PEM: the list of an authority that revokes these. `from` and `to`: days. */
export async function makeRevocationPem(
  issuer: Made,
  revoked: readonly Made[] = [],
  { from = '2020-01-01', to = '2120-01-01', signer = issuer } = {},
): Promise<string> {
  const serials = revoked.map(({ parsed }) => parsed.serialNumber)
  return listPem(await makeRevocationList({ issuer, revoked: serials, from: new Date(`${from}T00:00:00Z`), next: new Date(`${to}T00:00:00Z`), signer }))
}

/** A long one, signed with ECDSA and SHA-256, fast: `serials` are the octets of integers. DER. */
export function makeLongList({ parsed, key }: Made, serials: readonly Buffer[]): Buffer {
  const algorithm = der(0x30, der(0x06, Buffer.from('2a8648ce3d040302', 'hex')))
  const time = (text: string): Buffer => der(0x18, Buffer.from(text))
  const [from, next] = [time('20200101000000Z'), time('21200101000000Z')] as const
  const entries = serials.map((serial) => der(0x30, der(0x02, serial), from))
  const signed = der(0x30, der(0x02, Buffer.of(1)), algorithm, Buffer.from(parsed.subjectName.toArrayBuffer()), from, next, der(0x30, ...entries))
  return der(0x30, signed, algorithm, der(0x03, Buffer.of(0), sign('sha256', signed, key)))
}
