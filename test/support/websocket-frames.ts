// Frames of WebSocket made by hand, right or wrong as told, and read back: nothing here is shared with the gateway.

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

export interface FrameOptions {
  readonly opcode?: number
  readonly final?: boolean
  /** RSV1, RSV2 and RSV3 as the bits 4, 2 and 1. */
  readonly reserved?: number
  /** Four octets; none: unmasked. */
  readonly mask?: Uint8Array | undefined
  /** Writes the length in so many octets beyond the first, however many it takes. */
  readonly lengthOctets?: 0 | 2 | 8
  /** Announces another length than the payload has. */
  readonly length?: number | bigint
}
export const MASK = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)

export function frame(payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { opcode = TEXT, final = true, reserved = 0, mask } = options
  const octets = typeof payload === 'string' ? Buffer.from(payload) : payload
  const length = BigInt(options.length ?? octets.length)
  const lengthOctets = options.lengthOctets ?? (length < 126n ? 0 : length < 65_536n ? 2 : 8)
  const head = [(final ? 128 : 0) | (reserved << 4) | opcode, (mask ? 128 : 0) | (lengthOctets === 0 ? Number(length) : lengthOctets === 2 ? 126 : 127)]
  for (let i = lengthOctets - 1; i >= 0; i--) head.push(Number((length >> BigInt(8 * i)) & 255n))
  return Buffer.concat([Buffer.from(head), ...(mask ? [mask, masked(octets, mask)] : [octets])])
}
const masked = (octets: Buffer, mask: Uint8Array): Buffer => Buffer.from(octets.map((octet, i) => octet ^ mask[i & 3]!))

/** The payload of a Close. */
export const closing = (code: number, reason: Buffer | string = ''): Buffer => Buffer.concat([Buffer.of(code >> 8, code & 255), Buffer.from(reason)])

export interface ReadFrame {
  readonly opcode: number
  readonly final: boolean
  readonly masked: boolean
  readonly payload: Buffer
}
/** The whole frames at the beginning, and what is left. */
export function readFrames(bytes: Buffer): { readonly frames: readonly ReadFrame[]; readonly rest: Buffer } {
  const frames: ReadFrame[] = []
  let p = 0
  while (bytes.length - p >= 2) {
    const short = bytes[p + 1]! & 127
    const more = short === 126 ? 2 : short === 127 ? 8 : 0
    const isMasked = (bytes[p + 1]! & 128) !== 0
    const head = 2 + more + (isMasked ? 4 : 0)
    if (bytes.length - p < head) break
    const length = more === 0 ? short : more === 2 ? bytes.readUInt16BE(p + 2) : Number(bytes.readBigUInt64BE(p + 2))
    if (bytes.length - p < head + length) break
    const payload = Buffer.from(bytes.subarray(p + head, p + head + length))
    frames.push({
      opcode: bytes[p]! & 15,
      final: (bytes[p]! & 128) !== 0,
      masked: isMasked,
      payload: isMasked ? masked(payload, bytes.subarray(p + head - 4, p + head)) : payload,
    })
    p += head + length
  }
  return { frames, rest: bytes.subarray(p) }
}
/** The code of a Close, 1005 when it has none (RFC 6455 7.1.5). */
export const codeOf = ({ payload }: ReadFrame): number => (payload.length >= 2 ? payload.readUInt16BE(0) : 1005)
