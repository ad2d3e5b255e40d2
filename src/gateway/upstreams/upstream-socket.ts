// A socket as the wire of a connection to an upstream.
import { connect, type TcpNetConnectOpts } from 'node:net'
import { READ_BUFFER } from '../clients/read-buffer.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import type { UpstreamPool } from './upstream-pool.ts'

export function connectSocket(pool: UpstreamPool): UpstreamConnection {
  const { host, port } = pool.upstream
  const way: TcpNetConnectOpts = {
    host,
    port,
    noDelay: true,
    lookup: pool.lookup,
    autoSelectFamily: true,
    onread: { buffer: READ_BUFFER, callback: (count, bytes) => connection.received(bytes as Buffer, count) },
  }
  const socket =
    pool.tls?.connect(way, pool.nowMs, {
      verified(untilMs) {
        connection.trustedUntilMs = untilMs
        connection.stands()
      },
      failed: (distrust) => connection.distrusted(distrust),
    }) ?? connect(way)
  const connection = new UpstreamConnection(pool, socket)
  if (pool.tls === undefined) socket.on('connect', () => connection.stands())
  socket.on('error', ignore)
  socket.on('end', () => connection.ended())
  socket.on('close', () => connection.closed())
  socket.on('drain', () => connection.drained())
  socket.resume()
  return connection
}
/** A close follows. */
const ignore = (): void => {}
