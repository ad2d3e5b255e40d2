// PEM text (RFC 7468): its blocks by label, and how many of them are not whole. Text between blocks is no fault (RFC 7468 2): bundles explain themselves.
import { createPrivateKey, X509Certificate } from 'node:crypto'

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, `EC PRIVATE KEY` and so on. */
  readonly label: string
  /** The block with its first and last line. */
  readonly text: string
}
export interface PemReading {
  readonly blocks: readonly PemBlock[]
  /** Blocks that do not end, or that hold what is no base64. */
  readonly broken: number
}

const BEGIN = /-----BEGIN [A-Z0-9 ]{1,40}-----/g
/** RFC 1421 fields, as old encrypted keys have them, end with an empty line. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n(?:[A-Za-z-]{1,40}: [^\r\n]{0,200}\r?\n){0,5}[A-Za-z0-9+/=\s]*-----END \1-----/g

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/i
/** Longer than any key. */
const ENCODED_MAX = 32 * 1024
/** How base64 of PEM begins, and of a sequence in DER that is longer than some octets. */
const ENCODED = /^(?:LS0tLS1|M)[A-Za-z0-9+/\s]{40,}={0,2}$/
const DER_TYPES = ['pkcs8', 'sec1', 'pkcs1'] as const

/**
 * Whether a text shows the beginning of a private key, whole or not: what was cut short may still hold most of it. Also when the whole text is base64 of one,
 * in PEM or DER. It catches who puts a key where they should not, not who hides one.
 */
export function showsPrivateKey(text: string): boolean {
  if (PRIVATE_KEY.test(text)) return true
  if (text.length > ENCODED_MAX || !ENCODED.test(text.trim())) return false
  const octets = Buffer.from(text, 'base64')
  return PRIVATE_KEY.test(octets.toString('latin1')) || DER_TYPES.some((type) => isPrivateKeyIn(octets, type))
}

function isPrivateKeyIn(octets: Buffer, type: (typeof DER_TYPES)[number]): boolean {
  try {
    createPrivateKey({ key: octets, format: 'der', type })
    return true
  } catch {
    return false
  }
}

export function readPem(text: string): PemReading {
  const blocks = [...text.matchAll(BLOCK)].map(([block, label]) => ({ label: label!, text: block }))
  return { blocks, broken: (text.match(BEGIN)?.length ?? 0) - blocks.length }
}

/** Undefined for what cannot be read. */
export function readCertificate(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block)
  } catch {
    return undefined
  }
}
export const isCertificate = ({ label }: PemBlock): boolean => label === 'CERTIFICATE' || label === 'X509 CERTIFICATE' || label === 'TRUSTED CERTIFICATE'
export const isPrivateKey = ({ label }: PemBlock): boolean => label.endsWith('PRIVATE KEY')
