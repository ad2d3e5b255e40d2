// The bookshop: a small HTTP API with its books in memory, there to be protected by the quickstart. Described by bookshop.openapi.yaml.
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { BadRequest, readBook, readListQuery, readOrder } from './bookshop-input.js'
import { firstAuthors, firstBooks, firstOrders } from './bookshop-stock.js'

/** Most bytes of a request body: a book is a few hundred. */
const BODY_BYTES_MAX = 16 * 1024
/** Most books, and most orders, that the shop holds: it lives in memory. */
const SHELF_MAX = 1000

/**
 * A bookshop in memory, and what its API can do with it. Each operation gets the path's parameters, the query, the body where it has one, and the
 * caller's name as the gateway in front tells it; it returns a status and a value, or undefined for "no such thing".
 * @typedef {{ params: string[], query: URLSearchParams, body?: unknown, consumer: string | null }} Call
 * @typedef {{ status: number, value?: unknown, location?: string } | undefined} Answer
 * @returns {[method: string, path: RegExp, operation: (call: Call) => Answer][]}
 */
function bookshopOperations() {
  const books = new Map(firstBooks().map((book) => [book.id, book]))
  const authors = new Map(firstAuthors().map((author) => [author.id, author]))
  const orders = new Map(firstOrders().map((order) => [order.id, order]))
  const made = { books: books.size, orders: orders.size }
  const ok = (value) => value && { status: 200, value }

  return [
    ['GET', /^\/books$/, ({ query }) => {
      const { author, limit, after } = readListQuery(query)
      const all = [...books.values()].filter((book) => author === undefined || book.authorId === author)
      const start = after === undefined ? 0 : all.findIndex((book) => book.id === after) + 1
      if (after !== undefined && start === 0) throw new BadRequest('after must be the id of a book of this list.')
      return ok({ books: all.slice(start, start + limit), total: all.length })
    }],
    ['POST', /^\/books$/, ({ body }) => {
      if (books.size >= SHELF_MAX) throw new BadRequest('The shelves are full.', 409)
      const book = { id: `book-${++made.books}`, ...readBook(body, authors) }
      books.set(book.id, book)
      return { status: 201, value: book, location: `books/${book.id}` }
    }],
    ['GET', /^\/books\/([^/]+)$/, ({ params: [id] }) => ok(books.get(id))],
    ['PUT', /^\/books\/([^/]+)$/, ({ params: [id], body }) => {
      if (!books.has(id)) return undefined
      const book = { id, ...readBook(body, authors) }
      books.set(id, book)
      return ok(book)
    }],
    ['DELETE', /^\/books\/([^/]+)$/, ({ params: [id] }) => (books.delete(id) ? { status: 204 } : undefined)],
    ['GET', /^\/authors$/, () => ok({ authors: [...authors.values()] })],
    ['GET', /^\/authors\/([^/]+)$/, ({ params: [id] }) => ok(authors.get(id))],
    ['GET', /^\/customers\/([^/]+)\/orders$/, ({ params: [customerId] }) => ok({ orders: [...orders.values()].filter((order) => order.customerId === customerId) })],
    ['POST', /^\/customers\/([^/]+)\/orders$/, ({ params: [customerId], body, consumer }) => {
      if (orders.size >= SHELF_MAX) throw new BadRequest('The order book is full.', 409)
      const order = { id: `order-${++made.orders}`, customerId, ...readOrder(body, books), placedBy: consumer }
      orders.set(order.id, order)
      return { status: 201, value: order, location: `orders/${order.id}` }
    }],
    ['GET', /^\/customers\/([^/]+)\/orders\/([^/]+)$/, ({ params: [customerId, id] }) => {
      const order = orders.get(id)
      return order?.customerId === customerId ? ok(order) : undefined
    }],
  ]
}

/**
 * Starts a bookshop of its own on a loopback port; 0 lets the system pick one.
 * @param {number} port
 * @param {string} host
 * @returns {Promise<{ port: number, close(): Promise<void> }>}
 */
export async function startBookshop(port = 9001, host = '127.0.0.1') {
  const operations = bookshopOperations()
  const server = createServer((request, response) => {
    answer(operations, request).then(
      ({ status, value, location, allow }) => {
        if (location !== undefined) response.setHeader('Location', location)
        if (allow !== undefined) response.setHeader('Allow', allow)
        if (value === undefined) return response.writeHead(status).end()
        const body = JSON.stringify(value)
        response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body)
      },
      () => response.destroy(),
    )
  })
  // Longer than the gateway keeps an idle connection, so that it is never the bookshop that closes one in use.
  server.keepAliveTimeout = 120_000
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return {
    port: server.address().port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Finds the operation and runs it; what the caller got wrong becomes a 4xx. */
async function answer(operations, request) {
  const url = new URL(request.url, 'http://bookshop.example')
  const here = operations.filter(([, path]) => path.test(url.pathname))
  const found = here.find(([method]) => method === request.method)
  if (here.length === 0) return failure(404, 'There is nothing here.')
  if (found === undefined) return { ...failure(405, 'This method is not offered here.'), allow: here.map(([method]) => method).join(', ') }
  const [, path, operation] = found
  const params = path.exec(url.pathname).slice(1)
  try {
    const body = request.method === 'POST' || request.method === 'PUT' ? await readJson(request) : undefined
    const consumer = request.headers['gatehouse-consumer'] ?? null
    return operation({ params, query: url.searchParams, body, consumer }) ?? failure(404, 'There is no such thing.')
  } catch (error) {
    if (error instanceof BadRequest) return failure(error.status, error.message)
    throw error
  }
}

const failure = (status, message) => ({ status, value: { message } })

async function readJson(request) {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) throw new BadRequest('The body must be application/json.', 415)
  const chunks = []
  let length = 0
  for await (const chunk of request) {
    // What is too much is read and dropped: leaving the loop early would close the connection before the answer is out.
    length += chunk.length
    if (length <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  if (length > BODY_BYTES_MAX) throw new BadRequest(`The body may have ${BODY_BYTES_MAX} bytes at most.`, 413)
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new BadRequest('The body is not JSON.')
  }
}

// Run by itself: node bookshop.js --port 9001
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--port')
  const shop = await startBookshop(at === -1 ? 9001 : Number(process.argv[at + 1]))
  console.log(`bookshop ready on http://127.0.0.1:${shop.port}`)
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shop.close().then(() => process.exit(0)))
}
