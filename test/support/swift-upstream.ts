// An upstream that does as little as can be: answers every head that comes in, whose request has no body, with one and the same response.
import { createServer, type Socket } from 'node:net'

export interface SwiftUpstream {
  readonly port: number
  /** Requests answered since the start. */
  readonly answered: number
  stop(): Promise<void>
}

/** Starts one on a port that the system picks, unless told which. */
export async function startSwiftUpstream(options: { port?: number; host?: string; response?: string } = {}): Promise<SwiftUpstream> {
  const response = options.response ?? 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const sockets = new Set<Socket>()
  let answered = 0
  const server = createServer({ noDelay: true }, (socket) => {
    let tail = ''
    sockets.add(socket)
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      const text = tail + String(data)
      const heads = text.split('\r\n\r\n')
      tail = heads.pop()!
      answered += heads.length
      if (heads.length > 0) socket.write(response.repeat(heads.length), 'latin1')
    })
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get answered() {
      return answered
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
