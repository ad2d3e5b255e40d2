// A running Gatehouse: configuration, gateway threads, control listener and store, started in the order that never serves half of it.
import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname, resolve } from 'node:path'
import { counterMemory, sharedCounters } from '../adapters/shared-memory/counters.ts'
import { type Clock, systemClock } from '../base/clock.ts'
import { randomName, randomSecret } from '../base/ids.ts'
import { faultLine } from '../catalog/check.ts'
import type { LocatedFault } from '../catalog/reading/located-fault.ts'
import type { Sources } from '../catalog/reading/sources.ts'
import { type Watch, watchSources } from '../catalog/reading/watch.ts'
import { consoleOrigin } from '../catalog/resolving/control-resolution.ts'
import { type Configuration, resolveSources } from '../catalog/resolving/resolve.ts'
import { CatalogPublishing, type News } from '../catalog/revisions/catalog-publishing.ts'
import { StatusService } from '../certificates/status-service.ts'
import { isRefused, type Refused } from '../directory/records.ts'
import { UsageBook } from '../directory/usage-book.ts'
import { unsafeFor } from '../gateway/http2/guards.ts'
import { type AdminToken, adminToken } from '../management/admin-token.ts'
import { startControl } from '../management/control-server.ts'
import { ControlTls } from '../management/control-tls.ts'
import { operations } from '../management/operations/index.ts'
import { insecureUpstreams } from '../model/upstream-reports.ts'
import type { Store } from '../ports/store.ts'
import { mergedTargets } from '../telemetry/measures.ts'
import { Announcing } from './announcing.ts'
import { AuthorityFiles } from './authority-files.ts'
import { backUpFolder, backUpsIn } from './back-ups.ts'
import { CertificateUpkeep } from './certificate-upkeep.ts'
import { policies } from './compose.ts'
import { controlPlane } from './control-plane.ts'
import { type Foundations, isOpenToOthers, openFoundations } from './foundations.ts'
import { urlOf } from './listener-reports.ts'
import { type FileShare, LiveDirectory } from './live-directory.ts'
import { LiveDrains } from './live-drains.ts'
import { Messages } from './messages.ts'
import { metricsPage } from './metrics-page.ts'
import { needsRestart } from './needs-restart.ts'
import { OwnPolicies } from './own-policies.ts'
import { endControl, inTime } from './parting.ts'
import { publicationOf } from './publication.ts'
import { RefusedConfiguration } from './refused-configuration.ts'
import type { Settings } from './settings.ts'
import { Tasks } from './tasks.ts'
import type { Publication } from './thread-messages.ts'
import { GatewayThreads, probe } from './threads.ts'
import { Upkeep } from './upkeep.ts'
import { VERSION } from './version.ts'
import type { Voice } from './voice.ts'
import { type WayOut, wayOut } from './way-out.ts'

/** A key that was just made. The secret exists nowhere else. */
export interface MadeKey {
  readonly secret: string
  readonly credential: string
}

/** Entries of the table that requests of operators to the control listener are counted in. */
const CONTROL_COUNTERS = 4096
/** Entries of the one for addresses of anybody: more than can be kept from resting by requests that one process answers. */
const GUEST_COUNTERS = 65_536
/** At most one transaction in so long for who called what. */
const USAGE_MS = 10_000
const USAGE_SWEEP_MS = 3_600_000

export class Running {
  readonly file: string
  readonly directory: LiveDirectory
  tokenFile: string | undefined
  private readonly voice: Voice
  private readonly clock: Clock = systemClock()
  private readonly foundations: Foundations
  private catalog!: CatalogPublishing
  private started!: Configuration
  private threads: GatewayThreads | undefined
  private egress!: WayOut
  private isServing = false
  private generation = 1
  private publishes = 1
  private publishesRefused = 0
  private noticed: ReadonlySet<string> = new Set()
  private publishSeconds = 0
  private control: Server | undefined
  private controlTls: ControlTls | undefined
  private watch: Watch | undefined
  private upkeep: Upkeep | undefined
  private messages: Messages | undefined
  private usage: UsageBook | undefined
  private published: AuthorityFiles | undefined
  private drains: LiveDrains | undefined
  private readonly nodeId = randomName('node')
  private certificates!: CertificateUpkeep
  private readonly own: OwnPolicies
  private readonly tasks = new Tasks((cause) => this.voice.warn(`a task failed and is tried again: ${(cause as Error).message}`))

  private constructor(file: string, voice: Voice, foundations: Foundations, own: OwnPolicies) {
    this.own = own
    this.file = file
    this.voice = voice
    this.foundations = foundations
    const { store, directoryKey } = foundations
    this.directory = new LiveDirectory(
      { store, dataKey: directoryKey },
      () => this.nowMs,
      (text) => voice.warn(text),
    )
  }

  /** Starts everything. Throws `RefusedConfiguration`, or an error whose message is for the operator. `store`: one in place of the configured one. */
  static async start(file: string, settings: Settings, voice: Voice, store?: Store): Promise<Running> {
    const own = new OwnPolicies()
    const sources = await own.read(file)
    const nowMs = Math.floor(systemClock().nowUs() / 1000)
    // The file says where the store is: it has to stand by itself before what the store holds can join it.
    const alone = resolveSources(sources, { policies, nowMs })
    if (!alone.ok) throw new RefusedConfiguration(alone.faults)
    mkdirSync(alone.dataFolder, { recursive: true, mode: 0o700 })
    if (isOpenToOthers(alone.dataFolder))
      voice.warn(`others than the owner may write into ${alone.dataFolder}, and so take away or replace what is kept there: chmod go-w it`)
    const running = new Running(file, voice, await openFoundations(alone, settings, { nowMs, store, report: (text) => voice.warn(text) }), own)
    try {
      await (running.published = new AuthorityFiles(running.foundations.store, alone.dataFolder, (text) => voice.warn(text))).start()
      // What the store knows to be revoked is refused from the first request on, whatever the file said when it was read.
      await running.open(await own.read(file), settings)
    } catch (cause) {
      await running.stop()
      throw cause
    }
    return running
  }

  private async open(sources: Sources, settings: Settings): Promise<void> {
    for (const line of this.foundations.lines) this.voice.say(line)
    const { foundations, nodeId, voice } = this
    this.certificates = await CertificateUpkeep.open({ foundations, nodeId, voice, nowMs: () => this.nowMs })
    await this.openCatalog(sources)
    const started = (this.started = this.catalog.configuration)
    const { host, port } = started.control.listen
    // Before any traffic: what cannot be managed is not served either.
    if (port !== 0) await probe(host, port)
    const admin = adminToken(started.dataFolder, settings.adminToken)
    this.tokenFile = admin.file
    const log = started.snapshot.gateway.accessLog
    if (typeof log === 'object') mkdirSync(dirname(log.file), { recursive: true, mode: 0o700 })
    // Before any thread serves: a key that was revoked must not be valid for a moment.
    await this.directory.start()
    const share = await this.admitted(started)
    const usage = (this.usage = new UsageBook(this.foundations.store, () => this.catalog.configuration.settings.retention.usage))
    this.directory.onUse = (uses) => usage.add(uses)
    const report = (text: string): void => this.voice.warn(text)
    this.egress = wayOut(
      () => this.catalog.configuration.egress.allowPrivate,
      () => [{ host, port: this.controlPort }],
    )
    const statuses = new StatusService({ egress: this.egress, nowMs: () => this.nowMs, report })
    const threads = new GatewayThreads(this.publication(started, share), this.directory.memory, {
      report,
      used: (uses) => this.directory.used(uses),
      statusOf: (question) => statuses.ask(question),
      nameOf: (revision) => this.own.revisions.named(revision),
    })
    this.directory.attach((memory) => threads.handOver(memory))
    this.directory.accept(share)
    this.threads = threads
    await (this.drains = new LiveDrains({ store: this.foundations.store, report, tell: (drained) => threads.drainTargets(drained) })).start()
    await threads.start()
    this.isServing = true
    await this.openControl(started, settings, admin.token)
    this.tasks.every(USAGE_MS, () => usage.flush())
    this.tasks.every(USAGE_SWEEP_MS, () => usage.sweep(this.nowMs))
    this.watch = watchSources(this.file, { digest: sources.digest }, async (read) => this.catalog.fileChanged(await this.own.load(read)))
    const { trail, store } = this.foundations
    const event = { act: 'gatehouse.start', actor: { kind: 'system', id: 'system' }, outcome: 'done', detail: { version: VERSION } } as const
    await store.write((writing) => trail.append(writing, event, this.nowMs))
  }

  private async openCatalog(sources: Sources): Promise<void> {
    const { store, trail } = this.foundations
    const opened = await CatalogPublishing.open(
      {
        store,
        policies,
        nodeId: this.nodeId,
        held: this.certificates.holdings,
        nowMs: () => this.nowMs,
        live: (configuration) => this.publish(configuration),
        obstacles: (configuration) => needsRestart(this.started, configuration),
        told: (news) => this.told(news),
        within: async (writing, { number, changes }) => {
          const object = { kind: 'revision', name: String(number) }
          await trail.append(writing, { act: 'file.publish', actor: { kind: 'file', id: 'file' }, outcome: 'done', object, detail: { changes } }, this.nowMs)
        },
      },
      sources,
    )
    if (!opened.ok) throw new RefusedConfiguration(opened.faults)
    this.notice(opened.notices)
    const { nghttp2 } = process.versions
    // Clients are read by our own code; the library speaks to upstreams alone.
    if (opened.catalog.configuration.snapshot.apis.some(({ upstream }) => upstream.http2))
      for (const attack of unsafeFor(nghttp2))
        this.voice.warn(
          `An upstream speaks HTTP/2, and nghttp2 ${nghttp2} of this Node.js does not withstand ${attack}: use a newer Node.js, or no \`protocol: http/2\``,
        )
    this.catalog = opened.catalog
    this.foundations.notices.webhooks = () => this.catalog.configuration.settings.webhooks
  }

  private async openControl({ control, dataFolder }: Configuration, settings: Settings, token: AdminToken): Promise<void> {
    const { store, backUp, storeKind, envelope, trail, notices, peopleKey } = this.foundations
    const { host, port } = control.listen
    const { egress } = this
    const messages = (this.messages = new Messages({
      ...{ store, envelope, egress, notices, contactKeys: this.directory.contactKeys, environment: settings.secret },
      guard: () => egress.guard,
      configuration: () => this.catalog.configuration,
      folder: dirname(resolve(this.file)),
      nowMs: () => this.nowMs,
      report: (text) => this.voice.warn(text),
    }))
    const origin = consoleOrigin(control)
    this.controlTls = control.listen.tls && new ControlTls(control.listen.tls)
    const report = (cause: unknown): void => this.voice.warn(`control: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`)
    const plane = controlPlane({
      ...{ store, envelope, trail, peopleKey, report, clock: this.clock, catalog: this.catalog, directory: this.directory },
      backUps: backUpsIn(backUpFolder(dataFolder), backUp, storeKind === 'sqlite' ? 'db' : 'jsonl'),
      responses: { purge: async (what) => (await this.threads?.purge(what)) ?? { responses: 0, octets: 0 } },
      system: { version: VERSION, storeKind, generation: () => this.generation },
      targets: { measured: async () => mergedTargets((await this.threads?.measures()) ?? []), catchUp: async () => this.drains?.catchUp() },
      counters: sharedCounters(counterMemory(CONTROL_COUNTERS), randomSecret(16)),
      guestCounters: sharedCounters(counterMemory(GUEST_COUNTERS), randomSecret(16)),
      egress,
      tell: (writing, notice) => messages.tell(writing, notice),
      adminToken: token,
      adminTokenAlways: control.adminToken === 'always',
      site: { origin, rpId: new URL(origin).hostname, name: 'Gatehouse' },
      signIn: { secondFactor: control.secondFactor },
      ready: () => this.threads?.ready ?? false,
      unready: () => this.certificates.waiting,
      metrics: () => this.metrics(),
    })
    this.control = await startControl({ host, port, tls: this.controlTls, exposed: control.exposed, version: VERSION }, operations, plane)
    const { file, catalog, voice } = this
    const about = { file, egress, nowMs: () => this.nowMs, warn: (line: string) => voice.warn(line), settings: () => catalog.configuration.settings }
    const announcing = new Announcing({
      ...{ store, nowMs: about.nowMs },
      versions: () => catalog.configuration.versions,
      tell: (writing, notice) => messages.tell(writing, notice),
    })
    this.upkeep = new Upkeep({ store, trail, envelope, ...about, announce: () => announcing.look() })
    messages.start()
    this.certificates.start({
      egress,
      settings: () => this.catalog.configuration.acme,
      secret: (reference) => messages.macKey(reference),
      answer: async (challenges) => this.threads?.challenge(challenges),
      show: () => this.catalog.heldChanged(),
      tell: (writing, notice) => messages.tell(writing, notice),
    })
  }

  /** `http://host:port` of every gateway listener. */
  get urls(): readonly string[] {
    return this.started.snapshot.gateway.listen.map(({ host, tls }, i) => urlOf(host, this.threads!.ports[i]!, tls && 'https'))
  }
  get controlUrl(): string {
    const { host, tls } = this.started.control.listen
    return urlOf(host, this.controlPort, tls && 'https')
  }
  private get controlPort(): number {
    const address = this.control?.address()
    return typeof address === 'object' && address !== null ? address.port : this.started.control.listen.port
  }
  get nowMs(): number {
    return Math.floor(this.clock.nowUs() / 1000)
  }
  get threadCount(): number {
    return this.threads!.count
  }
  get apis(): Configuration['snapshot']['apis'] {
    return this.started.snapshot.apis
  }

  /** Every API with an upstream whose certificate nobody verifies. */
  get insecure(): ReturnType<typeof insecureUpstreams> {
    return insecureUpstreams(this.started.snapshot)
  }

  /** Makes a key in place of the one that was made like this before, on disk before it is told, and live on every thread when this resolves. */
  async replaceOwnKey(consumer: string, expiresMs: number): Promise<MadeKey | Refused<string>> {
    const { nowMs } = this
    const actor = { kind: 'system', id: 'system' } as const
    const made = await this.directory.replaceOwnKey({ by: actor.id, nowMs }, consumer, expiresMs, (writing, { id, hint }) =>
      this.foundations.trail.append(
        writing,
        { act: 'key.create', actor, outcome: 'done', object: { kind: 'key', name: id }, detail: { consumer, hint } },
        nowMs,
      ),
    )
    return isRefused(made) ? made : { secret: made.secret, credential: made.key.id }
  }

  /** Makes a configuration live on every thread, whole or not at all. */
  private async publish(configuration: Configuration): Promise<void> {
    // Not yet started: it begins with whatever is the last word by then.
    if (this.threads === undefined || !this.isServing) return
    const seenUs = this.clock.nowUs()
    const share = await this.admitted(configuration)
    this.generation++
    await this.threads.publish(this.publication(configuration, share))
    const { tls } = configuration.control.listen
    if (tls !== undefined) this.controlTls?.replace(tls)
    this.directory.accept(share)
    this.certificates.wake()
    this.publishes++
    this.publishSeconds = (this.clock.nowUs() - seenUs) / 1e6
  }

  private async admitted(configuration: Configuration): Promise<FileShare> {
    await this.own.take(configuration, this.foundations, this.nowMs)
    const share = await this.directory.admit(configuration.directory)
    const { ownedTwice } = share.admitted
    if (ownedTwice.length > 0)
      throw new Error(
        ownedTwice.map((name) => `the consumer '${name}' is in the directory already: take it out of the configuration, or remove it there`).join('\n'),
      )
    return share
  }
  private publication(configuration: Configuration, { table }: FileShare): Publication {
    const { generation, own } = this
    return publicationOf(configuration, {
      generation,
      revisions: own.revisions,
      directory: table.memory,
      controlPort: this.control && this.controlPort,
    })
  }

  private told({ what, faults, reasons, revision, notices = [] }: News): void {
    if (what === 'published') {
      this.voice.say(`published ${this.file}: generation ${this.generation}, revision ${revision}, ${this.catalog.configuration.snapshot.apis.length} APIs`)
      this.notice(notices)
      return
    }
    this.publishesRefused++
    const lines = [...faults.map((fault) => faultLine(fault, '')), ...reasons]
    const subject = what === 'file-refused' ? 'the edit' : `revision ${revision} of the console`
    this.voice.warn(`${subject} is refused, the configuration before it stays:\n  ${lines.join('\n  ')}`)
    const event = {
      act: 'file.publish',
      actor: { kind: 'file', id: 'file' },
      outcome: 'refused',
      code: 'catalog.invalid',
      detail: { faults: lines.length },
    } as const
    const { store, trail } = this.foundations
    if (what === 'file-refused')
      store
        .write((writing) => trail.append(writing, event, this.nowMs))
        .catch((cause) => this.voice.warn(`the refusal could not be logged: ${(cause as Error).message}`))
  }

  /** Each once, and again when it is new; that an upstream is not verified, at every load. */
  private notice(notices: readonly LocatedFault[]): void {
    const lines = notices.map((notice) => faultLine(notice, ''))
    for (const [i, line] of lines.entries()) if (!this.noticed.has(line) || notices[i]!.code === 'upstream-insecure') this.voice.warn(line)
    this.noticed = new Set(lines)
  }

  private async metrics(): Promise<string> {
    const { threads, publishSeconds, publishes, publishesRefused } = this
    if (threads === undefined) return ''
    return metricsPage(threads, this.catalog.configuration, { publishSeconds, publishes, publishesRefused, acme: await this.certificates.counts() })
  }

  /** Drains: what is under way finishes, nothing new begins. Never rejects: what one part cannot do any more keeps no other from its end. */
  async stop(): Promise<void> {
    this.watch?.close()
    // At once, and beside the traffic: what these wait for outside must not keep requests coming.
    const beside = Promise.all([this.upkeep?.close(), this.tasks.close(), this.messages?.stop(), (this.certificates as CertificateUpkeep | undefined)?.close()])
    beside.catch(() => {})
    await this.step('the gateway threads', this.threads?.drain())
    await this.step('the control listener', this.control && endControl(this.control))
    await this.step('messages and upkeep', inTime(beside))
    await this.step('who called last', this.usage?.close())
    await this.step('the last use of keys', this.directory.stop())
    await this.step('the files of authorities', this.published?.close())
    await this.step('drained targets', this.drains?.close())
    await this.step('the catalog', this.catalog?.close())
    await this.step('the store', this.foundations.close())
  }

  private async step(what: string, ending: Promise<unknown> | undefined): Promise<void> {
    await ending?.catch((cause) => this.voice.warn(`${what} did not end as it should: ${(cause as Error).message}`))
  }
}
