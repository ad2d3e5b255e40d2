// Reads the revocation lists (RFC 5280 5) of a PEM file as far as it takes to hand them to OpenSSL, and to say when they are of no use.
import { readPem } from './pem.ts'

export interface RevocationFileFault {
  readonly code: 'no-revocation-list' | 'bad-revocation-list' | 'too-long'
  readonly message: string
}
export interface RevocationFileReading {
  /** One list each, in PEM form. */
  readonly lists: readonly string[]
  readonly faults: readonly RevocationFileFault[]
  /** Sentences about lists that are past their end: nobody's certificate is taken by them. */
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
    const list = readList(block.text)
    if (list === undefined) {
      faults.push({ code: 'bad-revocation-list', message: `revocation list ${i + 1} cannot be read` })
      continue
    }
    lists.push(`${block.text}\n`)
    endsMs = Math.min(endsMs, list.endsMs)
    // RFC 5280 5.1.2.5: a newer one was due. OpenSSL takes nobody by an old one.
    if (list.endsMs <= nowMs)
      outdated.push(`revocation list ${i + 1} ended on ${new Date(list.endsMs).toISOString()}: until there is a newer one, nobody is believed by it`)
  }
  return { lists, faults, outdated, endsMs }
}

const [INTEGER, BIT_STRING, SEQUENCE, UTC_TIME, GENERALIZED_TIME] = [0x02, 0x03, 0x30, 0x17, 0x18]
const FOREVER = Number.POSITIVE_INFINITY

/** Undefined for what is not `CertificateList` (RFC 5280 5.1) down to its times; the rest, and the signature, is for OpenSSL. */
function readList(block: string): { readonly endsMs: number } | undefined {
  const octets = Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64')
  const [whole, ...surplus] = elements(octets) ?? []
  if (whole?.tag !== SEQUENCE || surplus.length > 0) return undefined
  const [signed, algorithm, signature] = elements(whole.content) ?? []
  if (signed?.tag !== SEQUENCE || algorithm?.tag !== SEQUENCE || signature?.tag !== BIT_STRING) return undefined
  const parts = elements(signed.content) ?? []
  const [, issuer, begins, ends] = parts[0]?.tag === INTEGER ? parts.slice(1) : parts
  if (issuer?.tag !== SEQUENCE || begins === undefined || timeOf(begins) === undefined) return undefined
  return { endsMs: (ends && timeOf(ends)) ?? FOREVER }
}

interface Element {
  readonly tag: number
  readonly content: Buffer
}
/** The elements that stand one behind the other (X.690 8.1); undefined when they do not fill the octets. */
function elements(octets: Buffer): readonly Element[] | undefined {
  const found: Element[] = []
  for (let at = 0; at < octets.length; ) {
    const [tag, first = 0x80] = octets.subarray(at, at + 2)
    const more = first < 0x80 ? 0 : first & 0x7f
    if (first === 0x80 || more > 4 || at + 2 + more > octets.length) return undefined
    const from = at + 2 + more
    const to = from + (more === 0 ? first : octets.readUIntBE(at + 2, more))
    if (to > octets.length) return undefined
    found.push({ tag: tag!, content: octets.subarray(from, to) })
    at = to
  }
  return found
}

/** RFC 5280 5.1.2.4: UTCTime until 2049, GeneralizedTime from 2050 on, both to the second and in UTC. */
function timeOf({ tag, content }: Element): number | undefined {
  if (tag !== UTC_TIME && tag !== GENERALIZED_TIME) return undefined
  const text = content.toString('latin1')
  const written = tag === GENERALIZED_TIME ? text : `${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(written)
  return parts ? Date.UTC(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]), Number(parts[4]), Number(parts[5]), Number(parts[6])) : undefined
}
