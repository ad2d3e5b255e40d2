// The sides of a tunnel as wires: sockets of HTTP/1.1, or streams of HTTP/2.
import type { Output } from '../output.ts'
import type { Wire } from '../wire.ts'
import type { TunnelSide } from './tunnel.ts'

/** The client's: what goes to it is put together in the thread's output, as responses are. */
export const clientSide = (wire: Wire, output: Output): TunnelSide => ({
  put: (bytes, start, end) => output.put(bytes, start, end),
  flush: () => output.send(wire),
  pause: () => void wire.pause(),
  resume: () => void wire.resume(),
})

/** The upstream's: each read of the client is written at once, for the output may hold what goes to the client. */
export const upstreamSide = (wire: Wire): TunnelSide => ({
  put: (bytes, start, end) => void wire.write(Buffer.from(bytes.subarray(start, end))),
  flush: () => wire.writableLength,
  pause: () => void wire.pause(),
  resume: () => void wire.resume(),
})
