// Two services of a bookshop, as small as they can be: what a book is, and how many are there. `node services.js [BOOKS-PORT STOCK-PORT]`.
import { createServer } from 'node:http'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'

const titles = { b1: 'Persuasion', b2: 'Emma' }
const left = { north: { b1: 3, b2: 0 }, south: { b1: 1, b2: 7 } }

function service(answer) {
  return createServer((request, response) => {
    const id = request.url.split('/').at(-1)
    const value = answer(id, request.headers['x-tenant'])
    response.writeHead(value === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value ?? { error: 'unknown' }))
  })
}

/** Resolves to the two servers when they listen on loopback. */
export async function startServices(booksPort, stockPort) {
  const books = service((id, tenant) => (Object.hasOwn(titles, id) ? { id, title: titles[id], tenant } : undefined))
  const stock = service((id, tenant) => (Object.hasOwn(titles, id) ? { inStock: left[tenant]?.[id] } : undefined))
  await new Promise((done) => books.listen(booksPort, '127.0.0.1', done))
  await new Promise((done) => stock.listen(stockPort, '127.0.0.1', done))
  return { books, stock }
}

if (argv[1] === fileURLToPath(import.meta.url)) await startServices(Number(argv[2] ?? 8122), Number(argv[3] ?? 8123))
