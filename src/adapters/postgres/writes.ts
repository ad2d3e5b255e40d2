// Writes of a transaction in few statements: what the last write of each key says, and the changes in their order.
import type { ClientBase } from 'pg'
import type { Write } from '../store-session.ts'

const PUT = `
  INSERT INTO gatehouse_record (collection, key, value) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
  ON CONFLICT (collection, key) DO UPDATE SET value = excluded.value`
const REMOVE = `
  DELETE FROM gatehouse_record USING unnest($1::text[], $2::text[]) AS gone (collection, key)
  WHERE gatehouse_record.collection = gone.collection AND gatehouse_record.key = gone.key
  RETURNING gatehouse_record.collection, gatehouse_record.key`
/** Under the writers' lock: nobody else takes the next number, and a reader who sees one sees all before it. */
const LOG = `
  INSERT INTO gatehouse_change (sequence, collection, key)
  SELECT (SELECT coalesce(max(sequence), 0) FROM gatehouse_change) + number, collection, key
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS happened (collection, key, number)
  RETURNING sequence`
const TRIM_STEP = 1000

/** Answers whether it is time to cut off old history: once in a thousand changes. */
export async function applyWrites(client: ClientBase, writes: readonly Write[]): Promise<boolean> {
  if (writes.length === 0) return false
  const nameOf = (collection: string, key: string): string => `${collection} ${key}`
  const first = new Map<string, Write>()
  const last = new Map<string, Write>()
  for (const write of writes) {
    const name = nameOf(write[0], write[1])
    if (!first.has(name)) first.set(name, write)
    last.set(name, write)
  }
  // Only of a key whose first write here removes it must the database tell whether it was there.
  const removedFirst = [...first.values()].filter(([, , text]) => text === null)
  const wasThere = new Set((await remove(client, removedFirst)).map((row) => nameOf(...row)))
  const put = [...last.values()].filter(([, , text]) => text !== null)
  if (put.length > 0) await client.query({ name: 'put', text: PUT, values: columns(put, 3) })
  await remove(
    client,
    [...last].filter(([name, write]) => write[2] === null && first.get(name)![2] !== null).map(([, write]) => write),
  )
  return log(client, changesOf(writes, wasThere, nameOf))
}

/** A removal is a change only of what was there. */
function changesOf(writes: readonly Write[], wasThere: Set<string>, nameOf: (collection: string, key: string) => string): Write[] {
  const isThere = wasThere
  return writes.filter(([collection, key, text]) => {
    const name = nameOf(collection, key)
    if (text === null) return isThere.delete(name)
    isThere.add(name)
    return true
  })
}

async function remove(client: ClientBase, writes: readonly Write[]): Promise<[string, string][]> {
  if (writes.length === 0) return []
  return (await client.query<[string, string]>({ name: 'remove', text: REMOVE, values: columns(writes, 2), rowMode: 'array' })).rows
}

async function log(client: ClientBase, changes: readonly Write[]): Promise<boolean> {
  if (changes.length === 0) return false
  const { rows } = await client.query<[string]>({ name: 'log', text: LOG, values: columns(changes, 2), rowMode: 'array' })
  const numbers = rows.map(([sequence]) => Number(sequence))
  const newest = Math.max(numbers[0]!, numbers.at(-1)!)
  return Math.floor(newest / TRIM_STEP) > Math.floor((newest - numbers.length) / TRIM_STEP)
}

const columns = (writes: readonly Write[], count: number): (string | null)[][] =>
  Array.from({ length: count }, (_, column) => writes.map((write) => write[column]!))
