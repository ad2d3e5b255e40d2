// How Node's own HTTP server reads a stream of bytes: the stream is handed to it in memory, no socket is opened.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Duplex } from 'node:stream'
import type { Outcome, Reading } from './reading.ts'

interface Entry {
  message: IncomingMessage
  parts: Buffer[]
  whole: boolean
  status: number
}

class Wire extends Duplex {
  entries: Entry[] = []
  ending: 'done' | 'stopped' | 'waiting' = 'done'
  override _read(): void {}
  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done()
  }
  // The server treats the stream as a socket and calls these.
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
}

let shared: Server | undefined

function server(): Server {
  if (shared !== undefined) return shared
  const collect = (message: IncomingMessage, response: ServerResponse): void => {
    const entry: Entry = { message, parts: [], whole: false, status: 200 }
    ;(message.socket as unknown as Wire).entries.push(entry)
    message.on('data', (part: Buffer) => entry.parts.push(part))
    message.on('error', () => {})
    message.on('end', () => {
      entry.whole = message.complete
      response.end()
    })
  }
  shared = createServer({
    keepAliveTimeout: 0,
    maxHeaderSize: 256 * 1024,
    joinDuplicateHeaders: false,
    requireHostHeader: false,
    shouldUpgradeCallback: () => false,
    requestTimeout: 0,
    headersTimeout: 0,
    connectionsCheckingInterval: 2 ** 30,
  })
  shared.on('request', collect)
  shared.on('checkContinue', collect)
  shared.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) => {
    collect(message, response)
    const entry = (message.socket as unknown as Wire).entries.at(-1)
    if (entry !== undefined) entry.status = 417
  })
  shared.on('connect', (_message: IncomingMessage, socket: Duplex) => {
    ;(socket as Wire).ending = 'stopped'
    socket.destroy()
  })
  shared.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    ;(socket as Wire).ending = error.code === 'HPE_INVALID_EOF_STATE' ? 'waiting' : 'stopped'
    // The messages before the fault still have their 'end' events to come.
    setImmediate(() => setImmediate(() => socket.destroy()))
  })
  return shared
}

/** Reads `bytes` as Node's server would if the connection ended after them. */
export function readAsNode(bytes: Buffer): Promise<Reading> {
  return new Promise((resolve) => {
    const wire = new Wire({ allowHalfOpen: true })
    wire.on('error', () => {})
    wire.on('close', () => {
      const outcomes: Outcome[] = []
      for (const { message, parts, whole, status } of wire.entries) {
        if (!whole) break
        if (status === 417) outcomes.push({ kind: 'refused', status })
        else
          outcomes.push({
            kind: 'accepted',
            message: { method: message.method ?? '', target: message.url ?? '', fields: pairs(message.rawHeaders), body: Buffer.concat(parts) },
          })
      }
      // After a message that asks for an upgrade Node reads no further, though it says so nowhere.
      if (wire.entries.some(({ message }) => message.headers.upgrade !== undefined)) wire.ending = 'stopped'
      if (wire.ending === 'stopped') outcomes.push({ kind: 'refused', status: 400 })
      resolve({ reader: 'node', outcomes, ending: wire.ending })
    })
    server().emit('connection', wire)
    wire.push(bytes)
    wire.push(null)
  })
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!])
}
