// Three servers that say which of them answers.
import { createServer } from 'node:http'

/** Starts one; resolves with its port, and how to stop it. */
export function startServer(name, port) {
  const server = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/plain')
    response.end(`${name} answers ${request.url}\n`)
  })
  return new Promise((resolve) =>
    server.listen(port, '127.0.0.1', () =>
      resolve({
        port: server.address().port,
        close() {
          server.closeAllConnections()
          return new Promise((closed) => server.close(closed))
        },
      }),
    ),
  )
}

if (import.meta.main) for (const [i, name] of ['one', 'two', 'three'].entries()) await startServer(name, 9031 + i)
