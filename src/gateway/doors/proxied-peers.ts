// Whose a connection is that a trusted proxy passes on, as the proxy says in front of it.
import type { Socket } from 'node:net'
import type { ProxyHeader } from '../../http/proxy-header.ts'
import type { CallerAddress } from '../../pipeline/exchange.ts'
import { callerAddress } from '../callers/caller-address.ts'

export interface ProxiedPeer {
  readonly peer: CallerAddress
  /** It came to the proxy by TLS. */
  readonly secure: boolean
}

/**
 * By the four ends that tell connections apart: what comes out of a handshake is another socket than the one that went in. Who is not known has the
 * unspecified address: nobody trusts it, no list of networks lets it in, and all such callers count together.
 */
export class ProxiedPeers {
  private readonly peers = new Map<string, ProxiedPeer>()

  name(socket: Socket, { local, source, secure }: ProxyHeader): void {
    if (local) return
    const key = keyOf(socket)
    const named = { peer: callerAddress(source ?? new Uint8Array(4)), secure }
    this.peers.set(key, named)
    // Another connection may have the same ends before this one is told that it has closed: nameless it would pass for the proxy's own.
    socket.once('close', () => {
      if (this.peers.get(key) === named) this.peers.delete(key)
    })
  }
  of(socket: Socket): ProxiedPeer | undefined {
    return this.peers.size === 0 ? undefined : this.peers.get(keyOf(socket))
  }
}
const keyOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string => `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`
