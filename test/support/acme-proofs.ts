// Looks whether a name leads to who says so, as an ACME server does: HTTP-01 (RFC 8555 8.3) and TLS-ALPN-01 (RFC 8737 3), at ports of this machine.
import 'reflect-metadata'
import { createHash } from 'node:crypto'
import { get } from 'node:http'
import { connect } from 'node:tls'
import * as x509 from '@peculiar/x509'

export type AcmeProof = 'http-01' | 'tls-alpn-01'

/** What is wrong with the proof; undefined: nothing. */
export async function proofFault(
  type: AcmeProof,
  name: string,
  token: string,
  authorization: string,
  ports: { readonly http: number; readonly tls: number },
): Promise<string | undefined> {
  if (type === 'http-01') {
    const { status, body } = await fetched(ports.http, name, token)
    if (status !== 200) return `status ${status}`
    return body === authorization ? undefined : 'another key authorization'
  }
  if (type !== 'tls-alpn-01') return `there is no ${type as string} here`
  return shown(ports.tls, name, authorization)
}

function fetched(port: number, host: string, token: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: `/.well-known/acme-challenge/${token}`, headers: { Host: host }, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (body += part))
      response.on('end', () => resolve({ status: response.statusCode!, body }))
    })
    request.on('error', reject)
  }).then(
    (found) => found as { status: number; body: string },
    (cause: Error) => ({ status: 0, body: cause.message }),
  )
}

async function shown(port: number, name: string, authorization: string): Promise<string | undefined> {
  const socket = connect({ host: '127.0.0.1', port, servername: name, ALPNProtocols: ['acme-tls/1'], rejectUnauthorized: false })
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const failure = await new Promise<string | undefined>((resolve) => {
    socket.once('secureConnect', () => resolve(undefined))
    socket.once('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? cause.message))
  })
  if (failure !== undefined) return `no handshake: ${failure}`
  const { alpnProtocol } = socket
  const raw = socket.getPeerX509Certificate()?.raw
  // RFC 8737 3: the connection is closed as soon as the handshake is over.
  socket.resume()
  await closed
  if (alpnProtocol !== 'acme-tls/1') return `the protocol is ${alpnProtocol}`
  if (raw === undefined) return 'no certificate'
  const certificate = new x509.X509Certificate(raw)
  const names = certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON() ?? []
  if (JSON.stringify(names) !== JSON.stringify([{ type: 'dns', value: name }])) return `the certificate names ${JSON.stringify(names)}`
  const identifier = certificate.getExtension('1.3.6.1.5.5.7.1.31')
  if (!identifier?.critical) return 'there is no critical acmeIdentifier'
  const digest = createHash('sha256').update(authorization).digest('hex')
  return Buffer.from(identifier.value).toString('hex') === `0420${digest}` ? undefined : 'another key authorization'
}
