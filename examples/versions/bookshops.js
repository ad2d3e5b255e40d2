// The two shops behind the example: `node examples/versions/bookshops.js`.
import { createServer } from 'node:http'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'

const books = [{ title: 'Frankenstein', author: 'Mary Shelley' }]
const shops = {
  v1: { 'GET /books': [200, { titles: books.map(({ title }) => title) }], 'POST /orders': [201, { placed: true }] },
  v2: { 'GET /books': [200, { books }], 'GET /authors': [200, { authors: books.map(({ author }) => author) }] },
}

/** Starts one shop; answers its port and how to stop it. */
export function startShop(version, port) {
  const server = createServer((request, response) => {
    request.resume()
    const [status, body] = shops[version][`${request.method} ${request.url.replace(/\?.*$/, '')}`] ?? [404, { message: 'no such thing' }]
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ version, ...body }))
  })
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () =>
      resolve({
        port: server.address().port,
        close() {
          server.closeAllConnections()
          return new Promise((closed) => server.close(closed))
        },
      }),
    )
  })
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  await startShop('v1', 9021)
  await startShop('v2', 9022)
  console.log('bookshop v1 at http://127.0.0.1:9021, v2 at http://127.0.0.1:9022')
}
