// Tells HTTP/2 in clear from HTTP/1.1 by its first octets (RFC 9113 3.4): no request of HTTP/1.1 begins with them.
import type { Socket } from 'node:net'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * Reads as much as it takes to know, and answers once: nothing for HTTP/2, and the octets are left on the socket; else the octets that were read. Who says
 * nothing for `ms` milliseconds is let go.
 */
export function startsHttp2(socket: Socket, ms: number, answer: (first: Buffer | undefined) => void): void {
  let first: Buffer = Buffer.alloc(0)
  const done = (): void => {
    socket.off('readable', read)
    socket.off('end', gone)
    socket.off('error', gone)
    socket.off('timeout', gone)
    socket.setTimeout(0)
  }
  const gone = (): void => {
    done()
    socket.destroy()
  }
  const read = (): void => {
    const octets = socket.read() as Buffer | null
    if (octets === null) return
    first = Buffer.concat([first, octets])
    const compared = Math.min(first.length, PREFACE.length)
    const same = PREFACE.compare(first, 0, compared, 0, compared) === 0
    if (same && first.length < PREFACE.length) return
    done()
    if (same) socket.unshift(first)
    answer(same ? undefined : first)
  }
  socket.on('readable', read)
  socket.on('end', gone)
  socket.on('error', gone)
  socket.on('timeout', gone)
  socket.setTimeout(ms)
}
