// Frames of HTTP/2 as octets, written as told: nothing here keeps anybody from writing what no client would (RFC 9113 4.1, RFC 7541 6).

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4, padded: 8, priority: 32 } as const
export const SETTING = { tableSize: 1, push: 2, streams: 3, window: 4, frameSize: 5, headerList: 6, connectProtocol: 8 } as const
/** Codes of errors, by the names of RFC 9113 7. */
export const CODE = {
  none: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSize: 6,
  refused: 7,
  cancel: 8,
  compression: 9,
  connect: 10,
  calm: 11,
  security: 12,
  http11: 13,
} as const
/** What a client says first (RFC 9113 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

type Octets = Buffer | string
const octets = (text: Octets): Buffer => (typeof text === 'string' ? Buffer.from(text, 'latin1') : text)

/** One frame; `length` may say another length than the payload has. */
export function frame(type: number, flags: number, stream: number, payload: Octets = '', length = octets(payload).length): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream >>> 0, 5)
  return Buffer.concat([head, octets(payload)])
}
export const number32 = (value: number): Buffer => {
  const four = Buffer.alloc(4)
  four.writeUInt32BE(value >>> 0)
  return four
}

export const data = (stream: number, payload: Octets, flags: number = FLAG.endStream): Buffer => frame(TYPE.data, flags, stream, payload)
export const headers = (stream: number, block: Buffer, flags: number = FLAG.endStream | FLAG.endHeaders): Buffer => frame(TYPE.headers, flags, stream, block)
export const continuation = (stream: number, block: Buffer, flags: number = FLAG.endHeaders): Buffer => frame(TYPE.continuation, flags, stream, block)
export const reset = (stream: number, code: number): Buffer => frame(TYPE.reset, 0, stream, number32(code))
export const windowUpdate = (stream: number, by: number): Buffer => frame(TYPE.windowUpdate, 0, stream, number32(by))
export const ping = (text = '12345678', flags = 0, stream = 0): Buffer => frame(TYPE.ping, flags, stream, text)
export const goaway = (last: number, code: number, said = ''): Buffer =>
  frame(TYPE.goaway, 0, 0, Buffer.concat([number32(last), number32(code), Buffer.from(said)]))
export const priority = (stream: number, on: number, weight = 15): Buffer =>
  frame(TYPE.priority, 0, stream, Buffer.concat([number32(on), Buffer.from([weight])]))
export const settings = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer =>
  frame(
    TYPE.settings,
    0,
    0,
    Buffer.concat(
      pairs.map(([id, value]) => {
        const six = Buffer.alloc(6)
        six.writeUInt16BE(id)
        six.writeUInt32BE(value >>> 0, 2)
        return six
      }),
    ),
  )
export const settingsAck = frame(TYPE.settings, FLAG.ack, 0)

/** A number behind the flags of its first octet (RFC 7541 5.1). */
export function hpackNumber(flags: number, bits: number, value: number): Buffer {
  const most = 2 ** bits - 1
  if (value < most) return Buffer.from([flags | value])
  const parts = [flags | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) parts.push((rest % 128) | 128)
  return Buffer.from([...parts, rest])
}
const text = (value: string): Buffer => Buffer.concat([hpackNumber(0, 7, value.length), Buffer.from(value, 'latin1')])

/** A field as a literal that nobody may index (RFC 7541 6.2.3); names and values are latin1, whatever they hold. */
export const literal = (name: string, value: string): Buffer => Buffer.concat([Buffer.from([0x10]), text(name), text(value)])
/** A literal that goes into the dynamic table (RFC 7541 6.2.1). */
export const indexing = (name: string, value: string): Buffer => Buffer.concat([Buffer.from([0x40]), text(name), text(value)])
export const indexed = (index: number): Buffer => hpackNumber(0x80, 7, index)
export const tableSize = (size: number): Buffer => hpackNumber(0x20, 5, size)

export type Fields = readonly (readonly [name: string, value: string])[]
export const block = (fields: Fields): Buffer => Buffer.concat(fields.map(([name, value]) => literal(name, value)))
/** The head of a request to the host `a`, in clear. */
export const request = (stream: number, path: string, method = 'GET', flags: number = FLAG.endStream | FLAG.endHeaders): Buffer =>
  headers(
    stream,
    block([
      [':method', method],
      [':scheme', 'http'],
      [':authority', 'a'],
      [':path', path],
    ]),
    flags,
  )

/** The status in a block that nghttp2 wrote, whose first field it is: indexed, or a literal in digits or in Huffman's code. */
export function statusIn(written: Buffer): number {
  let at = 0
  // RFC 7541 6.3: sizes of the table may come before.
  while ((written[at]! & 0xe0) === 0x20) at += (written[at]! & 0x1f) === 0x1f ? 2 + longer(written, at + 1) : 1
  const first = written[at]!
  if (first >= 0x88 && first <= 0x8e) return [200, 204, 206, 304, 400, 404, 500][first - 0x88]!
  // A literal whose name is one of the statuses of the static table.
  const prefix = (first & 0xc0) === 0x40 ? first & 0x3f : first & 0x0f
  if (prefix < 8 || prefix > 14) return first > 0x80 ? -1 : 0
  const length = written[at + 1]!
  const value = written.subarray(at + 2, at + 2 + (length & 0x7f))
  return Number((length & 0x80) === 0 ? value.toString('latin1') : digits(value))
}
const longer = (written: Buffer, from: number): number => {
  let more = 0
  while ((written[from + more]! & 0x80) !== 0) more++
  return more
}
/** Digits in Huffman's code (RFC 7541 appendix B): 0 to 2 in five bits, 3 to 9 in six. */
function digits(value: Buffer): string {
  let bits = ''
  for (const octet of value) bits += octet.toString(2).padStart(8, '0')
  let said = ''
  while (said.length < 3) {
    const short = Number.parseInt(bits.slice(0, 5), 2)
    if (short <= 2) {
      said += short
      bits = bits.slice(5)
    } else {
      said += Number.parseInt(bits.slice(0, 6), 2) - 25 + 3
      bits = bits.slice(6)
    }
  }
  return said
}
