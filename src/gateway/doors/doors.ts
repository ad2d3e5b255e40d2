// The listeners of one thread: opened, kept as the live snapshot says, and who comes in through them.
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Listener } from '../../model/snapshot.ts'
import type { CallerAddress } from '../../pipeline/exchange.ts'
import { peerAddress } from '../callers/caller-address.ts'
import { ClientOrigin } from '../callers/client-origin.ts'
import type { TlsPeer } from '../callers/tls-peer.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { serveSocket } from '../clients/client-socket.ts'
import type { Gateway } from '../gateway.ts'
import type { GatewayMeans } from '../gateway-means.ts'
import { type Door, openDoor } from './door.ts'
import { BY_PROXIED_TLS, Entrance } from './entrance.ts'
import { ProxiedPeers } from './proxied-peers.ts'

export class Doors {
  private readonly gateway: Gateway
  private readonly means: GatewayMeans
  /** Each with its listener as it was opened. */
  private readonly all: { readonly door: Door; readonly listener: Listener; readonly entrance: Entrance }[] = []
  private readonly proxied = new ProxiedPeers()
  private ticketKeys: Uint8Array

  constructor(gateway: Gateway, means: GatewayMeans) {
    this.gateway = gateway
    this.means = means
    this.ticketKeys = means.ticketKeys
  }

  /** Answers the port, which is new when 0 was asked for. */
  async open(listener: Listener, shared: boolean, port: number): Promise<number> {
    const { gateway, means } = this
    const now = { ...listener, ...this.asItIsNow(listener) }
    const entrance = new Entrance(now, means.statuses)
    const { headMs } = gateway.settings.timeouts
    const door = await openDoor({ ...now, port }, shared, this.ticketKeys, {
      admits: (socket) => this.admits(socket),
      enters: (socket, shown) => this.enter(socket, entrance, now, shown),
      failed: () => gateway.countCode('connection.handshake-failed'),
      proof: (name) => gateway.challenges.context(name),
      handshakeMs: headMs,
      proxies: {
        expects: (socket) => this.expects(socket),
        names: (socket, header) => this.proxied.name(socket, header),
        nameless: () => gateway.countCode('connection.no-proxy-header'),
        headerMs: headMs,
      },
    })
    entrance.door = door
    this.all.push({ door, listener: now, entrance })
    return (door.server.address() as AddressInfo).port
  }

  /** New connections see new certificates at once. Where Gatehouse listens does not change while it runs: a listener that is not there any more stays as it was. */
  renew(): void {
    for (const { door, listener, entrance } of this.all) {
      const now = this.asItIsNow(listener)
      if (now !== undefined) entrance.renew(now, this.means.statuses)
      if (now?.tls !== undefined && listener.tls !== undefined) door.replace(now.tls, this.ticketKeys)
    }
  }
  private asItIsNow(listener: Listener): Listener | undefined {
    return this.gateway.settings.listen.find(({ host, port }) => host === listener.host && port === listener.port)
  }
  renewTicketKeys(keys: Uint8Array): void {
    this.ticketKeys = keys
    this.renew()
  }

  /** Nobody else comes in. */
  close(): void {
    for (const { door } of this.all) door.server.close()
  }
  /** Ends whoever is still at a door. */
  clear(): void {
    for (const { door } of this.all) door.clear()
  }

  /** On a listener behind proxies nobody else is listened to. The connection counts as the proxy's until it is known whose it is. */
  private expects(socket: Socket): (() => void) | undefined {
    const peer = peerAddress(socket.remoteAddress)
    const isProxy = this.gateway.isTrusted(peer)
    const leave = isProxy ? this.counted(peer) : undefined
    if (leave === undefined) this.gateway.countCode(isProxy ? 'connection.refused' : 'connection.untrusted-proxy')
    return leave
  }
  private admits(socket: Socket): boolean {
    const leave = this.counted(this.proxied.of(socket)?.peer ?? peerAddress(socket.remoteAddress))
    if (leave === undefined) this.gateway.countCode('connection.refused')
    else socket.once('close', leave)
    return leave !== undefined
  }
  /** Counts a connection in; answers what counts it out again, and undefined where the caps are reached. Trusted proxies have those of all alone. */
  private counted(peer: CallerAddress): (() => void) | undefined {
    const { caps } = this.means
    const { connections, connectionsPerAddress } = this.gateway.settings.limits
    const slot = caps.slotOf(peer.group)
    return caps.enter(slot, connections, this.gateway.isTrusted(peer) ? connections : connectionsPerAddress) ? () => caps.leave(slot) : undefined
  }

  private enter(socket: Socket, opened: Entrance, { tls, http2 }: Listener, shown: TlsPeer | undefined): void {
    const { gateway } = this
    const told = this.proxied.of(socket)
    const peer = told?.peer ?? peerAddress(socket.remoteAddress)
    // Behind a handshake with us it is that one that counts, and who its listener asks for certificates.
    const entrance = told?.secure && shown === undefined ? BY_PROXIED_TLS : opened
    const serveStreams = (first?: Buffer): void => gateway.sessions.serve(gateway, socket, new ClientOrigin(peer, entrance, 2, shown), first)
    const serve = (): ClientConnection => {
      const client = serveSocket(gateway, socket, new ClientOrigin(peer, entrance, 1, shown))
      gateway.take(client)
      return client
    }
    if (tls !== undefined) {
      if ((socket as TLSSocket).alpnProtocol === 'h2') serveStreams()
      else serve()
    } else if (http2)
      gateway.sessions.prefaces.read(socket, gateway.settings.timeouts.headMs, (isHttp2, first) =>
        isHttp2 ? serveStreams(first) : serve().received(first.length, first),
      )
    else {
      // What came behind the header of a proxy.
      const first = socket.readableLength > 0 ? (socket.read() as Buffer) : undefined
      const client = serve()
      if (first !== undefined) client.received(first.length, first)
    }
  }
}
