// Connections to PostgreSQL: kept for the next transaction, made anew with back-off when the server cannot be reached.
import pg, { type ClientConfig, type PoolClient } from 'pg'
import { StoreUnavailable } from '../../ports/store.ts'
import { unavailable } from './failures.ts'

const BACK_OFF_MS = 100
const BACK_OFF_MS_MAX = 2000

export class Connections {
  private readonly pool: pg.Pool
  private backOffMs = 0
  private failed: Error | undefined
  private lull: NodeJS.Timeout | undefined

  constructor(settings: ClientConfig, max: number) {
    this.pool = new pg.Pool({ ...settings, max, idleTimeoutMillis: 60_000, allowExitOnIdle: true })
    // An idle connection that breaks is dropped by the pool; the next one who wants one gets a new one.
    this.pool.on('error', () => {})
    this.pool.on('connect', (client) => void client.on('error', () => {}))
  }

  /** Rejects with `StoreUnavailable`; at once while a server that could not be reached is left in peace. */
  async take(): Promise<PoolClient> {
    if (this.failed) throw new StoreUnavailable('PostgreSQL cannot be reached; it is tried again shortly', this.failed)
    try {
      const client = await this.pool.connect()
      this.backOffMs = 0
      return client
    } catch (cause) {
      this.rest(cause as Error)
      throw unavailable(cause)
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.lull)
    await this.pool.end()
  }

  private rest(cause: Error): void {
    if (this.failed) return
    this.failed = cause
    this.backOffMs = Math.min(BACK_OFF_MS_MAX, this.backOffMs * 2 || BACK_OFF_MS)
    this.lull = setTimeout(() => (this.failed = undefined), this.backOffMs).unref()
  }
}
