// Reads the certificates of a trust store: each must be that of a certificate authority, and none may come with its private key.
import type { X509Certificate } from 'node:crypto'
import { isCertificate, readCertificate, readPem, showsPrivateKey } from './pem.ts'

export interface TrustStoreFault {
  readonly code: 'no-certificate' | 'bad-certificate' | 'not-a-ca' | 'private-key' | 'too-long' | 'duplicate-item'
  readonly message: string
}
export interface TrustStoreReading {
  /** One certificate each, in PEM form, in the order of the text. */
  readonly certificates: readonly string[]
  readonly faults: readonly TrustStoreFault[]
  /** Sentences about certificates that are past their end. */
  readonly expired: readonly string[]
}

const CERTIFICATES_MAX = 500

/** No message repeats the text: it may hold a key. */
export function readTrustStore(text: string, nowMs: number): TrustStoreReading {
  const faults: TrustStoreFault[] = []
  const expired: string[] = []
  const certificates: string[] = []
  const seen = new Set<string>()
  // Before anything else, and whether or not the block is whole.
  if (showsPrivateKey(text))
    faults.push({ code: 'private-key', message: 'a private key stands among the certificates: take it out, and replace it, since whoever read this knows it' })
  const blocks = readPem(text).blocks.filter(isCertificate)
  const begun = text.match(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/g)?.length ?? 0
  if (begun === 0) faults.push({ code: 'no-certificate', message: 'there is no certificate in PEM form here: nobody would be believed' })
  if (begun > blocks.length)
    faults.push({ code: 'bad-certificate', message: `${begun - blocks.length} of ${begun} certificates do not end, or hold what is no base64` })
  if (blocks.length > CERTIFICATES_MAX) faults.push({ code: 'too-long', message: `there are ${blocks.length} certificates, the most is ${CERTIFICATES_MAX}` })
  for (const [i, { text: block }] of blocks.slice(0, CERTIFICATES_MAX).entries()) {
    const certificate = readCertificate(block)
    if (!certificate) {
      faults.push({ code: 'bad-certificate', message: `certificate ${i + 1} cannot be read` })
      continue
    }
    const name = `certificate ${i + 1} (${nameOf(certificate)})`
    if (!certificate.ca) faults.push({ code: 'not-a-ca', message: `${name} is not that of a certificate authority: whoever it names would vouch for others` })
    if (seen.has(certificate.fingerprint256)) faults.push({ code: 'duplicate-item', message: `${name} stands here twice` })
    seen.add(certificate.fingerprint256)
    if (certificate.validToDate.getTime() <= nowMs) expired.push(`${name} has expired and vouches for nobody: take it out`)
    certificates.push(certificate.toString())
  }
  return { certificates, faults, expired }
}

const nameOf = ({ subject }: X509Certificate): string => (subject ?? 'without a name').replaceAll('\n', ', ').slice(0, 120)
