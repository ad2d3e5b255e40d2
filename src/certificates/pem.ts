// PEM text (RFC 7468): its blocks by label, and how many of them are not whole. Text between blocks is no fault (RFC 7468 2): bundles explain themselves.
import { X509Certificate } from 'node:crypto'

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

/** Whether a text shows the beginning of a private key, whole or not: what was cut short may still hold most of it. */
export const showsPrivateKey = (text: string): boolean => /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/.test(text)

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
