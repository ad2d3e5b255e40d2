// The process of the node:http anchor: strips the prefix, adds the same fields as the others, pipes both bodies.

import { randomUUID } from 'node:crypto'
import { Agent, createServer, request } from 'node:http'

const [port, upstream, prefix] = process.argv.slice(2) as [string, string, string]
const [host, upstreamPort] = upstream.split(':')
const agent = new Agent({ keepAlive: true, maxSockets: 512 })

const server = createServer((incoming, answer) => {
  if (!incoming.url?.startsWith(`${prefix}/`)) {
    answer.writeHead(404).end()
    return
  }
  const id = randomUUID()
  const asked = incoming.headers.host
  const headers = {
    ...incoming.headers,
    forwarded: `for=${incoming.socket.remoteAddress};host="${asked}";proto=http`,
    'x-forwarded-for': incoming.socket.remoteAddress,
    'x-forwarded-proto': 'http',
    'x-forwarded-host': asked,
    via: '1.1 node',
    'x-request-id': id,
    connection: 'keep-alive',
  }
  const outgoing = request({ agent, host, port: upstreamPort, method: incoming.method, path: incoming.url.slice(prefix.length), headers })
  outgoing.once('error', () => answer.destroy())
  outgoing.once('response', (response) => {
    const { connection: _hopByHop, 'keep-alive': _timeout, ...fields } = response.headers
    answer.writeHead(response.statusCode ?? 502, { ...fields, 'x-request-id': id })
    response.pipe(answer)
  })
  incoming.pipe(outgoing)
})
server.keepAliveTimeout = 3_600_000
server.listen(Number(port), '127.0.0.1', 4096)
