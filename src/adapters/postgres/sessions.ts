// One transaction in PostgreSQL, reading or writing.
import type { PoolClient } from 'pg'
import { CHANGES_KEPT, StoreUnavailable } from '../../ports/store.ts'
import type { Page, Session, Span, Write } from '../store-session.ts'
import type { Connections } from './connections.ts'
import { failedCommit, unavailable } from './failures.ts'
import { WRITER_LOCK } from './migrations.ts'
import { applyWrites } from './writes.ts'

const SPAN = 'SELECT key, value FROM gatehouse_record WHERE collection = $1 AND key >= $2 AND key < $3 ORDER BY key'
const statements = {
  get: 'SELECT value FROM gatehouse_record WHERE collection = $1 AND key = $2',
  up: `${SPAN} LIMIT $4`,
  down: `${SPAN} DESC LIMIT $4`,
  // One step down the index for each name; DISTINCT would walk over every record.
  collections: `
    WITH RECURSIVE name (name) AS (
      (SELECT min(collection) FROM gatehouse_record)
      UNION ALL SELECT (SELECT min(collection) FROM gatehouse_record WHERE collection > name) FROM name WHERE name IS NOT NULL)
    SELECT name FROM name WHERE name IS NOT NULL`,
  trim: 'DELETE FROM gatehouse_change WHERE sequence <= (SELECT max(sequence) FROM gatehouse_change) - $1',
} as const

export class PostgresSession implements Session {
  private readonly connections: Connections
  private readonly isWrite: boolean
  private begun: Promise<PoolClient> | undefined
  /** One question after the other: rooms ask for several records at once, and a connection answers one at a time. */
  private turn: Promise<unknown> = Promise.resolve()
  private client: PoolClient | undefined
  private isBroken = false
  private isDone = false
  private historyIsLong = false

  constructor(connections: Connections, isWrite: boolean) {
    this.connections = connections
    this.isWrite = isWrite
  }

  get(collection: string, key: string): Promise<string | undefined> {
    return this.ask(async (client) => (await rows<[string]>(client, 'get', [collection, key]))[0]?.[0])
  }
  scan({ collection, from, to, reverse, limit }: Span, unsent: readonly Write[]): Promise<Page> {
    return this.ask(async (client) => {
      await this.apply(client, unsent)
      const found = await rows<[string, string]>(client, reverse ? 'down' : 'up', [collection, from, to, limit])
      return { keys: found.map(([key]) => key), values: `[${found.map(([, value]) => value).join(',')}]` }
    })
  }
  collections(unsent: readonly Write[]): Promise<readonly string[]> {
    return this.ask(async (client) => {
      await this.apply(client, unsent)
      return (await rows<[string]>(client, 'collections', [])).map(([name]) => name)
    })
  }

  async commit(unsent: readonly Write[]): Promise<void> {
    await this.ask(async (client) => {
      await this.apply(client, unsent)
      if (this.historyIsLong) await rows(client, 'trim', [CHANGES_KEPT])
      await client.query('NOTIFY gatehouse_change')
    })
    let tag: string
    try {
      tag = (await this.client!.query('COMMIT')).command
    } catch (cause) {
      this.isBroken = true
      throw failedCommit(cause)
    }
    this.isDone = true
    // A transaction that failed before is "committed" by rolling it back, and the server calls that a success.
    if (tag !== 'COMMIT') throw new StoreUnavailable('PostgreSQL rolled the transaction back')
  }

  async end(): Promise<void> {
    // What is under way is waited for: a transaction that is still beginning is let go as soon as it has begun, or failed to.
    await this.turn
    const { client } = this
    if (!client) return
    this.client = undefined
    if (!this.isDone && !this.isBroken) {
      await client.query('ROLLBACK').catch(() => {
        this.isBroken = true
      })
    }
    client.release(this.isBroken)
  }

  private async apply(client: PoolClient, unsent: readonly Write[]): Promise<void> {
    if (await applyWrites(client, unsent)) this.historyIsLong = true
  }
  private ask<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const answer = this.turn.then(async () => {
      try {
        return await work(await (this.begun ??= this.begin()))
      } catch (cause) {
        this.isBroken = true
        throw unavailable(cause)
      }
    })
    this.turn = answer.catch(() => {})
    return answer
  }
  private async begin(): Promise<PoolClient> {
    const client = await this.connections.take()
    this.client = client
    // READ COMMITTED on purpose: each statement after the lock sees what the one who held it before has committed. A snapshot for all of the
    // transaction would be taken before the lock is waited for.
    if (this.isWrite) await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${DURABLE}; ${WRITER_LOCK}`)
    else await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    return client
  }
}

/**
 * What `write` acknowledges must survive the loss of power, whatever the server's default is: `off` would not; every other value is at least as strong
 * as `local` and stays. Said in each transaction: a connection that could not be told, or that a proxy shares, must not commit otherwise.
 */
const DURABLE = `SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)`

/** A prepared statement of this connection; rows as arrays. */
async function rows<Row extends unknown[]>(client: PoolClient, name: keyof typeof statements, values: unknown[]): Promise<Row[]> {
  return (await client.query<Row>({ name, text: statements[name], values, rowMode: 'array' })).rows
}
