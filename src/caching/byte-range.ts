// One range of octets out of a whole body (RFC 9110 14).

export interface ByteRange {
  readonly start: number
  /** The octet after the last. */
  readonly end: number
}

const ONE = /^bytes=[ \t]*(?:([0-9]{1,15})-([0-9]{0,15})|-([0-9]{1,15}))[ \t]*$/i

/**
 * What a Range field asks of a body of `length` octets. `ignored`: several ranges, another unit, or what is no range: then the whole is answered (RFC 9110
 * 14.2), so that nobody can have many small ranges made of one response.
 */
export function byteRange(value: string, length: number): ByteRange | 'unsatisfiable' | 'ignored' {
  const match = ONE.exec(value)
  if (!match) return 'ignored'
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    const count = Math.min(Number(suffix), length)
    return count === 0 ? 'unsatisfiable' : { start: length - count, end: length }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'ignored'
  if (start >= length) return 'unsatisfiable'
  return { start, end: last === '' ? length : Math.min(length, Number(last) + 1) }
}
