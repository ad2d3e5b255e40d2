// A door behind proxies that speak the PROXY protocol: reads their header in front of everything else, the handshake of TLS included.
import { createServer, type Server, type Socket } from 'node:net'
import { type ProxyHeader, readProxyHeader } from '../../http/proxy-header.ts'
import type { ListenerTls } from '../../model/snapshot.ts'
import type { Door } from './door.ts'

export interface ProxyKeeper {
  /** Whether who connects is a proxy that is believed, and there is room for it; then what to do once its header is read or it is gone. */
  expects(socket: Socket): (() => void) | undefined
  /** Whose connection it is. */
  names(socket: Socket, header: ProxyHeader): void
  /** Something else than a header came, or none in time. */
  nameless(reason: string): void
  readonly headerMs: number
}

export class ProxiedDoor implements Door {
  readonly server: Server
  private readonly inner: Door
  private readonly reading = new Set<Socket>()

  constructor(inner: Door, options: object, keeper: ProxyKeeper) {
    this.inner = inner
    this.server = createServer(options, (socket) => {
      const done = keeper.expects(socket)
      if (done === undefined) socket.destroy()
      else this.read(socket, keeper, done)
    })
  }

  private read(socket: Socket, keeper: ProxyKeeper, done: () => void): void {
    let bytes: Buffer = Buffer.alloc(0)
    this.reading.add(socket)
    const late = setTimeout(() => refuse('no header in time'), keeper.headerMs)
    const stop = (): void => {
      clearTimeout(late)
      socket.off('readable', take)
      socket.off('end', gone)
      socket.off('error', gone)
      socket.off('close', gone)
      this.reading.delete(socket)
      done()
    }
    const gone = (): void => {
      stop()
      socket.destroy()
    }
    const refuse = (reason: string): void => {
      keeper.nameless(reason)
      gone()
    }
    const take = (): void => {
      const more = socket.read() as Buffer | null
      if (more === null) return
      bytes = Buffer.concat([bytes, more])
      const header = readProxyHeader(bytes)
      if (typeof header === 'string') refuse(header)
      else if (header !== undefined) {
        stop()
        keeper.names(socket, header)
        if (header.bytes < bytes.length) socket.unshift(bytes.subarray(header.bytes))
        this.inner.server.emit('connection', socket)
      }
    }
    socket.on('readable', take)
    socket.on('end', gone)
    socket.on('error', gone)
    socket.on('close', gone)
  }

  areAlike(name: string, other: string): boolean {
    return this.inner.areAlike(name, other)
  }
  replace(tls: ListenerTls, ticketKeys: Uint8Array): void {
    this.inner.replace(tls, ticketKeys)
  }
  clear(): void {
    for (const socket of this.reading) socket.destroy()
    this.inner.clear()
  }
}
