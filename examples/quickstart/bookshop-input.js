// What the bookshop accepts: reads of bodies and queries that refuse anything the OpenAPI document does not describe.

/** The caller sent something that cannot be served as it is. */
export class BadRequest extends Error {
  constructor(message, status = 400) {
    super(message)
    this.status = status
  }
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isWhole = (value, min, max) => Number.isInteger(value) && value >= min && value <= max

function require(condition, message) {
  if (!condition) throw new BadRequest(message)
}

function requireOnly(value, names) {
  require(isObject(value), 'The body must be an object.')
  for (const name of Object.keys(value)) require(names.includes(name), 'The body has a member that is not known.')
}

/** A book as a caller sends it: everything but the id, which is the shop's to give. */
export function readBook(body, authors) {
  requireOnly(body, ['title', 'authorId', 'isbn', 'priceCents', 'stock'])
  const { title, authorId, isbn, priceCents, stock = 0 } = body
  require(typeof title === 'string' && title.length >= 1 && title.length <= 200, 'title must be text of 1 to 200 characters.')
  require(typeof authorId === 'string' && authors.has(authorId), 'authorId must be the id of an author.')
  require(typeof isbn === 'string' && /^97[89]\d{10}$/.test(isbn), 'isbn must be 13 digits that begin with 978 or 979.')
  require(isWhole(priceCents, 0, 1_000_000), 'priceCents must be a whole number from 0 to 1000000.')
  require(isWhole(stock, 0, 100_000), 'stock must be a whole number from 0 to 100000.')
  return { title, authorId, isbn, priceCents, stock }
}

/** An order as a caller sends it, with its total worked out by the shop: a caller never sets a price. */
export function readOrder(body, books) {
  requireOnly(body, ['items'])
  const { items } = body
  require(Array.isArray(items) && items.length >= 1 && items.length <= 50, 'items must be a list of 1 to 50.')
  for (const item of items) {
    requireOnly(item, ['bookId', 'quantity'])
    require(typeof item.bookId === 'string' && books.has(item.bookId), 'bookId must be the id of a book.')
    require(isWhole(item.quantity, 1, 100), 'quantity must be a whole number from 1 to 100.')
  }
  const totalCents = items.reduce((sum, { bookId, quantity }) => sum + books.get(bookId).priceCents * quantity, 0)
  return { items: items.map(({ bookId, quantity }) => ({ bookId, quantity })), totalCents }
}

/** The query of the list of books. */
export function readListQuery(query) {
  for (const name of query.keys()) require(['author', 'limit', 'after'].includes(name), 'The query has a parameter that is not known.')
  const limit = query.get('limit') ?? '20'
  require(/^\d{1,3}$/.test(limit) && isWhole(Number(limit), 1, 100), 'limit must be a whole number from 1 to 100.')
  return { author: query.get('author') ?? undefined, limit: Number(limit), after: query.get('after') ?? undefined }
}
