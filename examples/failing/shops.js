// Three shops that answer on 9031, 9032 and 9033. `PUT /fail/reset` (or `500`, `silent`, `ill`, `none`) tells the first one how to fail.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

/** Starts one on that port of loopback. */
export function startShop(port) {
  let fault = 'none'
  const server = createServer((request, response) => {
    if (request.method === 'PUT' && request.url.startsWith('/fail/')) {
      fault = request.url.slice('/fail/'.length)
      return response.end(`it fails with ${fault} from now on\n`)
    }
    if (request.url === '/healthz') return response.writeHead(fault === 'ill' ? 500 : 200).end()
    if (fault === 'reset') return request.socket.resetAndDestroy()
    if (fault === 'silent') return
    if (fault === '500') return response.writeHead(500).end('broken\n')
    response.end(`shop on ${server.address().port}, ${request.headers['x-time-left']} ms left\n`)
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const port of [9031, 9032, 9033]) await startShop(port)
  console.log('three shops on 9031, 9032 and 9033')
}
