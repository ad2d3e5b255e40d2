// A running Gatehouse: configuration, gateway threads, control listener and store, started in the order that never serves half of it.
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname } from 'node:path'
import { MemoryStore } from '../adapters/memory/store.ts'
import { counterTableUse } from '../adapters/shared-memory/counters.ts'
import { sqliteKeyStore } from '../adapters/sqlite/key-store.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { randomSecret } from '../base/ids.ts'
import { keyDigest } from '../base/keys.ts'
import type { LocatedFault } from '../catalog/located-fault.ts'
import { type Configuration, loadConfiguration, type Resolution } from '../catalog/resolve.ts'
import { type Watch, watchConfiguration } from '../catalog/watch.ts'
import { adoptKeys } from '../directory/file-keys.ts'
import { isRefused, type Refused } from '../directory/records.ts'
import { adminToken } from '../management/admin-token.ts'
import { startControl } from '../management/control-server.ts'
import { cutSnapshot } from '../model/snapshot-pieces.ts'
import type { KeyStore } from '../ports/key-store.ts'
import { exposition } from '../telemetry/measures.ts'
import { policies } from './compose.ts'
import { type DirectoryMeans, type FileShare, LiveDirectory } from './live-directory.ts'
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
  /** Where keys are kept when no store is given. */
  private readonly keys: KeyStore | undefined
  readonly directory: LiveDirectory
  private readonly started: Configuration
  /** Of what was read at the start: an edit made since is news to the watcher. */
  private readonly digest: string
  private generation = 1
  private publishes = 1
  private publishesRefused = 0
  private publishSeconds = 0
  private control: Server | undefined
  private watch: Watch | undefined
  tokenFile: string | undefined

  private constructor(file: string, started: Resolution & { readonly ok: true }, voice: Voice, prepared: Prepared) {
    this.file = file
    this.digest = started.digest
    this.voice = voice
    this.started = started
    const log = started.snapshot.gateway.accessLog
    if (typeof log === 'object') mkdirSync(dirname(log.file), { recursive: true, mode: 0o700 })
    this.keys = prepared.keys
    this.directory = prepared.directory
    this.threads = new GatewayThreads(this.publication(started, prepared.share), this.directory.memory, {
      report: (text) => voice.warn(text),
      used: (uses) => this.directory.used(uses),
    })
    this.directory.attach((memory) => this.threads.handOver(memory))
    this.directory.accept(prepared.share)
  }

  /** Starts everything. Throws `RefusedConfiguration`, or an error whose message is for the operator. */
  static async start(file: string, settings: Settings, voice: Voice, means?: DirectoryMeans): Promise<Running> {
    const first = loadConfiguration(file, { policies, nowMs: nowMs() })
    for (const notice of first.notices) voice.warn(`${notice.file}:${notice.line}:${notice.column} ${notice.code} ${notice.message}`)
    if (!first.ok) throw new RefusedConfiguration(first.faults)
    const running = new Running(file, first, voice, await prepare(first, voice, means))
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
      createKey: (consumer, expiresMs) => this.createKey(consumer, expiresMs),
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
  async createKey(consumer: string, expiresMs?: number): Promise<MadeKey | Refused<string>> {
    const made = await this.directory.createKey({ by: 'admin-token', nowMs: this.nowMs }, consumer, expiresMs)
    if (isRefused(made)) return made
    const { secret, key } = made
    this.keys?.add({ digest: keyDigest(secret), consumer, ...(expiresMs !== undefined && { expiresMs }) })
    return { secret, credential: key.id }
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
    try {
      const share = await this.directory.admit(resolution.directory)
      const { ownedTwice } = share.admitted
      if (ownedTwice.length > 0) {
        this.refusedEdit(ownedTwice.map(ownedTwiceSays))
        return
      }
      await this.threads.publish(this.publication(resolution, share))
      this.directory.accept(share)
    } catch (cause) {
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

  private publication({ snapshot }: Configuration, { table }: FileShare): Publication {
    return { generation: this.generation, pieces: cutSnapshot(snapshot), directory: table.memory }
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
    await this.directory.stop()
    this.keys?.close()
  }
}

interface Prepared {
  readonly directory: LiveDirectory
  readonly share: FileShare
  readonly keys: KeyStore | undefined
}

/** Loads the directory before any thread serves: a key that was revoked must not be valid for a moment. Without a store, keys are kept as digests in the file's. */
async function prepare(started: Configuration, voice: Voice, means: DirectoryMeans | undefined): Promise<Prepared> {
  mkdirSync(started.dataFolder, { recursive: true, mode: 0o700 })
  if (means === undefined && started.store.kind !== 'sqlite') throw new Error('keys are kept in the embedded store: write store: sqlite:PATH')
  const keys = means === undefined && started.store.kind === 'sqlite' ? sqliteKeyStore(started.store.file) : undefined
  const { store, dataKey } = means ?? { store: new MemoryStore(), dataKey: randomSecret(32) }
  const directory = new LiveDirectory({ store, dataKey }, nowMs, (text) => voice.warn(text))
  try {
    if (keys !== undefined) await store.write((writing) => adoptKeys(writing, directory.digests, nowMs(), keys.all()))
    await directory.start()
    const share = await directory.admit(started.directory)
    if (share.admitted.ownedTwice.length > 0) throw new Error(share.admitted.ownedTwice.map(ownedTwiceSays).join('\n'))
    return { directory, share, keys }
  } catch (cause) {
    await directory.stop()
    keys?.close()
    throw cause
  }
}
const ownedTwiceSays = (name: string): string => `the consumer '${name}' is owned by the console: take it out of the file, or remove it there`

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
    ['envelope', started.envelope, now.envelope],
  ]
  return parts.filter(([, before, after]) => JSON.stringify(before) !== JSON.stringify(after)).map(([name]) => name)
}
