// A running Gatehouse: configuration, gateway threads, control listener and store, started in the order that never serves half of it.
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname } from 'node:path'
import { counterTableUse } from '../adapters/shared-memory/counters.ts'
import { sqliteKeyStore } from '../adapters/sqlite/key-store.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { keyDigest, mintKey } from '../base/keys.ts'
import type { LocatedFault } from '../catalog/located-fault.ts'
import { type Configuration, loadConfiguration, type Resolution } from '../catalog/resolve.ts'
import { type Watch, watchConfiguration } from '../catalog/watch.ts'
import { adminToken } from '../management/admin-token.ts'
import { startControl } from '../management/control-server.ts'
import type { DirectoryContent, KeyCredential } from '../model/directory.ts'
import { cutSnapshot } from '../model/snapshot-pieces.ts'
import type { KeyStore } from '../ports/key-store.ts'
import { exposition } from '../telemetry/measures.ts'
import { policies } from './compose.ts'
import type { Settings } from './settings.ts'
import type { Publication } from './thread-messages.ts'
import { GatewayThreads } from './threads.ts'

/** What the operator is told while it runs. */
export interface Voice {
  say(line: string): void
  warn(line: string): void
}

/** The configuration was refused: nothing runs. */
export class RefusedConfiguration extends Error {
  readonly faults: readonly LocatedFault[]
  constructor(faults: readonly LocatedFault[]) {
    super('the configuration is refused')
    this.faults = faults
  }
}

/** A key that was just made. The secret exists nowhere else. */
export interface MadeKey {
  readonly secret: string
  readonly credential: string
}

export class Running {
  readonly file: string
  private readonly voice: Voice
  private readonly clock: Clock = systemClock()
  private readonly threads: GatewayThreads
  private readonly keys: KeyStore
  private readonly started: Configuration
  /** Of what was read at the start: an edit made since is news to the watcher. */
  private readonly digest: string
  private directory: DirectoryContent
  private generation = 1
  private publishes = 1
  private publishesRefused = 0
  private publishSeconds = 0
  private control: Server | undefined
  private watch: Watch | undefined
  tokenFile: string | undefined

  private constructor(file: string, started: Resolution & { readonly ok: true }, voice: Voice) {
    this.file = file
    this.digest = started.digest
    this.voice = voice
    this.started = started
    mkdirSync(started.dataFolder, { recursive: true, mode: 0o700 })
    const log = started.snapshot.gateway.accessLog
    if (typeof log === 'object') mkdirSync(dirname(log.file), { recursive: true, mode: 0o700 })
    if (started.store.kind !== 'sqlite') throw new Error('keys are kept in the embedded store: write store: sqlite:PATH')
    this.keys = sqliteKeyStore(started.store.file)
    this.directory = started.directory
    this.threads = new GatewayThreads(this.publication(started), (text) => voice.warn(text))
  }

  /** Starts everything. Throws `RefusedConfiguration`, or an error whose message is for the operator. */
  static async start(file: string, settings: Settings, voice: Voice): Promise<Running> {
    const first = loadConfiguration(file, { policies, nowMs: nowMs() })
    for (const notice of first.notices) voice.warn(`${notice.file}:${notice.line}:${notice.column} ${notice.code} ${notice.message}`)
    if (!first.ok) throw new RefusedConfiguration(first.faults)
    const running = new Running(file, first, voice)
    try {
      await running.open(settings)
    } catch (cause) {
      await running.stop()
      throw cause
    }
    return running
  }

  private async open(settings: Settings): Promise<void> {
    const admin = adminToken(this.started.dataFolder, settings.adminToken)
    this.tokenFile = admin.file
    await this.threads.start()
    this.control = await startControl(this.started.control.listen, admin.token, {
      ready: () => this.threads.ready,
      metrics: () => this.metrics(),
      createKey: async (consumer, expiresMs) =>
        this.directory.consumers.some(({ name }) => name === consumer) ? this.createKey(consumer, expiresMs) : undefined,
    })
    this.watch = watchConfiguration(this.file, { policies, nowMs, digest: this.digest }, (resolution) => this.changed(resolution))
  }

  /** `http://host:port` of every gateway listener. */
  get urls(): readonly string[] {
    return this.started.snapshot.gateway.listen.map(({ host }, i) => url(host, this.threads.ports[i]!))
  }
  get controlUrl(): string {
    const address = this.control?.address()
    return url(this.started.control.listen.host, typeof address === 'object' && address !== null ? address.port : this.started.control.listen.port)
  }
  get nowMs(): number {
    return Math.floor(this.clock.nowUs() / 1000)
  }
  get threadCount(): number {
    return this.threads.count
  }
  get apis(): Configuration['snapshot']['apis'] {
    return this.started.snapshot.apis
  }

  /** Makes a key, on disk before it is told, and live on every thread when this resolves. */
  async createKey(consumer: string, expiresMs?: number): Promise<MadeKey> {
    const secret = mintKey()
    const digest = keyDigest(secret)
    const key: KeyCredential = { digest, consumer, ...(expiresMs !== undefined && { expiresMs }) }
    this.keys.add(key)
    await this.threads.addKeys([key])
    return { secret, credential: `key_${digest.slice(0, 12)}` }
  }

  /** An edit was read: publish it whole, or say why not and change nothing. */
  private async changed(resolution: Resolution): Promise<void> {
    const seenUs = this.clock.nowUs()
    if (!resolution.ok) {
      this.refusedEdit(resolution.faults.map((fault) => `${fault.file}:${fault.line}:${fault.column} ${fault.code} ${fault.message}`))
      return
    }
    const fixed = needsRestart(this.started, resolution)
    if (fixed.length > 0) {
      this.refusedEdit([`a change of ${fixed.join(', ')} needs a restart`])
      return
    }
    this.generation++
    const before = this.directory
    this.directory = resolution.directory
    try {
      await this.threads.publish(this.publication(resolution))
    } catch (cause) {
      this.directory = before
      this.refusedEdit([(cause as Error).message])
      return
    }
    this.publishes++
    this.publishSeconds = (this.clock.nowUs() - seenUs) / 1e6
    this.voice.say(`published ${this.file}: generation ${this.generation}, ${resolution.snapshot.apis.length} APIs`)
  }
  private refusedEdit(reasons: readonly string[]): void {
    this.publishesRefused++
    this.voice.warn(`the edit is refused, the configuration before it stays:\n  ${reasons.join('\n  ')}`)
  }

  private publication({ snapshot, directory }: Configuration): Publication {
    return { generation: this.generation, pieces: cutSnapshot(snapshot), directory: { ...directory, keys: [...directory.keys, ...this.keys.all()] } }
  }

  private async metrics(): Promise<string> {
    const use = counterTableUse(this.threads.counters)
    return exposition(await this.threads.measures(), {
      publishSeconds: this.publishSeconds,
      publishes: this.publishes,
      publishesRefused: this.publishesRefused,
      threadsConfigured: this.threads.count,
      threadRestarts: this.threads.restarts,
      countersUsed: use.used,
      countersEntries: use.places,
      countersRefused: use.refusedFull,
    })
  }

  /** Drains: what is under way finishes, nothing new begins. */
  async stop(): Promise<void> {
    this.watch?.close()
    await this.threads.drain()
    this.control?.close()
    this.control?.closeAllConnections()
    this.keys.close()
  }
}

const clock = systemClock()
const nowMs = (): number => Math.floor(clock.nowUs() / 1000)
const url = (host: string, port: number): string => `http://${host.includes(':') ? `[${host}]` : host}:${port}`

/** What is read only at the start. */
function needsRestart(started: Configuration, now: Configuration): string[] {
  const parts: [name: string, before: unknown, after: unknown][] = [
    ['gateway.listen', started.snapshot.gateway.listen, now.snapshot.gateway.listen],
    ['gateway.threads', started.snapshot.gateway.threads, now.snapshot.gateway.threads],
    ['gateway.accessLog', started.snapshot.gateway.accessLog, now.snapshot.gateway.accessLog],
    ['control', started.control, now.control],
    ['store', started.store, now.store],
  ]
  return parts.filter(([, before, after]) => JSON.stringify(before) !== JSON.stringify(after)).map(([name]) => name)
}
