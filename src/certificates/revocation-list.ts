// Reads a certificate revocation list (RFC 5280 5): who issued it, until when it holds, and the numbers in it. What limits its meaning is obeyed or refused.
import type { RevocationList } from '../model/snapshot.ts'
import { addressesOf, authorityOf, type Certificate, CRL_SIGN, serialOf } from './certificate.ts'
import { BIT_STRING, BOOLEAN, constructed, context, DerCursor, INTEGER, OCTET_STRING, OID, readingDer, SEQUENCE } from './der.ts'
import { readPem } from './pem.ts'
import { SerialTable } from './serial-table.ts'
import { isSignedBy, type SignatureAlgorithm, signatureAlgorithm } from './signature.ts'

export interface RevocationFault {
  readonly code: 'bad-revocation-list' | 'unknown-issuer' | 'weak-certificate'
  readonly message: string
}
export interface RevocationReading {
  readonly lists: readonly RevocationList[]
  readonly faults: readonly RevocationFault[]
}

/** `text`: the file, an octet a character: one list in DER form, or any number in PEM form. `authorities`: one of them must have signed it. */
export function readRevocationLists(text: string, authorities: readonly Certificate[]): RevocationReading {
  const lists: RevocationList[] = []
  const faults: RevocationFault[] = []
  const bad = (message: string): void => void faults.push({ code: 'bad-revocation-list', message })
  for (const [i, raw] of blocksOf(text, bad).entries()) {
    const name = `revocation list ${i + 1}`
    const read = readingDer(() => readList(raw))
    if (read === undefined) {
      bad(`${name} cannot be read`)
      continue
    }
    if (read.unsupported !== undefined) {
      bad(`${name} ${read.unsupported}`)
      continue
    }
    const issuers = authorities.filter(({ authority }) => authority.startsWith(read.issuer))
    if (issuers.length === 0) {
      faults.push({ code: 'unknown-issuer', message: `${name} was issued by nobody in the trust store: put the certificate of its authority there` })
      continue
    }
    if (read.algorithm === undefined) {
      faults.push({ code: 'weak-certificate', message: `${name} is signed in a way that can be forged, or that is not known here` })
      continue
    }
    const issuer = issuers.find((candidate) => maySign(candidate) && isSignedBy(read.signed, read.signature, read.algorithm!, candidate.x509.publicKey))
    if (issuer === undefined) {
      bad(`${name} was not signed by the authority that it names, or that may sign none`)
      continue
    }
    lists.push({ authority: issuer.authority, fromMs: read.thisMs, nextMs: read.nextMs, serials: read.serials, scope: read.scope, listedAt: read.listedAt })
  }
  return { lists, faults }
}

/** Sentences about lists that are past their next update, or do not count yet. */
export const staleLists = (lists: readonly RevocationList[], nowMs: number): string[] =>
  lists.flatMap(({ fromMs, nextMs }, i) => {
    if (fromMs > nowMs) return [`revocation list ${i + 1} counts only from ${new Date(fromMs).toISOString()} on`]
    return nextMs <= nowMs ? [`revocation list ${i + 1} should have been replaced at ${new Date(nextMs).toISOString()}`] : []
  })

function blocksOf(text: string, bad: (message: string) => void): Buffer[] {
  // DER begins with the tag of a sequence, which is the digit 0.
  if (text.charCodeAt(0) === SEQUENCE) return [Buffer.from(text, 'latin1')]
  const { blocks, broken } = readPem(text)
  const found = blocks.filter(({ label }) => label === 'X509 CRL').map(({ text: block }) => Buffer.from(block.replace(/-----[^-]+-----/g, ''), 'base64'))
  if (broken > 0) bad(`${broken} of the blocks do not end, or hold what is no base64`)
  else if (found.length === 0) bad('there is no revocation list here, in DER or PEM form')
  return found
}

interface List {
  /** The first half of an `authority`. */
  readonly issuer: string
  readonly signed: Buffer
  readonly signature: Buffer
  readonly algorithm: SignatureAlgorithm | undefined
  readonly thisMs: number
  readonly nextMs: number
  readonly serials: SharedArrayBuffer
  readonly scope: RevocationList['scope']
  readonly listedAt: readonly string[]
  /** What about it is not understood: such a list must not be used (RFC 5280 5.2, 5.3). */
  readonly unsupported?: string
}

function readList(raw: Buffer): List {
  const outer = new DerCursor(raw)
  const whole = outer.next(SEQUENCE).inside()
  outer.close()
  const { element: signed } = whole.next(SEQUENCE)
  const list = whole.inside()
  const { element: inner } = whole.next(SEQUENCE)
  const algorithm = signatureAlgorithm(whole.inside())
  const signature = whole.next(BIT_STRING).wholeBits
  whole.close()

  let unsupported: string | undefined
  if (list.next(INTEGER).integer !== 1) unsupported = 'is not of version 2'
  // RFC 5280 5.1.1.2: both say the same algorithm.
  if (!list.next(SEQUENCE).element.equals(inner)) unsupported = 'names two algorithms'
  const issuer = authorityOf(list.next(SEQUENCE).element, Buffer.alloc(0)).slice(0, 64)
  const thisMs = list.next().time
  // RFC 5280 5.1.2.5: it must be there. Without it nobody could tell when the list is old.
  const hasNext = list.upcoming !== SEQUENCE && list.upcoming !== constructed(0) && list.hasMore
  const nextMs = hasNext ? list.next().time : 0
  if (!hasNext) unsupported ??= 'does not say when the next one comes'
  let serials = SerialTable.withRoomFor(0)
  if (list.optional(SEQUENCE)) {
    const entries = readEntries(list.inside())
    serials = entries.serials
    unsupported ??= entries.unsupported
  }
  let limits: Limits = { scope: 'all', listedAt: [] }
  if (list.optional(constructed(0))) limits = readExtensions(list.inside())
  list.close()
  unsupported ??= limits.unsupported
  return {
    issuer,
    signed,
    signature,
    algorithm,
    thisMs,
    nextMs,
    serials: serials.memory,
    scope: limits.scope,
    listedAt: limits.listedAt,
    ...(unsupported !== undefined && { unsupported }),
  }
}

function readEntries(entries: DerCursor): { readonly serials: SerialTable; readonly unsupported?: string } {
  // Two passes: the first counts, so that the table is neither too small nor copied.
  let count = 0
  for (const counted = entries.again(); counted.hasMore; count++) counted.next(SEQUENCE)
  const serials = SerialTable.withRoomFor(count)
  let unsupported: string | undefined
  while (entries.hasMore) {
    const entry = entries.next(SEQUENCE).inside()
    const serial = serialOf(entry.next(INTEGER))
    entry.next()
    serials.add(serial, 0, serial.length)
    // Of most entries nothing else is said, or the reason, which is not critical: whoever is on the list counts as revoked.
    if (entry.optional(SEQUENCE) && hasCritical(entry.inside())) unsupported = 'has an entry with a critical extension that is not known here'
    entry.close()
  }
  return { serials, ...(unsupported !== undefined && { unsupported }) }
}

function hasCritical(extensions: DerCursor): boolean {
  let found = false
  while (extensions.hasMore) {
    const extension = extensions.next(SEQUENCE).inside()
    extension.next(OID)
    if (extension.optional(BOOLEAN) && extension.boolean) found = true
  }
  return found
}

interface Limits {
  readonly scope: RevocationList['scope']
  readonly listedAt: readonly string[]
  readonly unsupported?: string
}

function readExtensions(explicit: DerCursor): Limits {
  const extensions = explicit.next(SEQUENCE).inside()
  explicit.close()
  let limits: Limits = { scope: 'all', listedAt: [] }
  while (extensions.hasMore) {
    const extension = extensions.next(SEQUENCE).inside()
    const { oid } = extension.next(OID)
    const critical = extension.optional(BOOLEAN) && extension.boolean
    const value = new DerCursor(extension.next(OCTET_STRING).content)
    extension.close()
    // RFC 5280 5.2.5: issuingDistributionPoint says what the list is about.
    if (oid === '2.5.29.28') limits = { ...limits, ...readScope(value.next(SEQUENCE).inside()) }
    else if (critical)
      limits = {
        ...limits,
        unsupported:
          oid === '2.5.29.27' ? 'holds only what changed since another one: give the whole list' : `has the critical extension ${oid}, which is not known here`,
      }
  }
  return limits
}

/** A list of some reasons, of attribute certificates, or of other authorities' certificates would pass for more than it says. */
function readScope(point: DerCursor): Partial<Limits> {
  let scope: RevocationList['scope'] = 'all'
  let listedAt: readonly string[] = []
  let unsupported: string | undefined
  while (point.hasMore) {
    point.next()
    if (point.tag === constructed(0)) {
      listedAt = addressesOf(point.inside())
      if (listedAt.length === 0) unsupported = 'belongs to a distribution point without an address'
    } else if (point.tag === context(1)) scope = point.boolean ? 'clients' : scope
    else if (point.tag === context(2)) scope = point.boolean ? 'authorities' : scope
    else unsupported = 'is limited to some reasons, or to certificates of others'
  }
  return { scope, listedAt, ...(unsupported !== undefined && { unsupported }) }
}

/** RFC 5280 4.2.1.3: cRLSign. */
const maySign = ({ keyUsage, isAuthority }: Certificate): boolean => isAuthority && (keyUsage === undefined || (keyUsage & CRL_SIGN) !== 0)
