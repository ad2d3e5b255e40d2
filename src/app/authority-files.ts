// Keeps the certificates and lists of this Gatehouse's own authorities as files beside its store: a configuration names them like those of any authority.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listAuthorities } from '../authority/authorities.ts'
import { authorityTrust, TRUST_COLLECTIONS } from '../authority/trust.ts'
import type { Store } from '../ports/store.ts'

/** Until a list of what is revoked is written at last, it lets in whom it should not. */
const RETRY_MS = 1000

/** Whether what is there is what should be: nothing is written, and no watcher woken, for nothing. */
function holds(file: string, content: Uint8Array): boolean {
  try {
    return readFileSync(file).equals(content)
  } catch {
    return false
  }
}

export class AuthorityFiles {
  readonly folder: string
  private readonly store: Store
  private readonly report: (text: string) => void
  private stopHearing: (() => void) | undefined
  private since = 0
  private turn: Promise<void> = Promise.resolve()
  private isWaiting = false
  private isClosed = false
  private failing: string | undefined
  private readonly retryMs: number
  private retry: NodeJS.Timeout | undefined

  constructor(store: Store, dataFolder: string, report: (text: string) => void, retryMs = RETRY_MS) {
    this.retryMs = retryMs
    this.store = store
    this.folder = join(dataFolder, 'ca')
    this.report = report
  }

  /** Resolves when the files are those of the store; from then on they follow it. */
  async start(): Promise<void> {
    this.since = (await this.store.changes(Number.MAX_SAFE_INTEGER)).sequence
    await this.write()
    this.stopHearing = this.store.onChange(() => this.follow())
    // What was committed between the two.
    this.follow()
  }
  async close(): Promise<void> {
    this.stopHearing?.()
    this.isClosed = true
    await this.turn
    clearTimeout(this.retry)
  }

  /** One turn for all that was heard while another one ran. */
  private follow(): void {
    if (this.isWaiting || this.isClosed) return
    this.isWaiting = true
    this.turn = this.turn.then(async () => {
      this.isWaiting = false
      try {
        if (await this.isTouched()) await this.write()
        this.failing = undefined
      } catch (cause) {
        this.since = 0
        clearTimeout(this.retry)
        this.retry = setTimeout(() => this.follow(), this.retryMs).unref()
        // Once for all attempts that fail alike.
        const { message } = cause as Error
        if (this.failing !== message) this.report(`the files in ${this.folder} are not those of the store: ${message}`)
        this.failing = message
      }
    })
  }

  private async isTouched(): Promise<boolean> {
    let isTouched = false
    for (;;) {
      const { sequence, changes } = await this.store.changes(this.since)
      const isOver = sequence === this.since
      this.since = sequence
      if (changes === undefined || changes.some(({ collection }) => TRUST_COLLECTIONS.includes(collection))) isTouched = true
      if (isOver || changes === undefined) return isTouched
    }
  }

  private async write(): Promise<void> {
    const wanted = await this.store.read(async (reading) => {
      const files = new Map<string, Uint8Array>()
      for (const { name } of await listAuthorities(reading)) {
        const trust = await authorityTrust(reading, name)
        // A list that waits to be signed leaves the files as they are: an old one is refused when its time is over.
        files.set(`${name}.pem`, Buffer.from(trust?.certificate ?? ''))
        files.set(`${name}.crl`, trust?.crl ?? Buffer.alloc(0))
      }
      return files
    })
    if (wanted.size > 0) mkdirSync(this.folder, { recursive: true, mode: 0o700 })
    for (const [name, content] of wanted) {
      const file = join(this.folder, name)
      if (content.length === 0 || holds(file, content)) continue
      writeFileSync(`${file}.new`, content, { mode: 0o644 })
      renameSync(`${file}.new`, file)
    }
    for (const name of this.present()) if (!wanted.has(name)) rmSync(join(this.folder, name), { force: true })
  }

  private present(): readonly string[] {
    try {
      return readdirSync(this.folder).filter((name) => /\.(?:pem|crl)(?:\.new)?$/.test(name))
    } catch {
      return []
    }
  }
}
