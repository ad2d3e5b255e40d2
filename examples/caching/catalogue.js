// The upstream of the example: books that may be kept for a while, and say how often they were really asked for.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'

/** @param {number} port */
export function startCatalogue(port) {
  let asked = 0
  const server = createServer((request, response) => {
    const consumer = request.headers['gatehouse-consumer'] ?? 'everybody'
    if (request.method !== 'GET') {
      response.writeHead(204).end()
      return
    }
    asked++
    const fields = { 'Content-Type': 'application/json', 'Cache-Control': 'max-age=60', 'Cache-Tag': 'books' }
    response.writeHead(200, fields).end(`${JSON.stringify({ path: request.url, for: consumer, asked })}\n`)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await startCatalogue(9030)
