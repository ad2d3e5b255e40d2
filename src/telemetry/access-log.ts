// The access log: one JSON line an exchange, gathered in memory and written in batches, never waited for.
import { write } from 'node:fs'
import { OctetWriter } from '../base/octet-writer.ts'
import { type AccessEvent, AccessLine } from './access-line.ts'

/** Octets gathered before a write, and the most that may wait for a slow disk; above it lines are dropped, and counted. */
const BATCH_BYTES = 128 * 1024
const WAITING_BYTES_MAX = 16 * 1024 * 1024

/** Where lines go. `write` calls back when the octets are out; the log never has two writes under way. */
export interface LogSink {
  write(octets: Buffer, done: (error: Error | null) => void): void
}

/** A file opened for appending: the kernel keeps the lines of several threads whole. */
export const fileSink = (fd: number): LogSink => ({ write: (octets, done) => writeAll(fd, octets, done) })
function writeAll(fd: number, octets: Buffer, done: (error: Error | null) => void): void {
  write(fd, octets, (error, written) => {
    if (error || written >= octets.length) done(error)
    else writeAll(fd, octets.subarray(written), done)
  })
}
export const streamSink = (stream: { write(octets: Buffer, done: (error?: Error | null) => void): unknown }): LogSink => ({
  write: (octets, done) => void stream.write(octets, (error) => done(error ?? null)),
})

export class AccessLog {
  /** Lines that were lost because the sink was too slow or failed. */
  dropped = 0
  private readonly sink: LogSink
  private readonly gathered = new OctetWriter(BATCH_BYTES + 32 * 1024)
  private readonly line = new AccessLine(this.gathered)
  private lines = 0
  private writing = false
  private closing: (() => void) | undefined

  constructor(sink: LogSink) {
    this.sink = sink
  }

  add(event: AccessEvent): void {
    if (this.gathered.size > WAITING_BYTES_MAX) {
      this.dropped++
      return
    }
    this.line.write(event)
    this.lines++
    if (this.gathered.size >= BATCH_BYTES) this.flush()
  }

  /** Writes what is gathered; called by the sweep, so that a quiet gateway's lines appear too. */
  flush(): void {
    if (this.writing || this.gathered.size === 0) return
    const octets = this.gathered.take()
    const { lines } = this
    this.lines = 0
    this.writing = true
    this.sink.write(octets, (error) => {
      this.writing = false
      this.gathered.giveBack(octets)
      if (error) this.dropped += lines
      if (this.gathered.size >= BATCH_BYTES || this.closing) this.flush()
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
