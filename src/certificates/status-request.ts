// The online status of a certificate (OCSP, RFC 6960): the question to a responder, and its answer, believed only as far as it is signed and about this very certificate.
import { createHash } from 'node:crypto'
import { type Certificate, isInForce, readX509 } from './certificate.ts'
import { BIT_STRING, constructed, context, DerCursor, DerFault, INTEGER, OCTET_STRING, OID, readingDer, SEQUENCE } from './der.ts'
import { der } from './der-writer.ts'
import { isSignedBy, signatureAlgorithm } from './signature.ts'

export interface StatusReading {
  readonly status: 'good' | 'revoked' | 'unknown'
  /** Until when the answer holds; undefined: a newer one can be had at any time. */
  readonly nextMs: number | undefined
  /** As of when it is true. */
  readonly thisMs: number
}

/** SHA-1 with its NULL. As a name for an authority it is what every responder knows (RFC 5019 2.1.1); nothing is signed with it. */
const SHA1 = Buffer.from('300906052b0e03021a0500', 'hex')
const sha1 = (octets: Uint8Array): Buffer => createHash('sha1').update(octets).digest()
/** id-kp-OCSPSigning, RFC 6960 4.2.2.2. */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
const BASIC = '1.3.6.1.5.5.7.48.1.1'
const ENUMERATED = 0x0a
/** How far a responder's clock may be ahead of ours. */
const SKEW_MS = 5 * 60_000
/** How old an answer may be that does not say for how long it holds: it was made for whoever asked just now, or is shown again by somebody. */
const FRESH_MS = 60 * 60_000

/** RFC 6960 4.1.1, without a nonce: answers may be made beforehand (RFC 5019). */
export const statusRequest = (certificate: Certificate, issuer: Certificate): Buffer =>
  der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, der(SEQUENCE, certificateId(certificate, issuer)))))

function certificateId({ raw }: Certificate, issuer: Certificate): Buffer {
  return der(SEQUENCE, SHA1, der(OCTET_STRING, sha1(issuer.name)), der(OCTET_STRING, sha1(keyBits(issuer))), serialElement(raw))
}
/** The number as it stands in the certificate, sign octet and all. */
function serialElement(raw: Buffer): Buffer {
  const signed = new DerCursor(raw).next(SEQUENCE).inside().next(SEQUENCE).inside()
  signed.next(constructed(0))
  return signed.next(INTEGER).element
}
function keyBits({ key }: Certificate): Buffer {
  const info = new DerCursor(key).next(SEQUENCE).inside()
  info.next(SEQUENCE)
  return info.next(BIT_STRING).wholeBits
}

/** Undefined: no answer that could be believed. */
export function readStatus(response: Buffer, certificate: Certificate, issuer: Certificate, nowMs: number): StatusReading | undefined {
  return readingDer(() => {
    const whole = new DerCursor(response).next(SEQUENCE).inside()
    // RFC 6960 4.2.1: 0 is successful.
    if (!whole.next(ENUMERATED).content.equals(Buffer.of(0))) return undefined
    const bytes = whole.next(constructed(0)).inside().next(SEQUENCE).inside()
    if (bytes.next(OID).oid !== BASIC) return undefined
    const basic = new DerCursor(bytes.next(OCTET_STRING).content).next(SEQUENCE).inside()
    const { element: signed } = basic.next(SEQUENCE)
    const data = basic.inside()
    const algorithm = signatureAlgorithm(basic.next(SEQUENCE).inside())
    const signature = basic.next(BIT_STRING).wholeBits
    const signers = basic.optional(constructed(0)) ? delegates(basic.inside().next(SEQUENCE).inside(), issuer, nowMs) : []
    if (algorithm === undefined) return undefined
    if (![issuer, ...signers].some(({ x509 }) => isSignedBy(signed, signature, algorithm, x509.publicKey))) return undefined
    return about(data, certificateId(certificate, issuer), nowMs)
  })
}

/** Those who may answer in place of the authority, because it issued their certificate for just that (RFC 6960 4.2.2.2). */
function delegates(certificates: DerCursor, issuer: Certificate, nowMs: number): Certificate[] {
  const found: Certificate[] = []
  while (certificates.hasMore && found.length < 5) {
    const certificate = readX509(certificates.next(SEQUENCE).element)
    if (certificate === undefined || certificate.isWeak || certificate.isBeyondUs || !isInForce(certificate, nowMs)) continue
    if (certificate.purposes?.includes(OCSP_SIGNING) && certificate.x509.checkIssued(issuer.x509) && certificate.x509.verify(issuer.x509.publicKey))
      found.push(certificate)
  }
  return found
}

/** The part of an answer that is about this certificate, if it holds now. */
function about(data: DerCursor, id: Buffer, nowMs: number): StatusReading | undefined {
  data.optional(constructed(0))
  // Who answers: by name or by key. The signature says it better.
  data.next()
  const madeMs = data.next().time
  const answers = data.next(SEQUENCE).inside()
  while (answers.hasMore) {
    const answer = answers.next(SEQUENCE).inside()
    const isAbout = answer.next(SEQUENCE).element.equals(id)
    const { tag } = answer.next()
    const thisMs = answer.next().time
    const nextMs = answer.optional(constructed(0)) ? answer.inside().next().time : undefined
    if (!isAbout) continue
    // RFC 6960 4.2.2.1: an answer of tomorrow, or one that is past, is none.
    if (thisMs > nowMs + SKEW_MS || (nextMs ?? madeMs + FRESH_MS) <= nowMs) return undefined
    if (tag === context(0)) return { status: 'good', nextMs, thisMs }
    if (tag === constructed(1)) return { status: 'revoked', nextMs, thisMs }
    if (tag === context(2)) return { status: 'unknown', nextMs, thisMs }
    throw new DerFault('a status')
  }
  return undefined
}
