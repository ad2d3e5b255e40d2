// Stands in for GitHub: answers every request with what arrived, so that one sees what the gateway made of it.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

/**
 * @param {number} port
 * @param {string} name
 */
export function startEcho(port, name, host = '127.0.0.1') {
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json' })
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify({ upstream: name, method: request.method, path: request.url, fields: request.headers }))
    })
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () =>
      resolve({
        port: /** @type {import('node:net').AddressInfo} */ (server.address()).port,
        close: () =>
          new Promise((closed) => {
            server.close(closed)
            server.closeAllConnections()
          }),
      }),
    )
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await startEcho(9010, 'github')
  await startEcho(9011, 'status')
  console.log('echoing on 127.0.0.1:9010 and :9011')
}
