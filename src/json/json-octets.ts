// What octets mean in JSON (RFC 8259 2 and 7), as tables: made once, at load.

/** Octets that stand for themselves in a string: ASCII without control characters, quote and backslash. */
export const PLAIN = new Uint8Array(256)
for (let octet = 0x20; octet < 0x80; octet++) PLAIN[octet] = octet === 0x22 || octet === 0x5c ? 0 : 1
/** What the character behind a backslash stands for (RFC 8259 7); 0: nothing. */
export const ESCAPED = new Uint8Array(256)
for (const [letter, octet] of [
  ['"', 0x22],
  ['\\', 0x5c],
  ['/', 0x2f],
  ['b', 0x08],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
] as const)
  ESCAPED[letter.charCodeAt(0)] = octet
/** Values of hexadecimal digits; 255: none. */
export const HEX_VALUE = new Uint8Array(256).fill(255)
for (let i = 0; i < 16; i++) {
  HEX_VALUE[i.toString(16).charCodeAt(0)] = i
  HEX_VALUE[i.toString(16).toUpperCase().charCodeAt(0)] = i
}
/** White space between tokens. */
export const isSpace = (octet: number): boolean => octet === 0x20 || octet === 0x0a || octet === 0x0d || octet === 0x09
