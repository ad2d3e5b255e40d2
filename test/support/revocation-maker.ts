// Makes revocation lists for tests: in force, outdated, or signed by somebody else.
import { X509CrlGenerator } from '@peculiar/x509'
import type { Made } from './certificate-maker.ts'

/** PEM: a list of the authority that revokes these. */
export async function makeRevocationList(
  authority: Made,
  revoked: readonly Made[] = [],
  { from = '2020-01-01', to = '2120-01-01', signer = authority } = {},
): Promise<string> {
  const list = await X509CrlGenerator.create({
    issuer: authority.parsed.subject,
    thisUpdate: new Date(`${from}T00:00:00Z`),
    nextUpdate: new Date(`${to}T00:00:00Z`),
    signingAlgorithm: signer.signing,
    signingKey: signer.keys.privateKey,
    entries: revoked.map(({ parsed }) => ({ serialNumber: parsed.serialNumber, revocationDate: new Date('2021-01-01T00:00:00Z') })),
  })
  return `${list.toString('pem').replaceAll(' CRL-', ' X509 CRL-').replaceAll('X509 X509', 'X509')}\n`
}
