// CRC-32C (Castagnoli), as headers of the PROXY protocol carry it.

const POLYNOMIAL = 0x82f63b78
const TABLE = Int32Array.from({ length: 256 }, (_, octet) => {
  let crc = octet
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0)
  return crc
})

/** Of `bytes[0, end)`, with four octets at `blank` read as zero. */
export function crc32c(bytes: Buffer, end: number, blank: number): number {
  let crc = -1
  for (let i = 0; i < end; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ (i >= blank && i < blank + 4 ? 0 : bytes[i]!)) & 255]!
  return (crc ^ -1) >>> 0
}
