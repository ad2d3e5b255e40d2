// Writes DER (ITU-T X.690) as far as a list of revoked certificates needs it.

/** One element: tag, length, and its contents one after the other. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const length = contents.reduce((sum, each) => sum + each.length, 0)
  return Buffer.concat([Buffer.from([tag, ...lengthOf(length)]), ...contents])
}
function lengthOf(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 0xff)
  return [0x80 | octets.length, ...octets]
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => der(0x30, ...contents)
export const octetString = (content: Uint8Array): Buffer => der(0x04, content)
export const bitString = (content: Uint8Array): Buffer => der(0x03, Uint8Array.of(0), content)
export const enumerated = (value: number): Buffer => der(0x0a, Uint8Array.of(value))
/** `hex`: a number that is not negative, in the fewest octets, with one more where the first would be its sign. */
export function integer(hex: string): Buffer {
  const digits = hex.replace(/^0+/, '') || '0'
  const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return der(0x02, ...(octets[0]! >= 0x80 ? [Uint8Array.of(0), octets] : [octets]))
}
export const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))

/** RFC 5280 5.1.2.4: UTCTime through 2049, GeneralizedTime from then on; seconds, and Z. */
export function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return digits < '2050' ? der(0x17, Buffer.from(digits.slice(2), 'latin1')) : der(0x18, Buffer.from(digits, 'latin1'))
}

/** How many octets the first element of a text takes; undefined when its length is not the shortest there is, or more than is there. */
export function elementLength(octets: Uint8Array): number | undefined {
  const first = octets[1]
  if (first === undefined) return undefined
  if (first < 0x80) return 2 + first <= octets.length ? 2 + first : undefined
  const count = first & 0x7f
  if (count === 0 || count > 4 || octets.length < 2 + count) return undefined
  let length = 0
  for (const octet of octets.subarray(2, 2 + count)) length = length * 256 + octet
  if (length < 0x80 || octets[2] === 0) return undefined
  const whole = 2 + count + length
  return whole <= octets.length ? whole : undefined
}
