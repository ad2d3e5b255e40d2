// Hears of commits by any node: PostgreSQL's notifications, and a slow look beside them for those that are lost.
import pg, { type ClientConfig } from 'pg'

const LOOK_MS = 500
/** A server that a broken network hides says nothing, and no error comes: an answer that takes longer is none. */
const ANSWER_MS = 2000
const BACK_OFF_MS = 100
const BACK_OFF_MS_MAX = 2000

export class Listener {
  private readonly settings: ClientConfig
  private readonly heard: () => void
  private client: pg.Client | undefined
  private timer: NodeJS.Timeout | undefined
  private backOffMs = BACK_OFF_MS
  private last = -1
  private stopped = false

  constructor(settings: ClientConfig, heard: () => void) {
    this.settings = { ...settings, query_timeout: ANSWER_MS, connectionTimeoutMillis: ANSWER_MS }
    this.heard = heard
    void this.connect()
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    await this.client?.end().catch(() => {})
  }

  private async connect(): Promise<void> {
    const client = new pg.Client(this.settings)
    this.client = client
    client.on('error', () => this.lost(client))
    client.on('end', () => this.lost(client))
    client.on('notification', () => this.heard())
    try {
      await client.connect()
      await client.query('LISTEN gatehouse_change')
      this.backOffMs = BACK_OFF_MS
      await this.look(client)
    } catch {
      this.lost(client)
    }
  }

  /** The first look tells what was committed since the listener was asked for, and one after a lost connection what was missed. */
  private async look(client: pg.Client): Promise<void> {
    const { rows } = await client.query<{ last: string }>('SELECT coalesce(max(sequence), 0) AS last FROM gatehouse_change')
    const last = Number(rows[0]?.last)
    if (last !== this.last) this.heard()
    this.last = last
    if (this.stopped || this.client !== client) return
    this.timer = setTimeout(() => this.look(client).catch(() => this.lost(client)), LOOK_MS)
    this.timer.unref()
  }

  private lost(client: pg.Client): void {
    if (this.client !== client) return
    this.client = undefined
    clearTimeout(this.timer)
    client.end().catch(() => {})
    if (this.stopped) return
    this.timer = setTimeout(() => void this.connect(), this.backOffMs).unref()
    this.backOffMs = Math.min(BACK_OFF_MS_MAX, this.backOffMs * 2)
  }
}
