// acme-book-page: one answer out of two, what a book is and how many of it are there, asked for at the same time.
import { definePolicy, type Fetched, object, reply, string } from 'gatehouse/policy'
import { Tenant } from './tenant.ts'

const origin = string({ pattern: /^https?:\/\/[^/?#\s]{1,250}$/, means: 'an origin such as http://127.0.0.1:8122' })

export default definePolicy({
  name: 'acme-book-page',
  stage: 'shape',
  summary: 'Joins what two services know of a book into one answer.',
  config: object({ books: origin, stock: origin }),
  uses: ['fetch'],
  reads: [Tenant],
  denials: {
    unknown: { status: 404, says: 'There is no such book.', ref: 'RFC 9110 15.5.5', mend: 'Ask for /pages/ID with the id of a book.' },
    unavailable: { status: 503, says: 'The page cannot be made at the moment.', ref: 'RFC 9110 15.6.4', mend: 'Ask again in a few seconds.' },
  },
  examples: [
    {
      title: 'Both answer',
      config: { books: 'http://books.example', stock: 'http://stock.example' },
      send: { path: '/pages/b1' },
      fetched: {
        'http://books.example/b1': { body: { id: 'b1', title: 'Persuasion' } },
        'http://stock.example/b1': { body: { inStock: 3 } },
      },
      expect: { status: 200, body: { id: 'b1', title: 'Persuasion', inStock: 3 } },
    },
    {
      title: 'The stock is not known: the page says so',
      config: { books: 'http://books.example', stock: 'http://stock.example' },
      send: { path: '/pages/b1' },
      fetched: { 'http://books.example/b1': { body: { id: 'b1', title: 'Persuasion' } }, 'http://stock.example/b1': 'fails' },
      expect: { status: 200, body: { id: 'b1', title: 'Persuasion', inStock: null } },
    },
    {
      title: 'Without the book there is no page',
      config: { books: 'http://books.example', stock: 'http://stock.example' },
      send: { path: '/pages/b2' },
      fetched: { 'http://books.example/b2': { status: 404 }, 'http://stock.example/b2': { body: { inStock: 0 } } },
      expect: { status: 404, code: 'acme-book-page.unknown' },
    },
    {
      title: 'Nor when books cannot be asked',
      config: { books: 'http://books.example', stock: 'http://stock.example' },
      send: { path: '/pages/b1' },
      expect: { status: 503, code: 'acme-book-page.unavailable' },
    },
  ],
  compile({ books, stock }, { fetch, deny }) {
    const unknown = deny('unknown')
    const unavailable = deny('unavailable', { fields: [['Retry-After', '5']] })
    return {
      async request(x) {
        // Read before the first await, and only what an id may be: what is fetched is never what the caller chose.
        const id = /^\/pages\/([a-z0-9]{1,20})$/.exec(x.path)?.[1]
        if (x.method !== 'GET' || id === undefined) return unknown
        const options = { headers: { 'X-Tenant': x.get(Tenant) ?? '' }, timeoutMs: 1000 }
        const [book, left] = await Promise.allSettled([fetch(`${books}/${id}`, options), fetch(`${stock}/${id}`, options)])
        if (book.status === 'rejected') return unavailable
        if (book.value.status === 404) return unknown
        const known = recordOf(book.value)
        if (known === undefined) return unavailable
        const inStock = left.status === 'fulfilled' ? recordOf(left.value)?.['inStock'] : undefined
        return reply(200, { id, title: known['title'], inStock: typeof inStock === 'number' ? inStock : null })
      },
    }
  },
})

/** The members of a JSON object; undefined when the answer is none. */
function recordOf(answer: Fetched): Record<string, unknown> | undefined {
  if (answer.status !== 200) return undefined
  try {
    const value = answer.json()
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
