// What stands on the bookshop's shelves when it opens. Fresh objects at each call: one shop's sales are not another's.

export const firstAuthors = () => [
  { id: 'author-1', name: 'Mary Shelley', born: 1797 },
  { id: 'author-2', name: 'Herman Melville', born: 1819 },
  { id: 'author-3', name: 'Jane Austen', born: 1775 },
]

export const firstBooks = () => [
  { id: 'book-1', title: 'Frankenstein', authorId: 'author-1', isbn: '9780000000019', priceCents: 1250, stock: 12 },
  { id: 'book-2', title: 'Moby-Dick', authorId: 'author-2', isbn: '9780000000026', priceCents: 1890, stock: 4 },
  { id: 'book-3', title: 'Pride and Prejudice', authorId: 'author-3', isbn: '9780000000033', priceCents: 990, stock: 31 },
  { id: 'book-4', title: 'Emma', authorId: 'author-3', isbn: '9780000000040', priceCents: 1090, stock: 7 },
]

export const firstOrders = () => [
  { id: 'order-1', customerId: 'customer-1', items: [{ bookId: 'book-2', quantity: 1 }], totalCents: 1890, placedBy: null },
  { id: 'order-2', customerId: 'customer-2', items: [{ bookId: 'book-3', quantity: 2 }], totalCents: 1980, placedBy: null },
]
