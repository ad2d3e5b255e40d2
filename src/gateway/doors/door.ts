// One listener of a thread: lets connections in as far as the caps allow, and those that speak TLS through their handshake first.
import { hash } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type SecureContext, type TLSSocket, type Server as TlsServer } from 'node:tls'
import { ACME_TLS } from '../../model/acme.ts'
import type { Listener, ListenerTls } from '../../model/snapshot.ts'
import { TlsPeer } from '../callers/tls-peer.ts'
import { ProxiedDoor, type ProxyKeeper } from './proxied-door.ts'
import { type ServerContexts, serverContexts } from './server-contexts.ts'

export interface DoorKeeper {
  /** Whether a connection that was just made may stay. Asked once, before anything is read of it. */
  admits(socket: Socket): boolean
  /** One that may is ready to be read: in clear, or behind its handshake, with what was learnt in it. */
  enters(socket: Socket, peer: TlsPeer | undefined): void
  /** A handshake that came to nothing, with OpenSSL's reason as Node names it. */
  failed(reason: string): void
  /** What proves to an ACME server that a name leads here, while that is being asked (RFC 8737 3). */
  proof(name: string): SecureContext | undefined
  readonly handshakeMs: number
  /** Asked on listeners behind proxies. */
  readonly proxies: ProxyKeeper
}

/** What is spoken here (RFC 7301), by preference: who offers only something else is told so in the handshake. */
const protocols = (http2: boolean): string[] => (http2 ? ['h2', 'http/1.1'] : ['http/1.1'])

/** Opens the listener; answers its door once it listens. `ticketKeys` are those of its trust domain. */
export async function openDoor(listener: Listener, shared: boolean, ticketKeys: Uint8Array, keeper: DoorKeeper): Promise<Door> {
  const { host, port, tls, http2 = false, proxyProtocol } = listener
  const inner = tls === undefined ? new ClearDoor(keeper) : new TlsDoor(keeper, tls, http2, ticketKeys, sessionDomain(host, port))
  const door = proxyProtocol ? new ProxiedDoor(inner, SOCKETS, keeper.proxies) : inner
  await new Promise<void>((resolve, reject) => {
    door.server.once('error', reject)
    door.server.listen({ host, port, reusePort: shared, backlog: 4096 }, resolve)
  })
  return door
}

/** At most 32 octets, which is all that OpenSSL takes. */
const sessionDomain = (host: string, port: number): string => hash('sha256', `${host} ${port}`).slice(0, 32)

export interface Door {
  readonly server: Server
  /** Whether who asked for the one name in the handshake was shown what they would have been for the other. */
  areAlike(name: string, other: string): boolean
  /** From now on new connections see these certificates, and tickets sealed with other keys are not taken. Open ones stay as they are. */
  replace(tls: ListenerTls, ticketKeys: Uint8Array): void
  /** Ends whoever is still shaking hands. */
  clear(): void
}

const SOCKETS = { allowHalfOpen: true, noDelay: true, keepAlive: false, pauseOnConnect: false } as const

class ClearDoor implements Door {
  readonly server: Server

  constructor(keeper: DoorKeeper) {
    this.server = createServer(SOCKETS, (socket) => {
      if (keeper.admits(socket)) keeper.enters(socket, undefined)
      else socket.destroy()
    })
  }
  areAlike(): boolean {
    return false
  }
  replace(): void {}
  clear(): void {}
}

class TlsDoor implements Door {
  readonly server: TlsServer
  private contexts: ServerContexts
  /** The connections under TLS. */
  private readonly sockets = new Set<Socket>()
  /** By address and port of who is shaking hands: the trust that they are verified under. What is published meanwhile did not verify them. */
  private readonly underTrust = new Map<string, { trust: string }>()
  private readonly domain: string
  private trust: string | undefined
  /** What is shown now: most publications change nothing of it. */
  private shown = ''

  constructor(keeper: DoorKeeper, tls: ListenerTls, http2: boolean, ticketKeys: Uint8Array, domain: string) {
    this.domain = domain
    this.contexts = serverContexts(tls, ticketKeys, domain)
    this.trust = tls.clients?.id
    const door = this
    const spoken = protocols(http2)
    /** Handshakes that are a proof to an ACME server. */
    const proving = new WeakMap<TLSSocket, SecureContext>()
    // Asked of our own code only where it must be: every handshake would pay for it.
    function protocolOf(this: TLSSocket, { servername, protocols: offered }: { servername: string; protocols: string[] }): string | undefined {
      // RFC 8737 3: it is offered alone, with a server name. For a name that nobody is proving it is a protocol that is not spoken here.
      const proof = offered.length === 1 && offered[0] === ACME_TLS && servername ? keeper.proof(servername) : undefined
      if (proof === undefined) return spoken.find((protocol) => offered.includes(protocol))
      // In TLS 1.2 the certificate was chosen before this and is replaced here; in TLS 1.3 it is chosen after this, below.
      this.setKeyCert(proof)
      proving.set(this, proof)
      return ACME_TLS
    }
    this.server = createTlsServer({
      ...SOCKETS,
      ...this.contexts.options,
      ...(tls.provesNames ? { ALPNCallback: protocolOf } : { ALPNProtocols: spoken }),
      // What OpenSSL finds is kept and judged with each request: an answer that says what is wrong helps, a connection that breaks off does not.
      ...(tls.clients !== undefined && { requestCert: true, rejectUnauthorized: false }),
      handshakeTimeout: keeper.handshakeMs,
      SNICallback(this: TLSSocket, name, answer) {
        try {
          const context = door.contexts.find(name, this.getSharedSigalgs())
          // It verifies by what is believed now, not by what was when the connection was made.
          const under = context && door.underTrust.get(placeOf(this))
          if (under !== undefined && door.trust !== undefined) under.trust = door.trust
          answer(null, proving.get(this) ?? context)
        } catch (cause) {
          answer(cause as Error)
        }
      },
    })
    // Counted before the handshake: it costs more than anything that comes after it.
    this.server.prependListener('connection', (socket: Socket) => {
      if (!keeper.admits(socket)) {
        socket.destroy()
        return
      }
      this.sockets.add(socket)
      const place = placeOf(socket)
      const under = this.trust === undefined ? undefined : { trust: this.trust }
      if (under !== undefined) this.underTrust.set(place, under)
      socket.once('close', () => {
        this.sockets.delete(socket)
        // The same place may be another connection's by now.
        if (this.underTrust.get(place) === under) this.underTrust.delete(place)
      })
    })
    const asks = tls.clients !== undefined
    this.server.on('secureConnection', (socket) => {
      // RFC 8737 3: the handshake was the proof; nothing is said after it.
      if (socket.alpnProtocol === ACME_TLS) socket.destroySoon()
      else keeper.enters(socket, new TlsPeer(socket, asks ? this.underTrust.get(placeOf(socket))?.trust : undefined))
    })
    this.server.on('tlsClientError', (cause: NodeJS.ErrnoException, socket) => {
      keeper.failed(cause.code ?? 'unknown')
      // Node leaves one that ran out of time open.
      socket.destroy()
    })
  }

  replace(tls: ListenerTls, ticketKeys: Uint8Array): void {
    const shown = JSON.stringify([tls.profile, tls.certificates.map(({ thumbprint }) => thumbprint), tls.clients?.id, Buffer.from(ticketKeys).toString('hex')])
    if (shown === this.shown) return
    this.shown = shown
    this.contexts = serverContexts(tls, ticketKeys, this.domain)
    this.trust = tls.clients?.id
    this.server.setSecureContext(this.contexts.options)
  }
  areAlike(name: string, other: string): boolean {
    return this.contexts.areAlike(name, other)
  }
  clear(): void {
    for (const socket of this.sockets) socket.destroy()
  }
}

const placeOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`
