// An upstream that fails in whatever way a test wants, from one moment to the next, and counts what it is asked.
import { createServer, type Server, type Socket } from 'node:net'

export const FAULTS = ['none', 'down', 'slow', 'half 500', 'reset', 'refused', 'black hole', 'flapping', 'slow body', 'truncated body'] as const
export type Fault = (typeof FAULTS)[number]

export interface FaultyUpstream {
  readonly port: number
  /** Requests that arrived so far. */
  readonly asked: number
  /** From now on it fails so. */
  fail(fault: Fault): Promise<void>
  stop(): Promise<void>
}

const SLOW_MS = 300
const FLAP_MS = 300
const PARTS = 5

/** On a port that the system picks; `host` is an address of loopback. */
export async function startFaultyUpstream(host = '127.0.0.1', wanted = 0): Promise<FaultyUpstream> {
  const sockets = new Set<Socket>()
  let fault: Fault = 'none'
  let asked = 0
  let server: Server | undefined
  let flapping: NodeJS.Timeout | undefined
  let port = wanted

  const answer = (socket: Socket): void => {
    asked++
    const send = (text: string): void => void (socket.destroyed || socket.write(text))
    switch (fault) {
      case 'down':
        send('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\ndown')
        return
      case 'slow':
        setTimeout(() => send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), SLOW_MS)
        return
      case 'half 500':
        send(asked % 2 === 0 ? 'HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nfail' : 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        return
      case 'reset':
        socket.resetAndDestroy()
        return
      case 'black hole':
        return
      case 'slow body': {
        send(`HTTP/1.1 200 OK\r\nContent-Length: ${PARTS}\r\n\r\n`)
        for (let i = 1; i <= PARTS; i++) setTimeout(() => send('x'), (i * SLOW_MS) / PARTS)
        return
      }
      case 'truncated body':
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly so much')
        return
      default:
        send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    }
  }
  const serve = (socket: Socket): void => {
    let pending = ''
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (data) => {
      pending += data.toString('latin1')
      for (let end = pending.indexOf('\r\n\r\n'); end >= 0; end = pending.indexOf('\r\n\r\n')) {
        pending = pending.slice(end + 4)
        answer(socket)
      }
    })
  }
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const fresh = (server = createServer({ noDelay: true }, serve))
      fresh.once('error', reject)
      fresh.listen(port, host, () => {
        port = (fresh.address() as { port: number }).port
        resolve()
      })
    })
  const close = (): void => {
    server?.close()
    server = undefined
    for (const socket of sockets) socket.resetAndDestroy()
  }
  await open()
  return {
    get port() {
      return port
    },
    get asked() {
      return asked
    },
    async fail(next) {
      clearInterval(flapping)
      fault = next
      if (next === 'refused') close()
      else if (server === undefined) await open()
      if (next === 'flapping')
        flapping = setInterval(() => {
          if (server === undefined) open().catch(() => {})
          else close()
        }, FLAP_MS)
    },
    async stop() {
      clearInterval(flapping)
      close()
    },
  }
}
