// One life of a process that writes into a store: it checks what the lives before it left, then writes until it is killed.
import { writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { argv } from 'node:process'
import type { PostgresAddress } from '../../src/adapters/postgres/address.ts'
import { collection, everyEntry, type Reading, type Store, StoreUnavailable } from '../../src/ports/store.ts'

/** What the process is told, as JSON in its first argument. */
export interface LifeOrder {
  readonly store: { readonly file: string } | PostgresAddress
}
/** Exit code of a life that ended because its store went away. */
export const STORE_GONE = 3

const ACCOUNTS = 8
const moves = collection<{ readonly from: number; readonly to: number; readonly amount: number; readonly padding: string }>('move')
const balances = collection<number>('balance')
const last = collection<number>('last')
const nameOf = (n: number): string => String(n).padStart(9, '0')

/** Every move is there, from the first to the last, and the balances are exactly what they lead to: a half transaction breaks one or the other. */
export async function checkedLast(reading: Reading): Promise<number> {
  const expected = new Array<number>(ACCOUNTS).fill(0)
  let count = 0
  for await (const { key, value } of everyEntry(reading, moves)) {
    if (key !== nameOf(++count)) throw new Error(`move ${count} is missing: found ${key}`)
    expected[value.from]! -= value.amount
    expected[value.to]! += value.amount
  }
  const found = (await reading.scan(balances, { limit: ACCOUNTS })).map(({ value }) => value)
  if (count > 0 && JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`balances ${found}, by the moves ${expected}`)
  if (((await reading.get(last, 'move')) ?? 0) !== count) throw new Error('the last move is another one than is noted')
  return count
}

/** The next move with all that belongs to it: ten records in one transaction. Answers its number. */
function move(store: Store): Promise<number> {
  return store.write(async (writing) => {
    // Asked here and not remembered: what a process before this one had under way may have been kept since.
    const n = ((await writing.get(last, 'move')) ?? 0) + 1
    const from = (n * 7) % ACCOUNTS
    const to = (n * 3 + 1) % ACCOUNTS
    const amount = (n % 97) + 1
    // Now and then larger than a page, so that a transaction is many writes to the disk.
    writing.put(moves, nameOf(n), { from, to, amount, padding: 'x'.repeat(n % 10 === 0 ? 50_000 : 100) })
    for (let account = 0; account < ACCOUNTS; account++) {
      const before = (await writing.get(balances, `${account}`)) ?? 0
      writing.put(balances, `${account}`, before - (account === from ? amount : 0) + (account === to ? amount : 0))
    }
    writing.put(last, 'move', n)
    return n
  })
}

/** Loads only what it needs: hundreds of lives begin with this. */
async function open(where: LifeOrder['store']): Promise<Store> {
  if ('file' in where) return (await import('../../src/adapters/sqlite/store.ts')).SqliteStore.open(where.file)
  return (await import('../../src/adapters/postgres/store.ts')).PostgresStore.open(where)
}

async function live({ store: where }: LifeOrder): Promise<void> {
  const store = await open(where)
  const found = await store.read(checkedLast)
  // Who is killed leaves no cache behind, and the next life would compile everything anew.
  flushCompileCache()
  // Written at once, octet for octet: what is acknowledged has left this process before it can be killed.
  writeSync(1, `checked ${found}\n`)
  for (;;) writeSync(1, `kept ${await move(store)}\n`)
}

if (argv[1] === import.meta.filename) {
  try {
    await live(JSON.parse(argv[2]!) as LifeOrder)
  } catch (cause) {
    writeSync(2, `${(cause as Error).stack}\n`)
    process.exit(cause instanceof StoreUnavailable ? STORE_GONE : 1)
  }
}
