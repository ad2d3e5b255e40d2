// An upstream whose answers are made piece by piece by the test, and which tells when somebody is gone.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Resolves when the answer is out, or its connection closes before. */
  readonly gone: Promise<unknown>
}
export interface StreamingUpstream {
  readonly port: number
  next(): Promise<Asked>
  stop(): void
}

export async function startStreamingUpstream(): Promise<StreamingUpstream> {
  const asked: Asked[] = []
  const waiting: ((each: Asked) => void)[] = []
  const server = createServer((request, response) => {
    response.on('error', () => {})
    request.on('error', () => {})
    const gone = new Promise((resolve) => response.once('close', resolve))
    const each = { request, response, gone }
    const taker = waiting.shift()
    if (taker) taker(each)
    else asked.push(each)
  })
  server.requestTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    next: () => {
      const each = asked.shift()
      return each ? Promise.resolve(each) : new Promise((resolve) => waiting.push(resolve))
    },
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
