// The access log: one JSON line an exchange, gathered in memory and written in batches, never waited for.
import { write } from 'node:fs'

/** Lines gathered before a write, and the most that may wait for a slow disk; above it lines are dropped, and counted. */
const BATCH_CHARS = 64 * 1024
const WAITING_CHARS_MAX = 16 * 1024 * 1024

/** Where lines go. `write` calls back when the octets are out; the log never has two writes under way. */
export interface LogSink {
  write(text: string, done: (error: Error | null) => void): void
}

/** A file opened for appending: the kernel keeps the lines of several threads whole. */
export const fileSink = (fd: number): LogSink => ({
  write: (text, done) => writeAll(fd, Buffer.from(text, 'latin1'), done),
})
function writeAll(fd: number, octets: Buffer, done: (error: Error | null) => void): void {
  write(fd, octets, (error, written) => {
    if (error || written >= octets.length) done(error)
    else writeAll(fd, octets.subarray(written), done)
  })
}
export const streamSink = (stream: { write(octets: Buffer, done: (error?: Error | null) => void): unknown }): LogSink => ({ write: (text, done) => void stream.write(Buffer.from(text, 'latin1'), (error) => done(error ?? null)) })

export class AccessLog {
  /** Lines that were lost because the sink was too slow or failed. */
  dropped = 0
  private readonly sink: LogSink
  private gathered = ''
  private lines = 0
  private writing = false
  private closing: (() => void) | undefined

  constructor(sink: LogSink) {
    this.sink = sink
  }

  /** Takes a line without its end. All characters are octets (latin-1): what is not ASCII was escaped by who made it. */
  add(line: string): void {
    if (this.gathered.length > WAITING_CHARS_MAX) {
      this.dropped++
      return
    }
    this.gathered += `${line}\n`
    this.lines++
    if (this.gathered.length >= BATCH_CHARS) this.flush()
  }

  /** Writes what is gathered; called by the sweep, so that a quiet gateway's lines appear too. */
  flush(): void {
    if (this.writing || this.gathered === '') return
    const text = this.gathered
    const { lines } = this
    this.gathered = ''
    this.lines = 0
    this.writing = true
    this.sink.write(text, (error) => {
      this.writing = false
      if (error) this.dropped += lines
      if (this.gathered.length >= BATCH_CHARS || this.closing) this.flush()
      if (!this.writing) this.closing?.()
    })
  }

  /** Resolves when everything taken so far is written or lost. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closing = resolve
      this.flush()
      if (!this.writing) resolve()
    })
  }
}
