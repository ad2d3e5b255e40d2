// TLS on the control listener: the certificates of its settings, shown by name, and replaced while connections stay.
import type { RequestListener, Server, ServerOptions } from 'node:http'
import { createServer, type Server as SecureServer } from 'node:https'
import { randomSecret } from '../base/ids.ts'
import { type ServerContexts, serverContexts } from '../gateway/doors/server-contexts.ts'
import type { ListenerTls } from '../model/snapshot.ts'

const HANDSHAKE_MS = 10_000
/** As on the gateway's listeners (RFC 9325 3.4): how long a session can be resumed at most. */
const TICKET_KEYS_MS = 12 * 60 * 60 * 1000
const TICKET_KEY_OCTETS = 48

export class ControlTls {
  private contexts: ServerContexts
  private tls: ListenerTls
  private server: SecureServer | undefined

  constructor(tls: ListenerTls) {
    this.tls = tls
    this.contexts = this.fresh()
  }

  /** A server that speaks HTTP/1.1 behind TLS. Called once. */
  serverOf(options: ServerOptions, listener: RequestListener): Server {
    const self = this
    this.server = createServer(
      {
        ...options,
        ...this.contexts.options,
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: HANDSHAKE_MS,
        SNICallback(this: { getSharedSigalgs(): string[] }, name, answer) {
          try {
            answer(null, self.contexts.find(name, this.getSharedSigalgs()))
          } catch (cause) {
            answer(cause as Error)
          }
        },
      },
      listener,
    )
    // Node leaves one that ran out of time open.
    this.server.on('tlsClientError', (_cause, socket) => socket.destroy())
    const renewing = setInterval(() => this.show(), TICKET_KEYS_MS).unref()
    this.server.once('close', () => clearInterval(renewing))
    return this.server
  }

  /** New connections see these certificates from now on; open ones stay as they are. */
  replace(tls: ListenerTls): void {
    const isShown = JSON.stringify(shownOf(tls)) === JSON.stringify(shownOf(this.tls))
    this.tls = tls
    if (!isShown) this.show()
  }

  /** Whether a certificate is for this host: then it is a name of ours, and no other's can be made to lead here (a browser asks for it). */
  names(host: string): boolean {
    return this.tls.certificates.some(({ names }) => names.includes(host))
  }

  /** What is said of HTTPS by `Strict-Transport-Security` (RFC 6797 6.1); undefined: nothing. */
  get transportSecurity(): string | undefined {
    return this.tls.transportSecurity
  }

  private show(): void {
    this.contexts = this.fresh()
    this.server?.setSecureContext(this.contexts.options)
  }
  private fresh(): ServerContexts {
    return serverContexts(this.tls, randomSecret(TICKET_KEY_OCTETS), 'control')
  }
}

const shownOf = ({ profile, certificates }: ListenerTls): unknown => [profile, certificates.map(({ thumbprint }) => thumbprint)]
