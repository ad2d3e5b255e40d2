// How a stream to an upstream ends before its time: what was cut short must never look whole.
import type { Http2Stream } from 'node:http2'
import { Duplex } from 'node:stream'

/**
 * Resets the stream. The library's `close` ends our side in order first, with END_STREAM behind what was sent so far: a body without a declared length
 * would look whole to the other side. So its last step is taken out.
 */
export function breakOff(stream: Http2Stream, code: number): void {
  if (stream.closed) return
  stream._final = (done) => done()
  stream.close(code)
}

const ENDED = Symbol('ended in order')
type Watched = Http2Stream & { [ENDED]?: boolean }

/**
 * Lets `hasEnded` know. The library tells of an end behind a reset without an error too: there, what came so far is not all. To be called before anything
 * can have come.
 */
export function watchEnd(stream: Http2Stream): void {
  stream.push = pushed
}
/** At the event `end`: the other side has ended its side of the stream with END_STREAM (RFC 9113 5.1). */
export const hasEnded = (stream: Watched): boolean => stream[ENDED] === true

function pushed(this: Watched, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[ENDED] = true
  return Duplex.prototype.push.call(this, chunk, encoding)
}
