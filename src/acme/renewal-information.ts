// When an authority would have a certificate renewed (RFC 9773): asked for where the directory offers it, never believed beyond the life of the certificate.
import 'reflect-metadata'
import { AuthorityKeyIdentifierExtension, X509Certificate } from '@peculiar/x509'
import type { AcmeConnection } from './connection.ts'
import { AcmeFailure, membersOf } from './problem.ts'

const HOUR = 3_600_000
/** RFC 9773 4.3.2: hours to a day, whatever the server says. */
export const ASK_MS = 6 * HOUR
const ASK_MS_MIN = HOUR
const ASK_MS_MAX = 24 * HOUR

/** RFC 9773 4.1: the identifier of the issuer's key and the serial number; undefined for a certificate that does not say who issued it, or not readably. */
export function renewalId(chain: string): string | undefined {
  const certificate = readLeniently(chain)
  if (certificate === undefined) return undefined
  const { keyId } = certificate
  const part = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
  const serial = certificate.serialNumber.length % 2 === 0 ? certificate.serialNumber : `0${certificate.serialNumber}`
  // DER: a number whose first bit is set would be a negative one.
  return `${part(keyId)}.${part(Number.parseInt(serial.slice(0, 2), 16) >= 0x80 ? `00${serial}` : serial)}`
}
/** Node shows certificates whose extensions this reader does not read: their renewal must not depend on it. */
function readLeniently(chain: string): { readonly keyId: string; readonly serialNumber: string } | undefined {
  try {
    const certificate = new X509Certificate(firstBlock(chain))
    const keyId = certificate.getExtension(AuthorityKeyIdentifierExtension)?.keyId
    return keyId === undefined ? undefined : { keyId, serialNumber: certificate.serialNumber }
  } catch {
    return undefined
  }
}
const firstBlock = (chain: string): string => chain.slice(chain.indexOf('-----BEGIN CERTIFICATE-----'), chain.indexOf('-----END CERTIFICATE-----') + 25)

export interface Suggestion {
  /** A moment in the window that the server suggests. */
  readonly renewMs: number
  /** When it is to be asked again. */
  readonly askMs: number
}

/** Undefined where the authority does not offer it. Rejects with `AcmeFailure`. `random` is from 0 up to 1. */
export async function suggestion(connection: AcmeConnection, chain: string, nowMs: number, random: number): Promise<Suggestion | undefined> {
  const { renewalInfo } = await connection.directory()
  const id = renewalId(chain)
  if (renewalInfo === undefined || id === undefined) return undefined
  const { json, retryAfterMs = ASK_MS } = await connection.get(`${renewalInfo}/${id}`, 'asking for renewal information')
  const { start, end } = membersOf(json['suggestedWindow'])
  const [startMs, endMs] = [Date.parse(String(start)), Date.parse(String(end))]
  if (!(endMs > startMs)) throw new AcmeFailure('unexpected', 'the renewal information has no window (RFC 9773 4.2)')
  return { renewMs: Math.round(startMs + (endMs - startMs) * random), askMs: nowMs + Math.min(Math.max(retryAfterMs, ASK_MS_MIN), ASK_MS_MAX) }
}
