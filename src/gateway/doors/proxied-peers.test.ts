// Whose a connection is behind a proxy is never told of another one, and never forgotten while it is open.
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { ProxiedPeers } from './proxied-peers.ts'

/** Of a socket no more is asked than its ends, and to be told of its close. */
const socket = (remotePort: number): Socket =>
  Object.assign(new EventEmitter(), { remoteAddress: '10.1.0.1', remotePort, localAddress: '10.1.0.9', localPort: 8080 }) as unknown as Socket
const header = (last: number) => ({ bytes: 28, local: false, source: Uint8Array.of(192, 0, 2, last), secure: false })

test('a connection that has the ends of one that closes is named until it closes itself', () => {
  const peers = new ProxiedPeers()
  const [first, second] = [socket(40_000), socket(40_000)]
  peers.name(first, header(1))
  peers.name(second, header(2))
  first.emit('close')
  assert.equal(peers.of(second)?.peer.text, '192.0.2.2')
  second.emit('close')
  assert.equal(peers.of(second), undefined)
})
