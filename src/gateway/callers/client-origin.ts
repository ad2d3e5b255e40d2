// What all requests of one client connection have in common, however many streams it carries.
import type { CallerAddress } from '../../pipeline/exchange.ts'
import type { Entrance } from '../doors/entrance.ts'
import { AboutCaller } from './about-caller.ts'
import type { TlsPeer } from './tls-peer.ts'

export class ClientOrigin {
  readonly peer: CallerAddress
  readonly entrance: Entrance
  /** HTTP/1 or HTTP/2. */
  readonly major: 1 | 2
  /** What the handshake taught; undefined: it came in clear. */
  readonly tls: TlsPeer | undefined
  readonly about: AboutCaller

  constructor(peer: CallerAddress, entrance: Entrance, major: 1 | 2, tls: TlsPeer | undefined) {
    this.peer = peer
    this.entrance = entrance
    this.major = major
    this.tls = tls
    this.about = new AboutCaller(peer, entrance.scheme, major)
  }
}
