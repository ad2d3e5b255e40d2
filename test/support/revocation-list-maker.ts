// Makes certificate revocation lists for tests.
import * as x509 from '@peculiar/x509'
import type { Made } from './certificate-maker.ts'

export interface WantedList {
  readonly issuer: Made
  /** Hexadecimal serial numbers. */
  readonly revoked?: readonly string[]
  readonly from?: Date
  readonly next?: Date
  readonly extensions?: readonly x509.Extension[]
}

export async function makeRevocationList({ issuer, revoked = [], from, next, extensions = [] }: WantedList): Promise<x509.X509Crl> {
  return x509.X509CrlGenerator.create({
    issuer: issuer.parsed.subject,
    thisUpdate: from ?? new Date('2020-01-01T00:00:00Z'),
    nextUpdate: next ?? new Date('2120-01-01T00:00:00Z'),
    entries: revoked.map((serialNumber) => ({ serialNumber, revocationDate: new Date('2021-01-01T00:00:00Z'), reason: x509.X509CrlReason.keyCompromise })),
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: issuer.signing,
    extensions: [...extensions],
  } as x509.X509CrlCreateParams)
}
export const listPem = (list: x509.X509Crl): string => `${x509.PemConverter.encode(list.rawData, 'X509 CRL')}\n`
