// An upstream that answers `/case/N` with the bytes it was given for N, and everything else honestly with the nonce of the request's path.
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

/** How the upstream answers one case. Strings are latin1; each is written in a segment of its own. */
export interface Reply {
  readonly writes: readonly string[]
  /** Written once the test says that the client has its answer. */
  readonly later?: string
  /** What the upstream does with the connection after its writes. */
  readonly ends: 'keep' | 'close' | 'reset'
}

export interface HostileUpstream {
  readonly port: number
  /** Writes what the case keeps for later. */
  release(index: number): void
  /** Resolves when the connection that carried the case is gone, and to false if it still stands after `patienceMs`. */
  gone(index: number, patienceMs: number): Promise<boolean>
  stop(): Promise<void>
}

/** Starts an upstream for these cases on a port that the OS picks; with a certificate and its key, under TLS. */
export async function startHostileUpstream(replies: readonly Reply[], secured?: { readonly cert: string; readonly key: string }): Promise<HostileUpstream> {
  const sockets = new Set<Socket>()
  const carriers = new Map<number, { socket: Socket; gone: Promise<boolean> }>()
  // What is under TLS is reset below it.
  const below = new Map<number, Socket>()
  const reset = (socket: Socket): unknown => (below.get(socket.remotePort!) ?? socket).resetAndDestroy()
  const serve = (socket: Socket): void => {
    let pending = ''
    sockets.add(socket)
    const gone = new Promise<boolean>((resolve) => {
      socket.on('end', () => {
        resolve(true)
        socket.end()
      })
      socket.on('close', () => {
        resolve(true)
        sockets.delete(socket)
      })
    })
    socket.on('error', () => {})
    socket.on('data', (data) => {
      pending += data.toString('latin1')
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        const path = pending.split(' ', 2)[1] ?? ''
        pending = pending.slice(end + 4)
        const index = Number(/^\/case\/(\d+)$/.exec(path)?.[1] ?? -1)
        const reply = replies[index]
        if (reply === undefined) {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
          continue
        }
        carriers.set(index, { socket, gone })
        send(socket, reply, 0, reset)
      }
    })
  }
  const options = { noDelay: true, allowHalfOpen: true }
  const server = secured ? createTlsServer({ ...options, ...secured }, serve) : createServer(options, serve)
  if (secured) server.on('connection', (socket: Socket) => below.set(socket.remotePort!, socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    release(index) {
      const later = replies[index]?.later
      if (later !== undefined) carriers.get(index)?.socket.write(later, 'latin1')
    },
    async gone(index, patienceMs) {
      const carrier = carriers.get(index)
      if (carrier === undefined) return true
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(resolve, patienceMs, false)
      })
      const result = await Promise.race([carrier.gone, late])
      clearTimeout(timer)
      return result
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function send(socket: Socket, reply: Reply, from: number, reset: (socket: Socket) => unknown): void {
  const text = reply.writes[from]
  if (text !== undefined) socket.write(text, 'latin1', () => setImmediate(send, socket, reply, from + 1, reset))
  else if (reply.ends === 'close') socket.end()
  else if (reply.ends === 'reset') reset(socket)
}
