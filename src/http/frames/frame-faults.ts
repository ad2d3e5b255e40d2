// What can be wrong with the frames of a connection, each with the code of its GOAWAY. Readers return the index, never a string.
import * as T from './frame-types.ts'

export interface FrameFault {
  readonly error: number
  /** Told to the client as debug data: it is about its own frames. */
  readonly reason: string
}
const made: FrameFault[] = [{ error: T.NO_ERROR, reason: '' }]
const fault = (error: number, reason: string): number => made.push({ error, reason }) - 1

export const frameFault = (n: number): FrameFault => made[n]!

export const NOT_A_PREFACE = fault(T.PROTOCOL_ERROR, 'the connection does not begin with the preface (RFC 9113 3.4)')
export const NO_SETTINGS_FIRST = fault(T.PROTOCOL_ERROR, 'the first frame is not SETTINGS (RFC 9113 3.4)')
export const FRAME_TOO_LARGE = fault(T.FRAME_SIZE_ERROR, 'a frame larger than SETTINGS_MAX_FRAME_SIZE (RFC 9113 4.2)')
export const WRONG_LENGTH = fault(T.FRAME_SIZE_ERROR, 'a frame of a length that its type does not have (RFC 9113 6)')
export const TOO_MUCH_PADDING = fault(T.PROTOCOL_ERROR, 'padding that is not shorter than its frame (RFC 9113 6.1)')
export const ON_NO_STREAM = fault(T.PROTOCOL_ERROR, 'a frame of a stream on stream 0 (RFC 9113 6)')
export const ON_A_STREAM = fault(T.PROTOCOL_ERROR, 'a frame of the connection on a stream (RFC 9113 6)')
export const PUSHED = fault(T.PROTOCOL_ERROR, 'a client does not push (RFC 9113 8.4)')
export const BLOCK_INTERRUPTED = fault(T.PROTOCOL_ERROR, 'another frame inside of a field block (RFC 9113 6.10)')
export const NO_BLOCK = fault(T.PROTOCOL_ERROR, 'CONTINUATION without a field block (RFC 9113 6.10)')
export const BLOCK_TOO_LONG = fault(T.ENHANCE_YOUR_CALM, 'a field block of too many octets or frames (RFC 9113 10.5.1)')
export const BROKEN_BLOCK = fault(T.COMPRESSION_ERROR, 'a field block that cannot be decoded (RFC 7541)')
export const BAD_SETTING = fault(T.PROTOCOL_ERROR, 'a setting of a value that it cannot have (RFC 9113 6.5.2)')
export const BAD_WINDOW_SETTING = fault(T.FLOW_CONTROL_ERROR, 'SETTINGS_INITIAL_WINDOW_SIZE past 2^31-1 (RFC 9113 6.5.2)')
export const TOO_MANY_SETTINGS = fault(T.ENHANCE_YOUR_CALM, 'more settings in a frame than there are')
export const UNEXPECTED_ACK = fault(T.PROTOCOL_ERROR, 'an acknowledgement of what was not sent (RFC 9113 6.5.3, 6.7)')
export const NO_ACK = fault(T.SETTINGS_TIMEOUT, 'SETTINGS were not acknowledged in time (RFC 9113 6.5.3)')
export const NO_INCREMENT = fault(T.PROTOCOL_ERROR, 'WINDOW_UPDATE by 0 (RFC 9113 6.9)')
export const WINDOW_OVERFLOW = fault(T.FLOW_CONTROL_ERROR, 'a window past 2^31-1 (RFC 9113 6.9.1)')
export const WINDOW_EXCEEDED = fault(T.FLOW_CONTROL_ERROR, 'more octets than the window has (RFC 9113 6.9.1)')
export const IDLE_STREAM = fault(T.PROTOCOL_ERROR, 'a frame on a stream that was not opened (RFC 9113 5.1)')
export const WRONG_STREAM = fault(T.PROTOCOL_ERROR, 'a request on a stream that no client may open now (RFC 9113 5.1.1)')
export const ENDED_STREAM = fault(T.STREAM_CLOSED, 'a frame behind the end of its stream (RFC 9113 5.1)')
export const TOO_MANY_STREAMS = fault(T.PROTOCOL_ERROR, 'more streams than SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 5.1.2)')
export const TOO_MANY_RESETS = fault(T.ENHANCE_YOUR_CALM, 'too many streams were reset (RFC 9113 10.5)')
export const TOO_MANY_FRAMES = fault(T.ENHANCE_YOUR_CALM, 'too many frames that ask for nothing (RFC 9113 10.5)')
export const BLOCK_TOO_SLOW = fault(T.ENHANCE_YOUR_CALM, 'a field block that did not end in time')
