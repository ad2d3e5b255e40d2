// The one output buffer of a thread: messages are put together in it and written to a socket in one go.
import { OctetWriter } from '../base/octet-writer.ts'
import type { Wire } from './wire.ts'

const CRLF = Buffer.from('\r\n')
const INITIAL_BYTES = 160 * 1024
/** Up to so many octets a copy for a socket under TLS costs less than new memory for the output: such a socket always answers later, and keeps what it was given. */
const COPIED_BYTES_MAX = 32 * 1024

/**
 * Filled, sent, and filled again: the kernel mostly takes all of it at once, and then the memory is free for the next message. When it did not, the
 * socket keeps the memory and the output gets new one.
 */
export class Output extends OctetWriter {
  constructor(initialBytes = INITIAL_BYTES) {
    super(initialBytes)
  }

  /** One chunk of a body (RFC 9112 7.1). */
  chunk(bytes: Buffer, start: number, end: number): void {
    this.hexadecimal(end - start)
    this.put(CRLF)
    this.put(bytes, start, end)
    this.put(CRLF)
  }

  /** Writes everything to the socket and starts afresh. Answers how many octets of the socket still wait for the kernel. */
  send(socket: Wire): number {
    if (this.length > 0) {
      const octets = this.buffer.subarray(0, this.length)
      try {
        if (socket.copies) socket.write(octets)
        else if (this.length <= COPIED_BYTES_MAX && socket.encrypted) socket.write(Buffer.from(octets))
        else {
          socket.write(octets)
          if (socket.writableLength > 0) this.renew()
        }
      } finally {
        // Whatever became of them: what is written next is somebody else's.
        this.length = 0
      }
    }
    return socket.writableLength
  }
}
