// What an HTTP/2 connection may cost: bounds of our own reader, bounds for the library that speaks to upstreams, and which of its versions are known to be unsafe.
import type { ClientSessionOptions } from 'node:http2'
import * as T from '../../http/frames/frame-types.ts'

/** Requests of one connection that may be under way: RFC 9113 6.5.2 recommends no fewer than 100. */
export const STREAMS_MAX = 100
/** Octets of request bodies that one stream, and all of one connection, may send before they are read. */
export const STREAM_WINDOW_BYTES = 128 * 1024
export const SESSION_WINDOW_BYTES = 1024 * 1024
/**
 * Rapid reset (CVE-2023-44487), and streams that a client makes us reset (CVE-2025-8671): so many at once, and so many a second in the long run; then the
 * connection is told to go away. Twice the streams that may be open: who gives up all that they asked for, and asks again, is honest.
 */
export const RESET_BURST = 2 * STREAMS_MAX
export const RESETS_A_SECOND = 33
/** Frames that ask for nothing: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA, unknown ones. What honest use brings along of them is earned by that use. */
export const IDLE_FRAMES_BURST = 1000
export const IDLE_FRAMES_A_SECOND = 100
/** RFC 9218, windows, a PING that measures: what goes with a request, and with a frame of a body in either direction. */
export const EARNED_BY_REQUEST = 8
export const EARNED_BY_DATA = 3
/** Octets of one field block as it is sent, and CONTINUATION frames of it (CVE-2024-28182): what is past the limit for heads is read too, so that it is told. */
export const blockBytesMax = (headBytes: number): number => Math.max(64 * 1024, headBytes)
export const continuationsMax = (headBytes: number): number => 8 + Math.ceil(headBytes / T.FRAME_BYTES_MAX)
/** Settings in one frame. */
export const SETTINGS_MAX = 32

/** Octets of frames that are put together before they are sent. */
export const BATCH_BYTES_MAX = 64 * 1024
/** Octets that may wait in the socket before no further body goes into it, and before nothing more is read of who does not read. */
export const SOCKET_BYTES_MAX = 128 * 1024
export const UNREAD_BYTES_MAX = 256 * 1024
/** Octets of a response that may wait on a stream, and on all of a connection, before what they come from is no longer read. */
export const STREAM_WAITING_BYTES_MAX = 64 * 1024
export const SESSION_WAITING_BYTES_MAX = 1024 * 1024
/**
 * What the gateway answers by itself, as out of a cache, is there at once, and so is what changes a body as a whole: nobody can be made to wait with it. With so
 * much waiting no further request is taken up, and past the second number a response is broken off.
 */
export const SESSION_TAKES_BYTES_MAX = 16 * 1024 * 1024
export const SESSION_HELD_BYTES_MAX = 32 * 1024 * 1024

/** What we say first. Of a server's push nothing is said: it pushes nothing. */
export const settingsOf = (headBytes: number): readonly (readonly [id: number, value: number])[] => [
  [T.MAX_CONCURRENT_STREAMS, STREAMS_MAX],
  [T.INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES],
  [T.MAX_HEADER_LIST_SIZE, headBytes],
  // RFC 8441 3: a WebSocket may be opened on a stream.
  [T.ENABLE_CONNECT_PROTOCOL, 1],
]

/** Attacks on the library that speaks to upstreams, with the first version of nghttp2 that withstands them: an upstream could try them too. */
const WITHSTANDS = [
  { since: [1, 57], attack: 'rapid reset (CVE-2023-44487)' },
  { since: [1, 61], attack: 'CONTINUATION flood (CVE-2024-28182)' },
  { since: [1, 67], attack: 'MadeYouReset (CVE-2025-8671)' },
] as const

/** What the installed version of nghttp2 does not withstand. */
export function unsafeFor(version: string | undefined): readonly string[] {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  return WITHSTANDS.filter(({ since }) => !(major > since[0] || (major === since[0] && minor >= since[1]))).map(({ attack }) => attack)
}

/** Megabytes that the library may hold for one connection to an upstream, all streams together. */
const UPSTREAM_MEMORY_MB = 100
/** Towards an upstream: it pushes nothing, and its heads are bounded as those of HTTP/1.1 are. */
export const upstreamSessionOptions = {
  settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: 64 * 1024 },
  maxSessionMemory: UPSTREAM_MEMORY_MB,
  maxHeaderListPairs: 258,
  maxOutstandingPings: 10,
  // Whether a field may be repeated is not for the library to say: it throws where one is.
  strictSingleValueFields: false,
  // It would take a field out for white space at an end of its value, and tell nobody. That is ours to refuse (RFC 9113 8.2.1).
  strictFieldWhitespaceValidation: false,
} as ClientSessionOptions
