// Reads the header of the PROXY protocol, versions 1 and 2, with which a proxy says in front of a connection whose it is (proxy-protocol.txt of HAProxy).
import { parseIp } from '../base/ip.ts'
import { crc32c } from './crc32c.ts'
import { CR, LF } from './octets.ts'

export interface ProxyHeader {
  /** The octets of the header: what follows is the client's. */
  readonly bytes: number
  /** The proxy speaks for itself, as when it asks whether we are there. */
  readonly local: boolean
  /** The client's address; undefined: the proxy does not know it, or it is none of the Internet. */
  readonly source: Uint8Array | undefined
  /** The client came to the proxy by TLS. Nothing more is believed of what the proxy says about that. */
  readonly secure: boolean
}

/** 2.1: "a 108-byte buffer is always enough", with a NUL that is not sent. */
const V1_BYTES_MAX = 107
const V1_BEGINNING = Buffer.from('PROXY ')
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const V2_FIXED_BYTES = 16
/** Room for certificates and names that we do not read; what comes is held until it is whole. */
const V2_BYTES_MAX = V2_FIXED_BYTES + 8192

const LOCAL = 0
const PROXY = 1
const UNSPECIFIED = 0x00
const TCP4 = 0x11
const TCP6 = 0x21
const UNIX_STREAM = 0x31
const ADDRESS_BYTES: ReadonlyMap<number, number> = new Map([
  [UNSPECIFIED, 0],
  [TCP4, 12],
  [TCP6, 36],
  [UNIX_STREAM, 216],
])

const TYPE_CRC32C = 0x03
const TYPE_UNIQUE_ID = 0x05
const TYPE_SSL = 0x20
const CLIENT_SSL = 1

/** The header at the beginning of `bytes`; undefined while it is not whole; or what is wrong with it, said with the first octet that shows it. */
export function readProxyHeader(bytes: Buffer): ProxyHeader | string | undefined {
  if (begins(bytes, V2_SIGNATURE)) return bytes.length < V2_FIXED_BYTES ? undefined : readBinary(bytes)
  if (begins(bytes, V1_BEGINNING)) return bytes.length < V1_BEGINNING.length ? undefined : readText(bytes)
  return 'no header of the PROXY protocol'
}
const begins = (bytes: Buffer, wanted: Buffer): boolean => {
  const compared = Math.min(bytes.length, wanted.length)
  return wanted.compare(bytes, 0, compared, 0, compared) === 0
}

function readText(bytes: Buffer): ProxyHeader | string | undefined {
  const end = bytes.subarray(0, V1_BYTES_MAX).indexOf(LF)
  if (end < 0) return bytes.length >= V1_BYTES_MAX ? 'a line that is too long' : undefined
  if (bytes[end - 1] !== CR) return 'a line that does not end in CR LF'
  const header = { bytes: end + 1, local: false, secure: false }
  const text = bytes.toString('latin1', V1_BEGINNING.length, end - 1)
  // 2.1: what follows UNKNOWN is to be ignored.
  if (text === 'UNKNOWN' || text.startsWith('UNKNOWN ')) return { ...header, source: undefined }
  const [family, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = text.split(' ')
  const length = family === 'TCP4' ? 4 : family === 'TCP6' ? 16 : 0
  if (length === 0) return 'a protocol that is neither TCP4, TCP6 nor UNKNOWN'
  if (more.length > 0 || !isPort(sourcePort) || !isPort(destinationPort)) return 'something else than two addresses and two ports'
  const octets = parseIp(source)
  if (octets?.length !== length || parseIp(destination)?.length !== length) return 'an address that is none of its family'
  return { ...header, source: octets }
}
const isPort = (text: string): boolean => /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535

function readBinary(bytes: Buffer): ProxyHeader | string | undefined {
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 15
  const family = bytes[13]!
  const end = V2_FIXED_BYTES + bytes.readUInt16BE(14)
  if (version !== 2) return 'a version that is neither 1 nor 2'
  if (command !== LOCAL && command !== PROXY) return 'a command that is neither LOCAL nor PROXY'
  if (end > V2_BYTES_MAX) return 'a header that is too long'
  const addressBytes = ADDRESS_BYTES.get(family)
  // 2.2: with LOCAL nothing is said of the connection, and what stands there is to be skipped.
  if (command === PROXY && addressBytes === undefined) return 'a family that is not served here'
  if (command === PROXY && end < V2_FIXED_BYTES + addressBytes!) return 'a header that is too short for its addresses'
  if (bytes.length < end) return undefined
  if (command === LOCAL) return { bytes: end, local: true, source: undefined, secure: false }
  const told = readVectors(bytes, V2_FIXED_BYTES + addressBytes!, end)
  if (typeof told === 'string') return told
  const length = family === TCP4 ? 4 : family === TCP6 ? 16 : 0
  const source = length === 0 ? undefined : Uint8Array.from(bytes.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + length))
  return { bytes: end, local: false, source, secure: told.secure }
}

/** 2.2: type, length in two octets, value. What is not known is skipped; what is known must be right. */
function readVectors(bytes: Buffer, from: number, end: number): { readonly secure: boolean } | string {
  const seen = new Set<number>()
  let secure = false
  for (let p = from; p < end; ) {
    const next = p + 3 <= end ? p + 3 + bytes.readUInt16BE(p + 1) : end + 1
    if (next > end) return 'a vector that does not end within the header'
    const type = bytes[p]!
    const at = p + 3
    const length = next - at
    if (type === TYPE_CRC32C || type === TYPE_SSL || type === TYPE_UNIQUE_ID) {
      if (seen.has(type)) return 'a vector that stands there twice'
      seen.add(type)
    }
    if (type === TYPE_CRC32C && (length !== 4 || crc32c(bytes, end, at) !== bytes.readUInt32BE(at))) return 'a checksum that does not fit'
    if (type === TYPE_UNIQUE_ID && length > 128) return 'an identifier that is too long'
    if (type === TYPE_SSL) {
      if (!isWholeSsl(bytes, at, next)) return 'a vector about TLS that is not whole'
      secure = (bytes[at]! & CLIENT_SSL) !== 0
    }
    p = next
  }
  return { secure }
}

/** 2.2.5: bits, the result of a verification, and vectors within. */
function isWholeSsl(bytes: Buffer, from: number, end: number): boolean {
  let p = from + 5
  while (p + 3 <= end) p += 3 + bytes.readUInt16BE(p + 1)
  return p === end
}
