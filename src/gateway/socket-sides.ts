// The sides of a tunnel that are sockets of HTTP/1.1.
import type { Socket } from 'node:net'
import type { Output } from './output.ts'
import type { TunnelSide } from './tunnel.ts'

/** The client's: what goes to it is put together in the thread's output, as responses are. */
export const clientSide = (socket: Socket, output: Output): TunnelSide => ({
  put: (bytes, start, end) => output.put(bytes, start, end),
  flush: () => output.send(socket),
  pause: () => void socket.pause(),
  resume: () => void socket.resume(),
})

/** The upstream's: each read of the client is written at once, for the output may hold what goes to the client. */
export const upstreamSide = (socket: Socket): TunnelSide => ({
  put: (bytes, start, end) => void socket.write(Buffer.from(bytes.subarray(start, end))),
  flush: () => socket.writableLength,
  pause: () => void socket.pause(),
  resume: () => void socket.resume(),
})
