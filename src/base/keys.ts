// API keys of our own form: minted, told from typing errors by their checksum, and known by their digest.
import { hash, randomBytes } from 'node:crypto'

/**
 * `gth_live_`, 32 random characters of base62 (190 bits), 6 characters of checksum. One word for a double click, one pattern for a scanner that looks
 * for leaked secrets. Keys made before the directory was in the store begin with `gth_` alone and stay good.
 */
const PREFIX = 'gth_live_'
const OLD_PREFIX = 'gth_'
const RANDOM_CHARACTERS = 32
const CHECKSUM_CHARACTERS = 6
export const KEY_LENGTH = PREFIX.length + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS
const OLD_KEY_LENGTH = OLD_PREFIX.length + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const IS_DIGIT = new Uint8Array(128)
for (const digit of DIGITS) IS_DIGIT[digit.charCodeAt(0)] = 1

/**
 * A new key. `random` gives that many octets from a source that is good enough for a secret. Another `prefix` makes a secret of another kind: the
 * checksum covers it, so that none passes for the other.
 */
export function mintKey(random: (octets: number) => Uint8Array = randomBytes, prefix = PREFIX): string {
  let secret = ''
  while (secret.length < RANDOM_CHARACTERS) {
    for (const octet of random(RANDOM_CHARACTERS)) {
      // 248 is the largest multiple of 62 in an octet: what lies above would make the first digits likelier.
      if (octet < 248 && secret.length < RANDOM_CHARACTERS) secret += DIGITS[octet % 62]
    }
  }
  const checked = prefix + secret
  return checked + checksum(checked, checked.length)
}

/** True when the text has the form of our keys and its checksum fits. Says nothing about whether anybody holds it. */
export function isWellFormedKey(text: string, prefix = text.length === OLD_KEY_LENGTH ? OLD_PREFIX : PREFIX): boolean {
  const { length } = text
  if (length !== prefix.length + RANDOM_CHARACTERS + CHECKSUM_CHARACTERS || !text.startsWith(prefix)) return false
  for (let i = prefix.length; i < length; i++) if (IS_DIGIT[text.charCodeAt(i)] !== 1) return false
  return text.endsWith(checksum(text, length - CHECKSUM_CHARACTERS))
}

/** What may be shown of a key, so that its holder knows it again: where it was made, and its last four characters. They belong to the checksum: more than 160 bits stay unknown. */
export const keyHint = (secret: string): string => `${secret.startsWith(PREFIX) ? PREFIX : OLD_PREFIX}...${secret.slice(-4)}`

/** What is held of a key in place of the key: the lower-case hexadecimal SHA-256 of the whole of it, 64 characters. */
export const keyDigest = (secret: string): string => hash('sha256', secret)

/** The CRC-32 of the first `length` characters as six digits of base62, in two halves of three because smaller numbers divide faster. */
function checksum(text: string, length: number): string {
  const crc = crc32(text, length)
  return threeDigits((crc / HALF) | 0) + threeDigits(crc % HALF)
}
const HALF = 62 ** 3
const threeDigits = (value: number): string => DIGITS[(value / 3844) | 0]! + DIGITS[((value / 62) | 0) % 62]! + DIGITS[value % 62]!

/** CRC-32 of ISO-HDLC (RFC 1952 8) over the first `length` characters, all ASCII. A typing error's check, no secret's. */
function crc32(text: string, length: number): number {
  let crc = -1
  for (let i = 0; i < length; i++) crc = CRC[(crc ^ text.charCodeAt(i)) & 255]! ^ (crc >>> 8)
  return ~crc >>> 0
}
const CRC = Int32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  return crc
})
