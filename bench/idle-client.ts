// A program: opens so many TLS connections, sends a request over each, and then holds them without a word until it is ended.

import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls'
import type { TlsVersion } from './work.ts'

export type IdleOrder = { readonly host: string; readonly port: number; readonly path: string; readonly version: TlsVersion; readonly connections: number }

const order = JSON.parse(process.argv[2]!) as IdleOrder
const version = `TLSv${order.version}` as const
const secureContext = createSecureContext({ minVersion: version, maxVersion: version, ecdhCurve: 'X25519:P-256' })
const request = `GET ${order.path} HTTP/1.1\r\nHost: ${order.host}:${order.port}\r\n\r\n`
/** Handshakes at once. */
const lanes = 32
/** As many callers' addresses as it takes for none to meet the usual cap on connections of one (4,096). */
const connectionsPerAddress = 3000

const held: TLSSocket[] = []
let opened = 0

/** Opens one and gets an answer: from then on it only waits. */
function open(index: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const place: ConnectionOptions & { localAddress: string } = {
      host: order.host,
      port: order.port,
      localAddress: `127.0.0.${2 + Math.floor(index / connectionsPerAddress)}`,
      secureContext,
      rejectUnauthorized: false,
    }
    const socket = connect(place, () => socket.write(request))
    socket.once('data', (octets) => {
      if (!octets.toString('latin1').startsWith('HTTP/1.1 200 ')) reject(new Error(octets.toString('latin1').slice(0, 100)))
      held.push(socket)
      resolve()
    })
    socket.on('data', () => {})
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`connection ${index} was closed`)))
  })
}
async function lane(): Promise<void> {
  while (opened < order.connections) await open(opened++)
}
await Promise.all(Array.from({ length: lanes }, lane))
for (const socket of held) socket.once('close', () => process.exit(1))
process.stdout.write(`holds ${held.length}\n`)
