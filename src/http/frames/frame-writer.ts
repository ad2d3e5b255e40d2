// Writes frames of HTTP/2 into an output (RFC 9113 4.1).
import type { OctetWriter } from '../../base/octet-writer.ts'
import * as T from './frame-types.ts'

/** The head of a frame of that payload, which follows. */
export function putFrameHead(out: OctetWriter, length: number, type: number, flags: number, stream: number): void {
  out.octet(length >>> 16)
  out.octet(length >>> 8)
  out.octet(length)
  out.octet(type)
  out.octet(flags)
  out.number32(stream)
}

/** Our first frame. */
export function putSettings(out: OctetWriter, settings: readonly (readonly [id: number, value: number])[]): void {
  putFrameHead(out, settings.length * 6, T.SETTINGS, 0, 0)
  for (const [id, value] of settings) {
    out.octet(id >>> 8)
    out.octet(id)
    out.number32(value)
  }
}
export const putSettingsAck = (out: OctetWriter): void => putFrameHead(out, 0, T.SETTINGS, T.ACK, 0)

export function putPing(out: OctetWriter, flags: number, bytes: Buffer, start: number): void {
  putFrameHead(out, 8, T.PING, flags, 0)
  out.put(bytes, start, start + 8)
}
export function putReset(out: OctetWriter, stream: number, error: number): void {
  putFrameHead(out, 4, T.RST_STREAM, 0, stream)
  out.number32(error)
}
export function putWindowUpdate(out: OctetWriter, stream: number, increment: number): void {
  putFrameHead(out, 4, T.WINDOW_UPDATE, 0, stream)
  out.number32(increment)
}
/** `reason` is visible ASCII. */
export function putGoaway(out: OctetWriter, lastStream: number, error: number, reason: string): void {
  putFrameHead(out, 8 + reason.length, T.GOAWAY, 0, 0)
  out.number32(lastStream)
  out.number32(error)
  out.text(reason)
}
export function putData(out: OctetWriter, stream: number, bytes: Buffer, start: number, end: number, flags: number): void {
  putFrameHead(out, end - start, T.DATA, flags, stream)
  out.put(bytes, start, end)
}

/** Begins a HEADERS frame, whose block is written behind it; answers where the frame begins. */
export function beginHeaders(out: OctetWriter, stream: number, flags: number): number {
  putFrameHead(out, 0, T.HEADERS, flags | T.END_HEADERS, stream)
  return out.size - T.FRAME_HEAD_BYTES
}
/** The block is written: tells its length, and takes it apart where it is longer than a frame may be (RFC 9113 6.10). */
export function endHeaders(out: OctetWriter, begin: number, stream: number): void {
  const from = begin + T.FRAME_HEAD_BYTES
  const length = out.size - from
  if (length <= T.FRAME_BYTES_MAX) {
    patchLength(out, begin, length)
    return
  }
  const rest = out.cut(from + T.FRAME_BYTES_MAX)
  patchLength(out, begin, T.FRAME_BYTES_MAX)
  out.patch(begin + 4, out.at(begin + 4) & ~T.END_HEADERS)
  for (let p = 0; p < rest.length; p += T.FRAME_BYTES_MAX) {
    const end = Math.min(rest.length, p + T.FRAME_BYTES_MAX)
    putFrameHead(out, end - p, T.CONTINUATION, end === rest.length ? T.END_HEADERS : 0, stream)
    out.put(rest, p, end)
  }
}
function patchLength(out: OctetWriter, begin: number, length: number): void {
  out.patch(begin, length >>> 16)
  out.patch(begin + 1, length >>> 8)
  out.patch(begin + 2, length)
}
/** Makes the frame that begins there the last of its stream. */
export const patchEndStream = (out: OctetWriter, begin: number): void => out.patch(begin + 4, out.at(begin + 4) | T.END_STREAM)
