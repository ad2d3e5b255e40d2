// Fetches over TLS from a Gatehouse whose certificate this machine does not know by itself: by an authority's file, or by what is pinned.
import { createHash, timingSafeEqual, type X509Certificate } from 'node:crypto'
import { type ClientRequest, request } from 'node:http'
import { isIP } from 'node:net'
import { Readable } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'

export interface Trusting {
  /** Certificates of authorities in PEM form, in place of those that Node knows. */
  readonly ca?: string
  /** SHA-256 of the public key that must be shown (SubjectPublicKeyInfo), in base64: besides a chain that holds. */
  readonly pin?: string
  /** SHA-256 of whole certificates in lower-case hex, one of which must be shown; who knows the very certificate asks for no chain. */
  readonly thumbprints?: readonly string[]
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/** A `fetch` for absolute https URLs: of `RequestInit` it takes method, headers, a text for body, and signal. Redirects are refused. */
export function secureFetch(trusting: Trusting): typeof fetch {
  return async (input, init = {}) => {
    const url = new URL(String(input))
    const { signal } = init
    signal?.throwIfAborted()
    const socket = await open(url, trusting, signal ?? undefined)
    return new Promise<Response>((resolve, reject) => {
      const { method = 'GET', headers, body } = init
      const sent: ClientRequest = request(url.href.replace(/^https:/, 'http:'), {
        method,
        // Without an agent, which would make a connection of its own.
        createConnection: () => socket,
        headers: {
          ...(headers as Record<string, string>),
          Host: url.host,
          ...(typeof body === 'string' && { 'Content-Length': String(Buffer.byteLength(body)) }),
        },
        ...(signal && { signal }),
      })
      sent.once('error', reject)
      sent.once('response', (response) => {
        const { statusCode: status = 0 } = response
        if (REDIRECTS.has(status)) {
          socket.destroy()
          reject(new Error('the answer is a redirect'))
          return
        }
        const fields = Object.entries(response.headers).flatMap(([name, value]) => [value ?? []].flat().map((each): [string, string] => [name, each]))
        const isEmpty = status === 204 || status === 304 || method === 'HEAD'
        if (isEmpty) response.resume()
        resolve(new Response(isEmpty ? null : (Readable.toWeb(response) as ReadableStream<Uint8Array>), { status, headers: fields }))
      })
      sent.end(typeof body === 'string' ? body : undefined)
    })
  }
}

/** Nothing is sent before it is certain who is there. */
function open({ hostname, port }: URL, { ca, pin, thumbprints }: Trusting, signal: AbortSignal | undefined): Promise<TLSSocket> {
  const host = hostname.replace(/^\[|\]$/g, '')
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: port === '' ? 443 : Number(port),
      ...(isIP(host) === 0 && { servername: host }),
      ...(ca !== undefined && { ca }),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: thumbprints === undefined,
    })
    const abort = (): void => void socket.destroy(signal!.reason as Error)
    signal?.addEventListener('abort', abort)
    socket.once('close', () => signal?.removeEventListener('abort', abort))
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate()
      const stranger = shown === undefined ? 'no certificate is shown' : strangeness(shown, pin, thumbprints)
      if (stranger !== undefined) {
        socket.destroy()
        reject(new Error(stranger))
        return
      }
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}

/** Why the certificate is not the one that was meant. */
function strangeness({ publicKey, fingerprint256 }: X509Certificate, pin: string | undefined, thumbprints: readonly string[] | undefined): string | undefined {
  const thumbprint = fingerprint256.replaceAll(':', '').toLowerCase()
  if (thumbprints !== undefined && !thumbprints.some((each) => each === thumbprint))
    return `the certificate that is shown (SHA-256 ${thumbprint}) is none of those in the configuration`
  if (pin === undefined) return undefined
  const own = createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
  const wanted = Buffer.from(pin, 'base64')
  return wanted.length === own.length && timingSafeEqual(wanted, own)
    ? undefined
    : `the certificate that is shown has the public key sha256/${own.toString('base64')}`
}
