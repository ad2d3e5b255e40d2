// Reads the revocation lists (RFC 5280 5) of a PEM file as far as it takes to hand them to OpenSSL, and to say when they are of no use.
import { BIT_STRING, DerCursor, INTEGER, readingDer, SEQUENCE } from './der.ts'
import { readPem } from './pem.ts'

export interface RevocationFileFault {
  readonly code: 'no-revocation-list' | 'bad-revocation-list' | 'too-long'
  readonly message: string
}
export interface RevocationFileReading {
  /** One list each, in PEM form. */
  readonly lists: readonly string[]
  readonly faults: readonly RevocationFileFault[]
  /** Sentences about lists that are past their end, or before their beginning: nobody's certificate is taken by them. */
  readonly outdated: readonly string[]
  /** Milliseconds since the epoch: the first instant at which one of them is past its end. Infinity when none has one. */
  readonly endsMs: number
}

const LISTS_MAX = 100

export function readRevocationFile(text: string, nowMs: number): RevocationFileReading {
  const faults: RevocationFileFault[] = []
  const outdated: string[] = []
  const lists: string[] = []
  let endsMs = Number.POSITIVE_INFINITY
  const { blocks, broken } = readPem(text)
  const found = blocks.filter(({ label }) => label === 'X509 CRL')
  if (found.length === 0)
    faults.push({ code: 'no-revocation-list', message: 'there is no revocation list in PEM form here: it begins with -----BEGIN X509 CRL-----' })
  if (broken > 0) faults.push({ code: 'bad-revocation-list', message: `${broken} of the blocks do not end, or hold what is no base64` })
  if (found.length > LISTS_MAX) faults.push({ code: 'too-long', message: `there are ${found.length} revocation lists, the most is ${LISTS_MAX}` })
  for (const [i, block] of found.slice(0, LISTS_MAX).entries()) {
    const list = readList(Buffer.from(block.text.replace(/-----[^-]+-----/g, ''), 'base64'))
    if (list === undefined) {
      faults.push({ code: 'bad-revocation-list', message: `revocation list ${i + 1} cannot be read` })
      continue
    }
    lists.push(`${block.text}\n`)
    endsMs = Math.min(endsMs, list.endsMs)
    if (list.beginsMs > nowMs)
      outdated.push(`revocation list ${i + 1} counts only from ${new Date(list.beginsMs).toISOString()} on: until then nobody is believed by it`)
    // RFC 5280 5.1.2.5: a newer one was due. OpenSSL takes nobody by an old one.
    if (list.endsMs <= nowMs)
      outdated.push(`revocation list ${i + 1} ended on ${new Date(list.endsMs).toISOString()}: until there is a newer one, nobody is believed by it`)
  }
  return { lists, faults, outdated, endsMs }
}

/** Undefined for what is not `CertificateList` (RFC 5280 5.1) down to its times; the rest, and the signature, is for OpenSSL. */
const readList = (octets: Buffer): { readonly beginsMs: number; readonly endsMs: number } | undefined =>
  readingDer(() => {
    const outer = new DerCursor(octets)
    const whole = outer.next(SEQUENCE).inside()
    outer.close()
    const list = whole.next(SEQUENCE).inside()
    whole.next(SEQUENCE)
    whole.next(BIT_STRING)
    whole.close()
    list.optional(INTEGER)
    // The algorithm and the issuer.
    list.next(SEQUENCE).next(SEQUENCE)
    // RFC 5280 5.1.2.5: the end must be there. Without it nobody could tell when the list is old.
    return { beginsMs: list.next().time, endsMs: list.next().time }
  })
