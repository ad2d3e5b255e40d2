// Reads a request's body out of the bytes of its connection, whichever way it is framed, and knows where it ends.
import { ChunkedReader } from './chunked-reader.ts'

/** One body. After each `step`, `[dataStart, dataEnd)` of the bytes given is body; `done` says that the next octet is another message's. */
export class BodyReader {
  dataStart = 0
  dataEnd = 0
  done = true
  /** Octets of body so far. */
  received = 0
  private remaining = 0
  private chunks: ChunkedReader | undefined
  private byChunks = false

  /** `contentLength` counts only when the body is not chunked; -1 or 0: there is none. */
  begin(chunked: boolean, contentLength: number): void {
    this.byChunks = chunked
    this.remaining = chunked ? 0 : Math.max(0, contentLength)
    this.done = !chunked && this.remaining === 0
    this.received = 0
    if (!chunked) return
    this.chunks ??= new ChunkedReader()
    this.chunks.reset()
  }

  /** Answers the position reached, or `-n` for `messageFault(n)`. */
  step(bytes: Uint8Array, from: number, to: number): number {
    let p: number
    if (this.byChunks) {
      const chunks = this.chunks!
      p = chunks.step(bytes, from, to)
      if (p < 0) return p
      this.dataStart = chunks.dataStart
      this.dataEnd = chunks.dataEnd
      this.done = chunks.done
    } else {
      p = Math.min(to, from + this.remaining)
      this.remaining -= p - from
      this.dataStart = from
      this.dataEnd = p
      this.done = this.remaining === 0
    }
    this.received += this.dataEnd - this.dataStart
    return p
  }
}
