// Tells HTTP/2 in clear from HTTP/1.1 by its first octets (RFC 9113 3.4): no request of HTTP/1.1 begins with them.
import type { Socket } from 'node:net'
import { PREFACE } from '../../http/frames/frame-types.ts'

/** Connections in clear that did not say yet which HTTP they speak. */
export class Prefaces {
  private readonly sockets = new Set<Socket>()

  /**
   * Reads as much as it takes to know, and answers once, with the octets that were read. Whose first octets do not say within `ms` milliseconds what they are
   * is let go, however slowly they come.
   */
  read(socket: Socket, ms: number, answer: (isHttp2: boolean, first: Buffer) => void): void {
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
      answer(same, first)
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
