// Lists in pages: what every listing operation takes, answers, and does.
import { checked, type Infer, integer, list, mapped, object, optional, type Schema, string } from '../base/schema.ts'
import { type Collection, type Entry, KEY_OCTETS_MAX, type Reading } from '../ports/store.ts'

export const PAGE_MAX = 200
const PAGE_DEFAULT = 50

/** A whole number as a query holds it: in digits. */
export function digits(options: { min: number; max: number; describe?: string }): Schema<number> {
  const { min, max, describe } = options
  const read: Schema<number> = mapped(
    checked(string({ pattern: /^\d{1,15}$/, means: 'a whole number', maxLength: 15 }), (text) =>
      Number(text) < min || Number(text) > max ? { code: 'out-of-range', message: `must be between ${min} and ${max}, found ${text}` } : undefined,
    ),
    Number,
  )
  return { ...read, json: { ...integer({ min, max }).json, format: 'int64', ...(describe && { description: describe }) } }
}

/** The query parameters of a listing, to be spread into its query object. */
export const pageParameters = {
  limit: optional(digits({ min: 1, max: PAGE_MAX, describe: `How many at the most. ${PAGE_DEFAULT} when left out.` }), PAGE_DEFAULT),
  cursor: optional(
    mapped(
      checked(
        string({ pattern: /^[A-Za-z0-9_-]{1,700}$/, maxLength: 700, means: 'the `next` of the page before', describe: 'The `next` of the page before.' }),
        (text) => (keyOf(text) === undefined ? { code: 'bad-value', message: "'cursor' must be the `next` of the page before" } : undefined),
      ),
      (text) => keyOf(text)!,
    ),
  ),
}
export const pageQuery = object(pageParameters)
export type PageQuery = Infer<typeof pageQuery>

const keyOf = (cursor: string): string | undefined => {
  const key = Buffer.from(cursor, 'base64url').toString('latin1')
  return key.length <= KEY_OCTETS_MAX && /^[!-~]+$/.test(key) ? key : undefined
}
export const cursorOf = (key: string): string => Buffer.from(key, 'latin1').toString('base64url')

/** The answer of a listing. */
export const pageShape = <T>(item: Schema<T>) => ({
  items: list(item, { max: PAGE_MAX }),
  next: optional(string({ maxLength: 700, describe: 'The cursor of the next page; absent on the last.' })),
})
export const pageOf = <T>(item: Schema<T>) => object(pageShape(item))

export interface Page<T> {
  readonly items: readonly T[]
  readonly next?: string | undefined
}

/**
 * One page of a collection. `shown` turns a record into what is told, or leaves it out: then the page is filled from what follows, within a bound on
 * how much is looked at, so that a page can be short and still have a next one.
 */
export async function page<T, S>(
  reading: Reading,
  of: Collection<T>,
  { limit, cursor }: PageQuery,
  shown: (entry: Entry<T>) => S | undefined | Promise<S | undefined>,
  options: { readonly prefix?: string; readonly reverse?: boolean } = {},
): Promise<Page<S>> {
  const items: S[] = []
  let edge = cursor
  for (let looked = 0; looked < LOOKED_MAX; looked += SCAN) {
    const bound = edge === undefined ? {} : options.reverse ? { before: edge } : { after: edge }
    const entries = await reading.scan(of, { ...options, ...bound, limit: SCAN })
    for (const entry of entries) {
      edge = entry.key
      const item = await shown(entry)
      if (item !== undefined) items.push(item)
      if (items.length === limit) return entry === entries.at(-1) && entries.length < SCAN ? { items } : { items, next: cursorOf(edge) }
    }
    if (entries.length < SCAN) return { items }
  }
  return { items, next: cursorOf(edge!) }
}
const SCAN = 200
const LOOKED_MAX = 10_000
