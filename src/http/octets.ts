// Classes of octets as 256-entry tables: one look-up a byte instead of comparisons.

/** A table with 1 at every octet that `belongs`. */
function table(belongs: (octet: number) => boolean): Uint8Array {
  const made = new Uint8Array(256)
  for (let octet = 0; octet < 256; octet++) if (belongs(octet)) made[octet] = 1
  return made
}
const among = (text: string) => (octet: number) => octet < 128 && text.includes(String.fromCharCode(octet))
const letter = (octet: number) => (octet >= 65 && octet <= 90) || (octet >= 97 && octet <= 122)
const digit = (octet: number) => octet >= 48 && octet <= 57

export const CR = 13
export const LF = 10
export const SP = 32
export const HTAB = 9

/** tchar, RFC 9110 5.6.2. */
export const TOKEN = table((o) => letter(o) || digit(o) || among("!#$%&'*+-.^_`|~")(o))
/** field-content with its inner white space: VCHAR, obs-text, SP and HTAB, RFC 9110 5.5. */
export const FIELD_VALUE = table((o) => (o >= 33 && o <= 126) || o >= 128 || o === SP || o === HTAB)
/** unreserved, RFC 3986 2.3: percent-encoding one of these is a second spelling of the same path. */
export const UNRESERVED = table((o) => letter(o) || digit(o) || among('-._~')(o))
/** What may stand bare in a path segment: pchar without "%" and ";", RFC 3986 3.3. */
export const SEGMENT = table((o) => letter(o) || digit(o) || among("-._~!$&'()*+,=:@")(o))
/**
 * What a query may hold: RFC 3986 3.4, and beyond it the visible ASCII that browsers leave bare (WHATWG URL, "query percent-encode set"): [ ] { } | \ ^ `.
 * Still refused: `"`, `<`, `>` and `#`, which end a URL in other grammars.
 */
export const QUERY = table((o) => o > 32 && o < 127 && !among('"<>#%')(o))
/** reg-name (RFC 3986 3.2.2) without percent-encoding, and without "," and ";", at which lists and parameters end. */
export const HOST_NAME = table((o) => letter(o) || digit(o) || among("-._~!$&'()*+=")(o))

/** Value of a hexadecimal digit, or 255. */
export const HEX = new Uint8Array(256).fill(255)
for (let value = 0; value < 16; value++) {
  const lower = value.toString(16).charCodeAt(0)
  HEX[lower] = value
  if (value > 9) HEX[lower - 32] = value
}
export const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (char) => char.charCodeAt(0))

/** Lower-case of ASCII letters; everything else is itself. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, o) => (o >= 65 && o <= 90 ? o + 32 : o))
/** The same, with "_" read as "-": CGI and its heirs cannot tell the two apart, so no reserved name may be spelled with either. */
export const FOLDED = Uint8Array.from(LOWER, (o) => (o === 95 ? 45 : o))

/** `bytes[start, end)` as text, one character an octet. */
export const latin1 = (bytes: Buffer, start: number, end: number): string => bytes.toString('latin1', start, end)

/** Text without the white space that HTTP knows at its ends: SP and HTAB (RFC 9110 5.6.3). `trim` would also take octets such as 0xa0. */
export function withoutOws(text: string): string {
  // By hand: as a pattern, white space between two words would be tried from each of its octets to its end.
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start++
  while (end > start && isOws(text.charCodeAt(end - 1))) end--
  return start === 0 && end === text.length ? text : text.slice(start, end)
}
const isOws = (code: number): boolean => code === SP || code === HTAB
