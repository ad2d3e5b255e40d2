// A socket as the wire of a client connection of HTTP/1.1.
import type { Socket } from 'node:net'
import type { ClientOrigin } from '../callers/client-origin.ts'
import type { Gateway } from '../gateway.ts'
import { ClientConnection } from './client-connection.ts'
import { readInto } from './read-buffer.ts'

/** A socket that knows whose it is: all connections share their listeners, so that one that only waits costs little. */
type ClientSocket = Socket & { [CLIENT]: ClientConnection }
const CLIENT = Symbol('client')

export function serveSocket(gateway: Gateway, socket: Socket, origin: ClientOrigin): ClientConnection {
  const client = new ClientConnection(gateway, socket, origin)
  const own = socket as ClientSocket
  own[CLIENT] = client
  own.on('drain', onDrain)
  own.on('end', onEnd)
  own.on('error', onError)
  own.on('close', onClose)
  readInto(own, onRead)
  return client
}

function onRead(this: ClientSocket, count: number, bytes: Buffer): true {
  this[CLIENT].received(count, bytes)
  return true
}
function onDrain(this: ClientSocket): void {
  this[CLIENT].drained()
}
function onEnd(this: ClientSocket): void {
  this[CLIENT].ended()
}
function onClose(this: ClientSocket): void {
  this[CLIENT].closed()
}
/** A close follows. */
const onError = (): void => {}
