// What all requests of one client connection have in common, however many streams it carries.
import type { CallerAddress } from '../pipeline/exchange.ts'
import { AboutCaller } from './about-caller.ts'
import type { Entrance } from './entrance.ts'

export class ClientOrigin {
  readonly peer: CallerAddress
  readonly entrance: Entrance
  /** HTTP/1 or HTTP/2. */
  readonly major: 1 | 2
  readonly about: AboutCaller

  constructor(peer: CallerAddress, entrance: Entrance, major: 1 | 2) {
    this.peer = peer
    this.entrance = entrance
    this.major = major
    this.about = new AboutCaller(peer, entrance.scheme, major)
  }
}
