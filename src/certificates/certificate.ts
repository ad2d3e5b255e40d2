// One X.509 certificate (RFC 5280 4.1), read by ourselves as far as its path is judged by ourselves; signatures and issuers are left to OpenSSL.
import { hash, type KeyObject, X509Certificate } from 'node:crypto'
import { alternativeNames } from './alternative-names.ts'
import { BIT_STRING, BOOLEAN, constructed, context, DerCursor, DerFault, INTEGER, OCTET_STRING, OID, readingDer, SEQUENCE } from './der.ts'
import { nameText } from './distinguished-name.ts'
import { signatureAlgorithm } from './signature.ts'

export interface Certificate {
  readonly x509: X509Certificate
  readonly raw: Buffer
  /** Lower-case hex SHA-256 of the certificate. */
  readonly thumbprint: string
  /** The octets of the serial number, without a leading zero. */
  readonly serial: Buffer
  readonly subject: string
  readonly names: readonly string[]
  readonly fromMs: number
  readonly toMs: number
  /** Its subject and its key, in DER form. */
  readonly name: Buffer
  readonly key: Buffer
  /** Says which authority this is, as an issuer of others: its name and its key, whichever of its certificates stands here. */
  readonly authority: string
  readonly isAuthority: boolean
  /** How many authorities may stand between it and the last certificate. */
  readonly pathLength: number
  /** Bits as RFC 5280 4.2.1.3 numbers them, the first the lowest; undefined: none are said. */
  readonly keyUsage: number | undefined
  /** Object identifiers; undefined: none are said. */
  readonly purposes: readonly string[] | undefined
  /** Where its revocation list is published: the addresses of full names. */
  readonly listedAt: readonly string[]
  /** Who answers whether it was revoked (OCSP): addresses. */
  readonly responders: readonly string[]
  /** It is limited in a way that is not judged here: only OpenSSL can say whether that holds. */
  readonly isBeyondUs: boolean
  /** Its key is too short, or it is signed in a way that can be forged or that is not known here. */
  readonly isWeak: boolean
}

export const DIGITAL_SIGNATURE = 1 << 0
export const KEY_AGREEMENT = 1 << 4
export const KEY_CERT_SIGN = 1 << 5
export const CRL_SIGN = 1 << 6

/** Longer ones are no certificate of a client: of those that are found in practice few have 4 KB. */
const CERTIFICATE_BYTES_MAX = 16 * 1024

/** Undefined for what is no certificate of version 3. */
export function readX509(raw: Buffer): Certificate | undefined {
  if (raw.length > CERTIFICATE_BYTES_MAX) return undefined
  return readingDer(() => {
    const fields = readFields(raw)
    let x509: X509Certificate
    let key: KeyObject
    try {
      x509 = new X509Certificate(raw)
      key = x509.publicKey
    } catch {
      throw new DerFault('no certificate for OpenSSL, or a key of no kind that it knows')
    }
    return { x509, raw, thumbprint: hash('sha256', raw), ...fields, isWeak: fields.isWeak || isShort(key) }
  })
}

type Fields = Omit<Certificate, 'x509' | 'raw' | 'thumbprint'>
type Extensions = Pick<Certificate, 'names' | 'isAuthority' | 'pathLength' | 'keyUsage' | 'purposes' | 'listedAt' | 'responders' | 'isBeyondUs'>

function readFields(raw: Buffer): Fields {
  const outer = new DerCursor(raw)
  const certificate = outer.next(SEQUENCE).inside()
  outer.close()
  const signed = certificate.next(SEQUENCE).inside()
  const version = signed.next(constructed(0)).inside()
  if (version.next(INTEGER).integer !== 2) throw new DerFault('not version 3')
  const serial = serialOf(signed.next(INTEGER))
  signed.next(SEQUENCE)
  signed.next(SEQUENCE)
  const validity = signed.next(SEQUENCE).inside()
  const fromMs = validity.next().time
  const toMs = validity.next().time
  const subject = nameText(signed.next(SEQUENCE))
  const { element: name } = signed
  const { element: key } = signed.next(SEQUENCE)
  signed.optional(context(1))
  signed.optional(context(2))
  const extensions = signed.hasMore ? readExtensions(signed.next(constructed(3)).inside()) : NONE
  signed.close()
  const isWeak = signatureAlgorithm(certificate.next(SEQUENCE).inside()) === undefined
  certificate.next(BIT_STRING)
  certificate.close()
  return { serial, subject, fromMs, toMs, name, key, authority: authorityOf(name, key), isWeak, ...extensions }
}

/** NIST SP 800-57 part 1: 112 bits at least. Longer ones than anybody uses are for keeping us busy. */
function isShort({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): boolean {
  if (type === 'rsa' || type === 'rsa-pss') return details!.modulusLength! < 2048 || details!.modulusLength! > 8192
  if (type === 'ec') return !CURVES.has(details!.namedCurve ?? '')
  return type !== 'ed25519' && type !== 'ed448'
}
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1', 'brainpoolP256r1', 'brainpoolP384r1', 'brainpoolP512r1'])

/** RFC 5280 4.1.2.5: both ends included. */
export const isInForce = ({ fromMs, toMs }: Certificate, nowMs: number): boolean => fromMs <= nowMs && nowMs <= toMs

/** One string for name and key of an authority. */
export const authorityOf = (name: Buffer, key: Buffer): string => `${hash('sha256', name)}${hash('sha256', key)}`

/** RFC 5280 4.1.2.2: at most 20 octets. Some authorities have used numbers that are negative or zero; they are compared as octets. */
export function serialOf({ bytes, from, to }: DerCursor): Buffer {
  const start = to - from > 1 && bytes[from] === 0 ? from + 1 : from
  if (to === start || to - start > 20) throw new DerFault('a serial number')
  return bytes.subarray(start, to)
}

const NONE: Extensions = {
  names: [],
  isAuthority: false,
  pathLength: Number.POSITIVE_INFINITY,
  keyUsage: undefined,
  purposes: undefined,
  listedAt: [],
  responders: [],
  isBeyondUs: false,
}

/** RFC 5280 4.2.1.10: it must be critical. Where it is not, it limits all the same, as with OpenSSL. */
const NAME_CONSTRAINTS = '2.5.29.30'

function readExtensions(explicit: DerCursor): Extensions {
  const extensions = explicit.next(SEQUENCE).inside()
  explicit.close()
  let read = NONE
  const seen = new Set<string>()
  while (extensions.hasMore) {
    const extension = extensions.next(SEQUENCE).inside()
    const { oid } = extension.next(OID)
    const critical = extension.optional(BOOLEAN) && extension.boolean
    const value = new DerCursor(extension.next(OCTET_STRING).content)
    extension.close()
    // RFC 5280 4.2: each at most once.
    if (seen.has(oid)) throw new DerFault('an extension twice')
    seen.add(oid)
    const reader = READERS[oid]
    if (reader !== undefined) {
      read = { ...read, ...reader(value) }
      value.close()
    } else if (critical || oid === NAME_CONSTRAINTS) read = { ...read, isBeyondUs: true }
  }
  return read
}

const READERS: Readonly<Record<string, (value: DerCursor) => Partial<Extensions>>> = {
  /** RFC 5280 4.2.1.9 */
  '2.5.29.19'(value) {
    const constraints = value.next(SEQUENCE).inside()
    const isAuthority = constraints.optional(BOOLEAN) && constraints.boolean
    const pathLength = constraints.optional(INTEGER) ? constraints.integer : Number.POSITIVE_INFINITY
    constraints.close()
    return { isAuthority, pathLength }
  },
  /** RFC 5280 4.2.1.3 */
  '2.5.29.15': (value) => ({ keyUsage: value.next(BIT_STRING).namedBits }),
  /** RFC 5280 4.2.1.12 */
  '2.5.29.37'(value) {
    const all = value.next(SEQUENCE).inside()
    const purposes: string[] = []
    while (all.hasMore) purposes.push(all.next(OID).oid)
    return { purposes }
  },
  /** RFC 5280 4.2.1.6 */
  '2.5.29.17': (value) => ({ names: alternativeNames(value.next(SEQUENCE).inside()) }),
  /** RFC 5280 4.2.1.13 */
  '2.5.29.31'(value) {
    const points = value.next(SEQUENCE).inside()
    const listedAt: string[] = []
    while (points.hasMore) {
      const point = points.next(SEQUENCE).inside()
      if (point.optional(constructed(0))) listedAt.push(...addressesOf(point.inside()))
    }
    return { listedAt }
  },
  /** RFC 5280 4.2.2.1, RFC 6960 3.1 */
  '1.3.6.1.5.5.7.1.1'(value) {
    const all = value.next(SEQUENCE).inside()
    const responders: string[] = []
    while (all.hasMore) {
      const one = all.next(SEQUENCE).inside()
      const { oid } = one.next(OID)
      one.next()
      if (oid === '1.3.6.1.5.5.7.48.1' && one.tag === context(6)) responders.push(one.content.toString('latin1'))
    }
    return { responders }
  },
}

/** The addresses of a DistributionPointName (RFC 5280 4.2.1.13) that is a full name. */
export function addressesOf(name: DerCursor): string[] {
  if (!name.optional(constructed(0))) return []
  const general = name.inside()
  const found: string[] = []
  while (general.hasMore) {
    general.next()
    if (general.tag === context(6)) found.push(general.content.toString('latin1'))
  }
  return found
}
