// The server that the attacks run against, and what stands behind it: Gatehouse, or any other to prove that the runner can tell them apart.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createStreamServer, type Http2ServerRequest, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../support/certificate-maker.ts'
import { startGateway } from '../support/gateway.ts'
import type { ReadMessage } from '../support/http-message.ts'
import { startRecordingUpstream } from '../support/recording-upstream.ts'
import { freePorts } from '../support/running-program.ts'
import { everyMethod } from './honest/methods.ts'

export type SeenMessage = Pick<ReadMessage, 'method' | 'target' | 'fields' | 'body' | 'raw'>

export interface Gate {
  readonly port: number
  /** Of a gate behind TLS: the authority that its clients believe. */
  readonly authority?: string
  /** Whole messages that the upstream was handed since the last call. */
  take(): SeenMessage[]
  /** Bytes that the upstream could not read as canonical messages. */
  faults(): readonly string[]
  stop(): Promise<void>
}

/** The same behind TLS. */
export async function gatehouseTlsGate(): Promise<Gate> {
  const [upstream, [port]] = [await startRecordingUpstream(), await freePorts(1)]
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-gate-'))
  const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
  const made = await makeCertificate({ names: ['gateway.example'], addresses: ['127.0.0.1'], issuer: authority })
  for (const [name, text] of Object.entries({ 'cert.pem': made.certificate, 'key.pem': made.key })) writeFileSync(join(folder, name), text, { mode: 0o600 })
  const listen = [{ address: `https://127.0.0.1:${port}`, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } }]
  const gateway = await startGateway({ gateway: { listen }, apis: everything(upstream.port) }, { threads: 1, folder })
  return {
    port: port!,
    authority: authority.certificate,
    take: () => upstream.take(),
    faults: () => upstream.faults,
    async stop() {
      await gateway.stop()
      await upstream.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
const everything = (port: number): object => behind(`http://127.0.0.1:${port}`)
const behind = (upstream: object | string): object => ({ everything: { path: '/', upstream, public: true, methods: [...everyMethod] } })

/** The same in clear, in front of an upstream under TLS. */
export async function gatehouseToTlsGate(): Promise<Gate> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-gate-'))
  const { settings, secured } = await tlsBehind(folder)
  const upstream = await startRecordingUpstream(secured)
  const gateway = await startGateway({ apis: behind({ url: `https://127.0.0.1:${upstream.port}`, tls: settings }) }, { threads: 1, folder })
  return {
    port: gateway.port,
    take: () => upstream.take(),
    faults: () => upstream.faults,
    async stop() {
      await gateway.stop()
      await upstream.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
/** What an upstream under TLS shows, and what its API says of it in a configuration in this folder. */
export async function tlsBehind(folder: string): Promise<{ readonly secured: { readonly cert: string; readonly key: string }; readonly settings: object }> {
  const authority = await makeCertificate({ subject: 'CN=authority', authority: true })
  const made = await makeCertificate({ names: ['upstream.example'], issuer: authority })
  writeFileSync(join(folder, 'authority.pem'), authority.certificate, { mode: 0o600 })
  return { secured: { cert: made.certificate, key: made.key }, settings: { ca: { file: 'authority.pem' }, serverName: 'upstream.example' } }
}

/** The same in clear, for clients that know that HTTP/2 is spoken (RFC 9113 3.3). */
export async function gatehouseStreamGate(): Promise<Gate> {
  const [upstream, [port]] = [await startRecordingUpstream(), await freePorts(1)]
  const listen = [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }]
  const gateway = await startGateway({ gateway: { listen }, apis: everything(upstream.port) }, { threads: 1 })
  return {
    port: port!,
    take: () => upstream.take(),
    faults: () => upstream.faults,
    async stop() {
      await gateway.stop()
      await upstream.stop()
    },
  }
}

/** Gatehouse with one public API that takes every path and every method of the honest tables, all else by default, and hands it to a recording upstream. */
export async function gatehouseGate(): Promise<Gate> {
  const upstream = await startRecordingUpstream()
  const gateway = await startGateway({ apis: everything(upstream.port) }, { threads: 1 })
  return {
    port: gateway.port,
    take: () => upstream.take(),
    faults: () => upstream.faults,
    async stop() {
      await gateway.stop()
      await upstream.stop()
    },
  }
}

/** What the handlers of a server of Node's see, which counts as what an upstream would see; each request is answered. */
function handlerSight() {
  let seen: SeenMessage[] = []
  return {
    handle(request: IncomingMessage | Http2ServerRequest, answer: () => void): void {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('error', () => {})
      request.on('end', () => {
        const { rawHeaders: raw, method = '', url = '' } = request
        const fields = Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2]!, raw[index * 2 + 1]!] as const)
        const head = `${method} ${url} HTTP/1.1\r\n${fields.map((field) => `${field.join(': ')}\r\n`).join('')}\r\n`
        seen.push({ method, target: url, fields, body: Buffer.concat(parts), raw: Buffer.from(head, 'latin1') })
        answer()
      })
    },
    /** The gate of that server, which listens from then on. */
    async gate(server: Server, closeConnections: () => void): Promise<Gate> {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return {
        port: (server.address() as AddressInfo).port,
        take() {
          const taken = seen
          seen = []
          return taken
        },
        faults: () => [],
        async stop() {
          closeConnections()
          await new Promise((resolve) => server.close(resolve))
        },
      }
    },
  }
}

/** Node's own HTTP server with its default settings. */
export function nodeGate(): Promise<Gate> {
  const { handle, gate } = handlerSight()
  const server = createServer((request, response) => handle(request, () => response.end('ok')))
  return gate(server, () => server.closeAllConnections())
}

/** Node's own HTTP/2 server with its default settings: the same library, and nothing in front of the handler. */
export function nodeStreamGate(): Promise<Gate> {
  const { handle, gate } = handlerSight()
  const sessions = new Set<ServerHttp2Session>()
  const server = createStreamServer((request, response) => handle(request, () => response.end('ok')))
  server.on('session', (session) => {
    sessions.add(session)
    session.on('error', () => {})
  })
  return gate(server, () => {
    for (const session of sessions) session.destroy()
  })
}

/** What a client of the gate needs to shake hands. It asks for no name: then its connection is for every host (RFC 9110 15.5.20). */
export const believing = ({ authority }: Gate): { authority?: string; servername?: string } => (authority === undefined ? {} : { authority, servername: '' })
