// Writes DER (X.690).

/** One element: its tag, and what is in it. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest & 255)
  return Buffer.concat([Buffer.of(tag, ...(length < 128 ? [length] : [0x80 | octets.length, ...octets])), content])
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
