// The words of RFC 9113 as numbers: types and flags of frames, settings, codes of errors.

export const DATA = 0
export const HEADERS = 1
export const PRIORITY = 2
export const RST_STREAM = 3
export const SETTINGS = 4
export const PUSH_PROMISE = 5
export const PING = 6
export const GOAWAY = 7
export const WINDOW_UPDATE = 8
export const CONTINUATION = 9

export const END_STREAM = 0x1
export const ACK = 0x1
export const END_HEADERS = 0x4
export const PADDED = 0x8
export const WITH_PRIORITY = 0x20

export const HEADER_TABLE_SIZE = 1
export const ENABLE_PUSH = 2
export const MAX_CONCURRENT_STREAMS = 3
export const INITIAL_WINDOW_SIZE = 4
export const MAX_FRAME_SIZE = 5
export const MAX_HEADER_LIST_SIZE = 6
/** RFC 8441 3. */
export const ENABLE_CONNECT_PROTOCOL = 8

/** RFC 9113 7. */
export const NO_ERROR = 0
export const PROTOCOL_ERROR = 1
export const INTERNAL_ERROR = 2
export const FLOW_CONTROL_ERROR = 3
export const SETTINGS_TIMEOUT = 4
export const STREAM_CLOSED = 5
export const FRAME_SIZE_ERROR = 6
export const REFUSED_STREAM = 7
export const COMPRESSION_ERROR = 9
export const ENHANCE_YOUR_CALM = 11

export const FRAME_HEAD_BYTES = 9
/** Both sides begin with it, and we never ask for another (RFC 9113 4.2). */
export const FRAME_BYTES_MAX = 16_384
/** RFC 9113 6.9.1. */
export const WINDOW_MAX = 0x7fffffff
/** RFC 9113 6.9.2. */
export const FIRST_WINDOW = 65_535
/** RFC 7541 4.2 and RFC 9113 6.5.2: what both sides begin with. */
export const FIRST_TABLE_BYTES = 4096
/** What a client says first (RFC 9113 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
