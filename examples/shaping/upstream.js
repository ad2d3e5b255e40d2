// Answers with what it was asked, as it came: for looking at what a gateway makes of a request.
import { createServer } from 'node:http'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

/** Starts on a port of 127.0.0.1, or on a free one for 0. */
export function startMirror(port) {
  const server = createServer((request, response) => {
    const { method, url, headers } = request
    request.resume()
    response.writeHead(200, { 'Content-Type': 'application/json', 'X-Node': 'node-17' })
    response.end(`${JSON.stringify({ method, url, headers }, null, 2)}\n`)
  })
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      resolve({
        port: server.address().port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            server.closeAllConnections()
          }),
      })
    })
  })
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = await startMirror(Number(argv[2] ?? 9030))
  console.log(`listening on http://127.0.0.1:${port}`)
}
