// Reads the revocation lists (RFC 5280 5) of a PEM file as far as it takes to hand them to OpenSSL, and to say when they are of no use.
import 'reflect-metadata'
import { X509Crl } from '@peculiar/x509'
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
    if (list.nextUpdate === undefined) continue
    const listEndsMs = list.nextUpdate.getTime()
    endsMs = Math.min(endsMs, listEndsMs)
    // RFC 5280 5.1.2.5: a newer one was due. OpenSSL takes nobody by an old one.
    if (listEndsMs <= nowMs)
      outdated.push(
        `the revocation list of ${list.issuer.slice(0, 120)} ended on ${list.nextUpdate.toISOString()}: until there is a newer one, nobody is believed`,
      )
  }
  return { lists, faults, outdated, endsMs }
}

function readList(block: string): X509Crl | undefined {
  try {
    return new X509Crl(block)
  } catch {
    return undefined
  }
}
