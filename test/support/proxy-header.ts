// Headers of the PROXY protocol made by hand, right or wrong as told: nothing here is shared with the gateway.

export const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** One vector: type, length, value. */
export const vector = (type: number, value: Buffer | string): Buffer => {
  const octets = Buffer.from(value as string)
  return Buffer.concat([Buffer.of(type, octets.length >> 8, octets.length & 255), octets])
}

export interface BinaryOptions {
  /** Version and command in one octet. */
  readonly command?: number
  readonly family?: number
  /** Source and destination, then ports, as they stand. */
  readonly addresses?: Buffer
  readonly vectors?: readonly Buffer[]
  /** Announces another length than there is. */
  readonly length?: number
}
export const TCP4_ADDRESSES = Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x9c, 0x40, 0x01, 0xbb])
export const TCP6_ADDRESSES = Buffer.from(`20010db8${'0'.repeat(20)}0007${'20010db8'}${'0'.repeat(20)}00019c4001bb`, 'hex')

export function binaryHeader({ command = 0x21, family = 0x11, addresses = TCP4_ADDRESSES, vectors = [], length }: BinaryOptions = {}): Buffer {
  const rest = Buffer.concat([addresses, ...vectors])
  const head = Buffer.alloc(4)
  head[0] = command
  head[1] = family
  head.writeUInt16BE(length ?? rest.length, 2)
  return Buffer.concat([SIGNATURE, head, rest])
}

/** With the checksum that the protocol asks for, computed bit by bit. */
export function withChecksum(options: BinaryOptions, wrong = 0): Buffer {
  const header = binaryHeader({ ...options, vectors: [...(options.vectors ?? []), vector(0x03, Buffer.alloc(4))] })
  let crc = 0xffffffff
  for (const octet of header) {
    crc ^= octet
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? ((crc >>> 1) ^ 0x82f63b78) >>> 0 : crc >>> 1
  }
  header.writeUInt32BE(((crc ^ 0xffffffff ^ wrong) >>> 0) >>> 0, header.length - 4)
  return header
}
