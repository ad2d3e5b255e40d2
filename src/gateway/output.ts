// The one output buffer of a thread: messages are put together in it and written to a socket in one go.
import type { Socket } from 'node:net'

const INITIAL_BYTES = 160 * 1024
/** Below this many octets a loop beats a call into native code. */
const SHORT = 32

/**
 * Filled, sent, and filled again: the kernel mostly takes all of it at once, and then the memory is free for the next message. When it did not, the
 * socket keeps the memory and the output gets new one.
 */
export class Output {
  private buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  private length = 0

  get size(): number {
    return this.length
  }

  /** Copies `bytes[start, end)`. */
  put(bytes: Buffer, start = 0, end = bytes.length): void {
    const count = end - start
    if (this.length + count > this.buffer.length) this.grow(count)
    if (count < SHORT) {
      const buffer = this.buffer
      let at = this.length
      for (let p = start; p < end; p++) buffer[at++] = bytes[p]!
    } else bytes.copy(this.buffer, this.length, start, end)
    this.length += count
  }

  /** Writes text of which every character is one octet. */
  text(text: string): void {
    if (this.length + text.length > this.buffer.length) this.grow(text.length)
    this.length += this.buffer.write(text, this.length, 'latin1')
  }

  /** Writes a whole number in decimal, at least 0. */
  decimal(value: number): void {
    this.digits(value, 10)
  }
  /** Writes a whole number in lower-case hexadecimal. */
  hexadecimal(value: number): void {
    this.digits(value, 16)
  }
  private digits(value: number, base: number): void {
    if (this.length + 16 > this.buffer.length) this.grow(16)
    let width = 1
    for (let rest = Math.floor(value / base); rest > 0; rest = Math.floor(rest / base)) width++
    let at = this.length + width
    for (let rest = value, left = width; left > 0; left--) {
      const digit = rest % base
      this.buffer[--at] = digit < 10 ? 48 + digit : 87 + digit
      rest = Math.floor(rest / base)
    }
    this.length += width
  }

  /** Forgets what was put together. */
  discard(): void {
    this.length = 0
  }

  /** Writes everything to the socket and starts afresh. Answers how many octets of the socket still wait for the kernel. */
  send(socket: Socket): number {
    if (this.length > 0) {
      socket.write(this.buffer.subarray(0, this.length))
      if (socket.writableLength > 0) this.buffer = Buffer.allocUnsafeSlow(INITIAL_BYTES)
      this.length = 0
    }
    return socket.writableLength
  }

  private grow(count: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + count + INITIAL_BYTES))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
  }
}
