// Percent-encoding (RFC 3986 2.1) of octets, one character an octet: by what may stand bare where the value goes.
import { UNRESERVED } from '../../http/octets.ts'

/** What stays as it is; everything else, "%" among it, becomes "%" and two digits. Characters beyond an octet are none: they are written as UTF-8. */
export function percentEncoded(text: string, bare: Uint8Array): string {
  let i = 0
  while (i < text.length && bare[text.charCodeAt(i)] === 1) i++
  if (i === text.length) return text
  let out = text.slice(0, i)
  for (; i < text.length; i++) {
    const octet = text.charCodeAt(i)
    if (octet > 255) return percentEncoded(asOctets(text), bare)
    out += bare[octet] === 1 ? text[i] : HEX[octet]
  }
  return out
}
const HEX = Array.from({ length: 256 }, (_, octet) => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`)

/** Text as the octets of its UTF-8, one character each. */
export const asOctets = (text: string): string => (/^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text).toString('latin1'))

/** Unreserved characters alone: a path segment or a query value of them can be nothing else. */
export const BARE_IN_URL = UNRESERVED
/** Beside other text of a field: nothing that parts lists, parameters or quoted text (RFC 9110 5.6). */
export const BARE_IN_FIELD = UNRESERVED.map((bare, octet) => (bare === 1 || octet === 0x3a || octet === 0x2f || octet === 0x40 ? 1 : 0))

/** The octets that percent-encoded text stands for; what is no encoding stays. "+" is "+". */
export function percentDecoded(text: string): string {
  return text.includes('%') ? text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))) : text
}
