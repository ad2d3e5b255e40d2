// Reads a certificate that is shown, by a server or to one, with its chain and its private key: what it is good for, and everything that is wrong with it at once.
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto'
import type { ServerCertificate } from '../model/snapshot.ts'
import { isCertificate, isPrivateKey, readCertificate, readPem } from './pem.ts'
import { namesOf } from './server-names.ts'

export type ServerCertificateCode =
  | 'no-certificate'
  | 'bad-certificate'
  | 'too-long'
  | 'no-private-key'
  | 'bad-private-key'
  | 'encrypted-private-key'
  | 'bad-passphrase'
  | 'key-mismatch'
  | 'broken-chain'
  | 'weak-certificate'
  | 'no-names'
  | 'not-for-servers'
  | 'not-for-clients'
  | 'is-a-ca'
/** `in`: which of the two files. No message repeats what the files hold: one of them is a key. */
export interface ServerCertificateFault {
  readonly in: 'certificate' | 'key'
  readonly code: ServerCertificateCode
  readonly message: string
}
export interface ServerCertificateReading {
  /** Absent when there are faults. */
  readonly certificate?: ServerCertificate
  /** From when on the server's own is valid. */
  readonly validFromMs?: number
  readonly faults: readonly ServerCertificateFault[]
  /** What does not keep it from being shown: it has expired, or is not valid yet. */
  readonly notices: readonly string[]
}

/** A chain of more sends every client more than it will read. */
const CHAIN_MAX = 10
/** From so long before its end on, an end is told of: most are renewed 30 days before. */
const SOON_MS = 14 * 24 * 60 * 60 * 1000
/** What a certificate is shown as, and who refuses one that has expired. `purposes`, by RFC 5280 4.2.1.12: its own, and anyExtendedKeyUsage. */
const USES = {
  server: { purposes: new Set(['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']), needsNames: true, seenBy: 'clients', code: 'not-for-servers' },
  client: { purposes: new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']), needsNames: false, seenBy: 'upstreams', code: 'not-for-clients' },
} as const
type Use = keyof typeof USES

/** The certificate of a listener. `passphrase`: the text of a file, whose first line is what its key is sealed with. */
export const readServerCertificate = (certificateText: string, keyText: string, nowMs: number, passphrase?: string): ServerCertificateReading =>
  readShown(certificateText, keyText, nowMs, 'server', passphrase)
/** A certificate that the gateway shows to upstreams: it need not name a host. */
export const readClientCertificate = (certificateText: string, keyText: string, nowMs: number, passphrase?: string): ServerCertificateReading =>
  readShown(certificateText, keyText, nowMs, 'client', passphrase)

function readShown(certificateText: string, keyText: string, nowMs: number, use: Use, passphrase: string | undefined): ServerCertificateReading {
  const { seenBy } = USES[use]
  const reading = new Reading()
  const chain = reading.chain(certificateText)
  const key = reading.key(keyText, passphrase)
  const own = chain[0]
  if (own === undefined) return reading.result
  const sent = reading.ordered(chain)
  const names = reading.purpose(own, use)
  for (const [i, certificate] of sent.entries()) reading.strength(certificate, i)
  if (key === undefined) return reading.result
  const algorithm = reading.pair(own, key)
  if (algorithm === undefined || reading.faults.length > 0) return reading.result
  for (const [i, { validFromDate, validToDate }] of sent.entries()) {
    if (validToDate.getTime() <= nowMs) reading.notices.push(`${nameOf(own, i)} expired on ${validToDate.toISOString()}: ${seenBy} will refuse it`)
    else if (validToDate.getTime() <= nowMs + SOON_MS) reading.notices.push(`${nameOf(own, i)} expires on ${validToDate.toISOString()}: renew it`)
    if (validFromDate.getTime() > nowMs) reading.notices.push(`${nameOf(own, i)} is not valid before ${validFromDate.toISOString()}: ${seenBy} will refuse it`)
  }
  const certificate: ServerCertificate = {
    chain: sent.map((each) => each.toString()).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    algorithm,
    names,
    expiresMs: Math.min(...sent.map(({ validToDate }) => validToDate.getTime())),
    thumbprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
  }
  return { certificate, validFromMs: own.validFromDate.getTime(), faults: [], notices: reading.notices }
}

class Reading {
  readonly faults: ServerCertificateFault[] = []
  readonly notices: string[] = []

  get result(): ServerCertificateReading {
    return { faults: this.faults, notices: this.notices }
  }
  private wrong(where: 'certificate' | 'key', code: ServerCertificateCode, message: string): undefined {
    this.faults.push({ in: where, code, message })
  }

  chain(text: string): X509Certificate[] {
    const { blocks, broken } = readPem(text)
    const certificates = blocks.filter(isCertificate)
    if (certificates.length === 0) this.wrong('certificate', 'no-certificate', 'there is no certificate in PEM form here')
    if (broken > 0) this.wrong('certificate', 'bad-certificate', `${broken} of the blocks do not end, or hold what is no base64`)
    if (certificates.length > CHAIN_MAX)
      this.wrong('certificate', 'too-long', `there are ${certificates.length} certificates, a chain has at most ${CHAIN_MAX}`)
    const read: X509Certificate[] = []
    for (const [i, block] of certificates.slice(0, CHAIN_MAX).entries()) {
      const certificate = readCertificate(block.text)
      if (certificate) read.push(certificate)
      else this.wrong('certificate', 'bad-certificate', `certificate ${i + 1} cannot be read`)
    }
    return read
  }

  key(text: string, passphrase: string | undefined): KeyObject | undefined {
    const { blocks, broken } = readPem(text)
    const keys = blocks.filter(isPrivateKey)
    if (broken > 0) return this.wrong('key', 'bad-private-key', 'the private key does not end, or holds what is no base64')
    if (keys.length === 0) return this.wrong('key', 'no-private-key', 'there is no private key in PEM form here')
    if (keys.length > 1) return this.wrong('key', 'bad-private-key', `there are ${keys.length} private keys: which of them counts is not for us to guess`)
    const [{ label, text: block }] = keys as [(typeof keys)[0]]
    if (label === 'ENCRYPTED PRIVATE KEY' && passphrase !== undefined) return this.opened(block, passphrase)
    if (label === 'ENCRYPTED PRIVATE KEY')
      return this.wrong('key', 'encrypted-private-key', 'the private key is sealed with a passphrase: say where that is, passphrase: { file: PATH }')
    // RFC 1421: sealed under one round of MD5, which is no seal.
    if (block.includes('ENCRYPTED'))
      return this.wrong('key', 'encrypted-private-key', 'the private key is sealed in an old form: openssl pkcs8 -topk8 -in IN -out OUT makes a new one of it')
    if (passphrase !== undefined) return this.wrong('key', 'bad-passphrase', 'the private key is not sealed with a passphrase: leave it out')
    try {
      return createPrivateKey(block)
    } catch {
      return this.wrong('key', 'bad-private-key', 'the private key cannot be read')
    }
  }

  /** RFC 5958 3. */
  private opened(block: string, passphrase: string): KeyObject | undefined {
    // Editors end a file with a line; texts of files are octets here.
    const [line] = passphrase.split(/\r?\n/, 1)
    try {
      return createPrivateKey({ key: block, passphrase: Buffer.from(line!, 'latin1') })
    } catch {
      return this.wrong('key', 'bad-passphrase', 'the private key does not open with this passphrase')
    }
  }

  /**
   * RFC 8446 4.4.2: the server's own first, and each one certified by the next. One that is out of place is put there, as nothing is lost by it; one that
   * belongs to no other is a fault. An authority that certified itself is left out: clients have it, or do not believe it.
   */
  ordered(chain: readonly X509Certificate[]): X509Certificate[] {
    const sent = [chain[0]!]
    const rest = chain.slice(1)
    while (rest.length > 0) {
      const next = rest.findIndex((candidate) => sent.at(-1)!.checkIssued(candidate))
      if (next < 0) break
      sent.push(...rest.splice(next, 1))
    }
    if (rest.length > 0)
      this.wrong('certificate', 'broken-chain', `${rest.length} of ${chain.length} certificates did not issue the one before: the server's own comes first`)
    return sent.filter((certificate, i) => i === 0 || !certificate.checkIssued(certificate))
  }

  /** Answers the names. */
  purpose(own: X509Certificate, use: Use): string[] {
    const { purposes, needsNames, code } = USES[use]
    const names = namesOf(own.subjectAltName)
    if (needsNames && names.length === 0)
      this.wrong('certificate', 'no-names', 'the certificate names no host in subjectAltName: no client of today believes it (RFC 9525 2)')
    if (own.keyUsage !== undefined && !own.keyUsage.some((purpose) => purposes.has(purpose)))
      this.wrong('certificate', code, `the certificate is not for ${use}s: its extended key usage lacks ${use}Auth`)
    // What signed itself, as `openssl req -x509` makes it, vouches for others only with those who took it in.
    if (own.ca && own.checkIssued(own)) this.notices.push(`${nameOf(own, 0)} signed itself and is that of an authority: good for trying out`)
    else if (own.ca)
      this.wrong('certificate', 'is-a-ca', 'the certificate is that of an authority: whoever takes its key from the gateway could name every host')
    return names
  }

  /** NIST SP 800-57 part 1: 112 bits at least. What an authority signed with SHA-1 can be forged. */
  strength(certificate: X509Certificate, index: number): void {
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey
    const bits = asymmetricKeyDetails?.modulusLength
    if (asymmetricKeyType?.startsWith('rsa') && bits !== undefined && bits < 2048)
      this.wrong('certificate', 'weak-certificate', `certificate ${index + 1} has an RSA key of ${bits} bits; 2048 are the least`)
    if (/sha1|md5/i.test(certificate.signatureAlgorithm ?? ''))
      this.wrong('certificate', 'weak-certificate', `certificate ${index + 1} is signed with ${certificate.signatureAlgorithm}, which can be forged`)
  }

  pair(own: X509Certificate, key: KeyObject): ServerCertificate['algorithm'] | undefined {
    if (!own.checkPrivateKey(key)) return this.wrong('key', 'key-mismatch', 'the private key is not that of the certificate')
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key
    if (type === 'rsa') return 'rsa'
    if (type === 'ed25519') return 'ed25519'
    if (type === 'ec' && ['prime256v1', 'secp384r1', 'secp521r1'].includes(details?.namedCurve ?? '')) return 'ecdsa'
    return this.wrong('key', 'weak-certificate', `keys of the kind ${details?.namedCurve ?? type} are not served: P-256, P-384, P-521, Ed25519 and RSA are`)
  }
}

const nameOf = (own: X509Certificate, index: number): string => {
  const name = (own.subjectAltName ?? own.subject ?? '').replaceAll('\n', ', ').slice(0, 120)
  return index === 0 ? `the certificate of ${name}` : `certificate ${index + 1} of the chain of ${name}`
}
