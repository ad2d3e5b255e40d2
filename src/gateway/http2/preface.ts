// Tells HTTP/2 in clear from HTTP/1.1 by its first octets (RFC 9113 3.4): no request of HTTP/1.1 begins with them.
import type { Socket } from 'node:net'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Connections in clear that did not say yet which HTTP they speak. */
export class Prefaces {
  private readonly sockets = new Set<Socket>()

  /**
   * Reads as much as it takes to know, and answers once: nothing for HTTP/2, and the octets are left on the socket; else the octets that were read. Whose
   * first octets do not say within `ms` milliseconds what they are is let go, however slowly they come.
   */
  read(socket: Socket, ms: number, answer: (first: Buffer | undefined) => void): void {
    let first: Buffer = Buffer.alloc(0)
    const done = (): void => {
      this.sockets.delete(socket)
      clearTimeout(timer)
      socket.off('readable', read)
      for (const event of ENDS) socket.off(event, gone)
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
    const timer = setTimeout(gone, ms)
    this.sockets.add(socket)
    socket.on('readable', read)
    for (const event of ENDS) socket.on(event, gone)
  }

  clear(): void {
    for (const socket of this.sockets) socket.destroy()
  }
}
const ENDS = ['end', 'error', 'close'] as const
