// What an HTTP/2 connection may cost: bounds for the library that reads it, and which of its versions are known to be unsafe.
import type { ClientSessionOptions, ServerSessionOptions } from 'node:http2'
import type { GatewayLimits } from '../../model/snapshot.ts'

/** Requests of one connection that may be under way: RFC 9113 6.5.2 recommends no fewer than 100. */
const STREAMS_MAX = 100
/** Octets of request bodies that one stream, and all of one connection, may send before they are read. */
const STREAM_WINDOW_BYTES = 128 * 1024
export const SESSION_WINDOW_BYTES = 1024 * 1024
/** Megabytes that the library may hold for one connection, all streams together. */
const SESSION_MEMORY_MB = 10
/**
 * Rapid reset (CVE-2023-44487): so many streams may be reset at once, and so many a second in the long run; then the connection is told to go away. Twice
 * the streams that may be open: who gives up all that they asked for, and asks again, is honest.
 */
const RESET_BURST = 2 * STREAMS_MAX
const RESETS_A_SECOND = 33

export const sessionOptions = ({ headBytes, fields }: Pick<GatewayLimits, 'headBytes' | 'fields'>): ServerSessionOptions =>
  ({
    settings: {
      maxConcurrentStreams: STREAMS_MAX,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: headBytes,
      enablePush: false,
      // RFC 8441 3: a WebSocket may be opened on a stream.
      enableConnectProtocol: true,
    },
    maxSessionMemory: SESSION_MEMORY_MB,
    // The pseudo-fields, and one more: it is the reader that says 431.
    maxHeaderListPairs: fields + 6,
    maxSessionInvalidFrames: 100,
    maxSessionRejectedStreams: 100,
    maxOutstandingPings: 10,
    maxSettings: 32,
    streamResetBurst: RESET_BURST,
    streamResetRate: RESETS_A_SECOND,
    // Whether a field may be repeated is not for the library to say: it throws where one is.
    strictSingleValueFields: false,
    // It would take a field out for white space at an end of its value, and tell nobody. That is ours to refuse (RFC 9113 8.2.1).
    strictFieldWhitespaceValidation: false,
  }) as ServerSessionOptions

/** Attacks that the library itself has to withstand, with the first version of nghttp2 that does. */
const WITHSTANDS = [
  { since: [1, 57], attack: 'rapid reset (CVE-2023-44487)' },
  { since: [1, 61], attack: 'CONTINUATION flood (CVE-2024-28182)' },
  { since: [1, 67], attack: 'MadeYouReset (CVE-2025-8671)' },
] as const

/** What the installed version of nghttp2 does not withstand: each a reason not to serve HTTP/2. */
export function unsafeFor(version: string | undefined): readonly string[] {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number)
  return WITHSTANDS.filter(({ since }) => !(major > since[0] || (major === since[0] && minor >= since[1]))).map(({ attack }) => attack)
}

/** Towards an upstream: it pushes nothing, and its heads are bounded as those of HTTP/1.1 are. */
export const upstreamSessionOptions = {
  settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: 64 * 1024 },
  maxSessionMemory: 10 * SESSION_MEMORY_MB,
  maxHeaderListPairs: 258,
  maxOutstandingPings: 10,
  strictSingleValueFields: false,
  strictFieldWhitespaceValidation: false,
} as ClientSessionOptions
