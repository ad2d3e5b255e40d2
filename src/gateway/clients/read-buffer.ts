// The one read buffer of a thread: every socket reads into it, and whoever is read consumes or copies before the next one is.
import { Socket } from 'node:net'

export const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024)

/** Takes `bytes[0, count)`, which hold only until it returns. */
export type Reader<S extends Socket = Socket> = (this: S, count: number, bytes: Buffer) => true

/**
 * Lets an accepted socket read into the one buffer. By itself it would allocate 64 KB for each read, cut them to size, and pass them through a stream's
 * queue: a quarter of what a small request costs. Node has the option `onread` for this, but only where one makes the socket oneself, so what that option
 * does is done here afterwards. A Node that names these parts otherwise is served by 'data' events: slower, and the same. Answers whether it could.
 */
export function readInto<S extends Socket>(socket: S, reader: Reader<S>): boolean {
  const parts = socket as unknown as { [part: symbol]: unknown; _handle?: { useUserBuffer?(buffer: Uint8Array): void } }
  const handle = parts._handle
  if (OWN_BUFFER === undefined || OWN_READER === undefined || typeof handle?.useUserBuffer !== 'function') {
    socket.on('data', (chunk: Buffer) => reader.call(socket, chunk.length, chunk))
    return false
  }
  parts[OWN_BUFFER] = READ_BUFFER
  parts[OWN_READER] = reader
  handle.useUserBuffer(READ_BUFFER)
  socket.resume()
  return true
}

const symbols = Object.getOwnPropertySymbols(new Socket())
const OWN_BUFFER = symbols.find(({ description }) => description === 'kBuffer')
const OWN_READER = symbols.find(({ description }) => description === 'kBufferCb')
