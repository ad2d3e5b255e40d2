// The store in PostgreSQL, for a Gatehouse of several nodes: one writes at a time, all hear of it.
import { setTimeout as after } from 'node:timers/promises'
import { CHANGES_LIMIT, type Changes, type Reading, type Store, StoreUnavailable, TRANSACTION_MS_MAX, type Writing } from '../../ports/store.ts'
import { changesOf, type Session } from '../store-session.ts'
import { type TransactionLimits, Transactions } from '../store-transactions.ts'
import { driverSettings, type PostgresAddress } from './address.ts'
import { Connections } from './connections.ts'
import { unavailable } from './failures.ts'
import { Listener } from './listener.ts'
import { migrate } from './migrations.ts'
import { PostgresSession } from './sessions.ts'

const READERS_MAX = 8
const PARTING_MS = 2000
/** One statement: two would see two moments. */
const CHANGES = `
  SELECT (SELECT coalesce(max(sequence), 0) FROM gatehouse_change) AS last, found.*
  FROM (SELECT 1) AS one LEFT JOIN
    (SELECT sequence, collection, key FROM gatehouse_change WHERE sequence > $1 ORDER BY sequence LIMIT ${CHANGES_LIMIT}) AS found ON true
  ORDER BY found.sequence`

export class PostgresStore implements Store {
  private readonly address: PostgresAddress
  private readonly connections: Connections
  private readonly transactions: Transactions
  private readonly msMax: number
  private readonly listeners = new Set<() => void>()
  private listener: Listener | undefined
  private closed: Promise<void> | undefined

  private constructor(address: PostgresAddress, limits: TransactionLimits) {
    this.address = address
    this.msMax = limits.transactionMsMax ?? TRANSACTION_MS_MAX
    const { readersMax = READERS_MAX } = limits
    // One more for the writer, one for the changes.
    this.connections = new Connections(driverSettings(address, this.msMax), readersMax + 2)
    const session = (isWrite: boolean) => (): Session => new PostgresSession(this.connections, isWrite)
    this.transactions = new Transactions({ reading: session(false), writing: session(true) }, { ...limits, readersMax })
  }

  /** Connects, and makes the tables in the account's schema. Rejects with `StoreUnavailable` or `StoreTooNew`. */
  static async open(address: PostgresAddress, limits: TransactionLimits = {}): Promise<PostgresStore> {
    const store = new PostgresStore(address, limits)
    try {
      const client = await store.connections.take()
      try {
        await migrate(client)
      } finally {
        client.release()
      }
    } catch (cause) {
      await store.connections.close()
      throw unavailable(cause)
    }
    return store
  }

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.transactions.read(work)
  }
  write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    return this.transactions.write(work, () => queueMicrotask(this.changed))
  }

  async changes(since: number): Promise<Changes> {
    if (this.closed) throw new StoreUnavailable('the store is closed')
    const client = await this.connections.take()
    let fault: Error | undefined
    try {
      const { rows } = await client.query<Found>({ name: 'changes', text: CHANGES, values: [since] })
      return changesOf(since, {
        last: Number(rows[0]?.last),
        rows: rows.flatMap(({ sequence, collection, key }) => (sequence === null ? [] : [{ sequence: Number(sequence), collection, key }])),
      })
    } catch (cause) {
      throw (fault = unavailable(cause))
    } finally {
      client.release(fault)
    }
  }

  onChange(heard: () => void): () => void {
    this.listeners.add(heard)
    this.listener ??= new Listener(driverSettings(this.address, this.msMax), this.changed)
    return () => void this.listeners.delete(heard)
  }

  close(): Promise<void> {
    this.closed ??= (async () => {
      await this.transactions.close()
      const parting = Promise.all([this.listener?.stop(), this.connections.close()])
      // The last word to a server that a broken network hides is never answered.
      const late = new AbortController()
      await Promise.race([parting, after(PARTING_MS, undefined, { signal: late.signal }).catch(() => {})])
      late.abort()
    })()
    return this.closed
  }

  private readonly changed = (): void => {
    for (const heard of this.listeners) heard()
  }
}

/** Whole numbers of 64 bits come as text. */
interface Found {
  readonly last: string
  readonly sequence: string | null
  readonly collection: string
  readonly key: string
}
