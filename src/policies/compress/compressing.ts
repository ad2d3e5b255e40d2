// The filter that compresses a body: beside the event loop, in memory that is bounded by compressor and by their number.
import type { Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import type { BodyFilter, BodySink } from '../../pipeline/body-filter.ts'
import type { Coding } from './accept-encoding.ts'

export type Effort = 'fast' | 'balanced' | 'small'

/** Windows of 512 KiB at most: well below the 8 MiB that every client must manage (RFC 9659 3), and what bounds a compressor's memory here. */
const WINDOW_BITS = 19
const LEVELS: Readonly<Record<Coding, Readonly<Record<Effort, number>>>> = {
  gzip: { fast: 1, balanced: 5, small: 9 },
  br: { fast: 1, balanced: 4, small: 8 },
  zstd: { fast: 1, balanced: 3, small: 9 },
}

/** `prompt`: what was put comes out at once, for bodies that take their time. */
function compressor(coding: Coding, effort: Effort, prompt: boolean): Transform {
  const level = LEVELS[coding][effort]
  switch (coding) {
    case 'gzip':
      return createGzip({ level, ...(prompt && { flush: constants.Z_SYNC_FLUSH }) })
    case 'br':
      return createBrotliCompress({
        params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS },
        ...(prompt && { flush: constants.BROTLI_OPERATION_FLUSH }),
      })
    case 'zstd':
      return createZstdCompress({
        params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_windowLog]: WINDOW_BITS },
        ...(prompt && { flush: constants.ZSTD_e_flush }),
      })
  }
}

/** Compressors of this thread, of all attachments and snapshots: their memory is one and the same. */
let underWay = 0
export const compressorsUnderWay = (): number => underWay

export class CompressedBody implements BodyFilter {
  /** Octets that wait for the compressor, or are in it. */
  waiting = 0
  private readonly stream: Transform
  private readonly sink: BodySink
  private pending: Buffer[] = []
  private isBusy = false
  private hasEnded = false
  private isOver = false

  constructor(sink: BodySink, coding: Coding, effort: Effort, prompt: boolean) {
    this.sink = sink
    this.stream = compressor(coding, effort, prompt)
    underWay++
    // Its memory is there until then.
    this.stream.once('close', () => void underWay--)
    this.stream.on('data', (made: Buffer) => {
      if (!this.isOver) this.sink.put(made, 0, made.length)
    })
    this.stream.once('end', () => {
      if (this.isOver) return
      this.isOver = true
      this.sink.end()
    })
    this.stream.once('error', (cause) => {
      if (this.isOver) return
      this.isOver = true
      this.sink.fail(cause)
    })
  }

  put(octets: Uint8Array, start: number, end: number): void {
    if (this.isOver) return
    this.waiting += end - start
    this.pending.push(Buffer.from(octets.subarray(start, end)))
    this.feed()
  }
  end(): void {
    this.hasEnded = true
    this.feed()
  }
  abandon(): void {
    this.isOver = true
    this.pending = []
    this.stream.destroy()
  }

  /** One stretch at a time: what comes meanwhile goes in together. */
  private feed(): void {
    if (this.isBusy || this.isOver) return
    const { pending } = this
    if (pending.length === 0) {
      if (this.hasEnded) this.stream.end()
      return
    }
    const octets = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
    this.pending = []
    this.isBusy = true
    this.stream.write(octets, () => {
      this.isBusy = false
      this.waiting -= octets.length
      this.feed()
      if (!this.isOver) this.sink.eased()
    })
  }
}
