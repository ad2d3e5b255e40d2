// What can be wrong with a message, each with the status and stable code it is answered with. Readers return the index, never a string.

/** One way a message is refused. `reason` is for the log; only code and status reach the peer. */
export interface MessageFault {
  readonly code: string
  readonly status: number
  readonly reason: string
}

const made: MessageFault[] = [{ code: '', status: 0, reason: '' }]
const fault = (status: number, code: string, reason: string): number => made.push({ code, status, reason }) - 1
const malformed = (reason: string): number => fault(400, 'http.malformed', reason)

/** The fault that a reader's negative answer `-n` stands for. */
export const messageFault = (n: number): MessageFault => made[n]!
export const messageFaults = (): readonly MessageFault[] => made.slice(1)

export const BAD_METHOD = malformed('the method is not a token (RFC 9110 9.1)')
export const BAD_REQUEST_LINE = malformed('the request line is not method SP target SP version (RFC 9112 3)')
export const BAD_TARGET = malformed('the target holds an octet that no URI may hold (RFC 3986 3.3)')
export const BAD_PERCENT = malformed('a percent sign without two hexadecimal digits (RFC 3986 2.1)')
export const BAD_VERSION = malformed('the version is not HTTP/1.1 or HTTP/1.0 (RFC 9112 2.3)')
export const BAD_LINE_END = malformed('a line that does not end in CR LF (RFC 9112 2.2)')
export const BAD_FIELD_NAME = malformed('a field name that is not a token, or white space before its colon (RFC 9112 5.1)')
export const FOLDED_LINE = malformed('a folded field line (RFC 9112 5.2)')
export const BAD_FIELD_VALUE = malformed('a control character in a field value (RFC 9110 5.5)')
export const BAD_HOST = malformed('no Host, more than one, or not a host (RFC 9112 3.2)')
export const HOST_DISAGREES = malformed('the target names another host than the Host field')
export const BAD_CONTENT_LENGTH = malformed('Content-Length repeated or not a plain decimal number (RFC 9112 6.3)')
export const BAD_TRANSFER_ENCODING = malformed('Transfer-Encoding repeated, or not the single word chunked (RFC 9112 6.1)')
export const BOTH_LENGTHS = malformed('both Content-Length and Transfer-Encoding (RFC 9112 6.1)')
export const CHUNKED_IN_1_0 = malformed('Transfer-Encoding in HTTP/1.0 (RFC 9112 6.1)')
export const DISGUISED_FRAMING = malformed('a field that reads as a framing field to whoever takes "_" for "-"')
export const BAD_CONNECTION = malformed('Connection lists a field that it must not remove')
export const BAD_CHUNK = malformed('a chunk whose size, extension or end is not what RFC 9112 7.1 says')
export const BAD_TRAILER = malformed('a trailer section that is not made of field lines (RFC 9112 7.1.2)')
export const BAD_STATUS_LINE = malformed('the status line is not version SP code SP reason (RFC 9112 4)')
export const END_UNPROVEN = malformed('a response over TLS that ends with its connection, where it could be cut short (RFC 9112 9.8)')
export const BAD_PSEUDO_FIELDS = malformed('pseudo-fields missing, repeated, unknown, behind others or of a value that they cannot have (RFC 9113 8.3)')
export const CONNECTION_FIELD_IN_STREAM = malformed('a field of HTTP/1.1 connections in a stream (RFC 9113 8.2.2)')
export const AMBIGUOUS_TARGET = fault(400, 'http.ambiguous-target', 'a spelling of the target that two servers may read differently')
export const UNKNOWN_CODING = fault(501, 'http.unknown-transfer-coding', 'a transfer coding other than chunked (RFC 9112 6.1)')
export const TARGET_TOO_LONG = fault(414, 'http.target-too-long', 'the request target is longer than the limit')
export const HEAD_TOO_LARGE = fault(431, 'http.head-too-large', 'the head is larger than the limit')
export const TOO_MANY_FIELDS = fault(431, 'http.too-many-fields', 'the head has more fields than the limit')
export const UNSUPPORTED_VERSION = fault(505, 'http.version-unsupported', 'a version of HTTP that is not served here')
export const CONNECT_REFUSED = fault(501, 'http.connect-unsupported', 'CONNECT: this is no forward proxy')
export const TRACE_REFUSED = fault(405, 'http.trace-refused', 'TRACE would show the caller what the gateway adds')
export const EXPECTATION_FAILED = fault(417, 'http.expectation-failed', 'Expect holds something else than 100-continue (RFC 9110 10.1.1)')
export const BODY_TOO_LARGE = fault(413, 'http.body-too-large', 'the body is larger than the limit')
export const TOO_SLOW = fault(408, 'http.too-slow', 'the request did not arrive within its time')
