// The data plane of one thread: connections, their exchanges, the live snapshot, and what they counted.
import { quickChance } from '../base/chance.ts'
import { RequestIds, writeRequestId } from '../base/ids.ts'
import { NetworkSet } from '../base/ip.ts'
import type { KnownStatuses } from '../certificates/known-statuses.ts'
import type { TrustDomain } from '../certificates/trust-domain.ts'
import { type MessageFault, messageFault } from '../http/faults.ts'
import { GOING_AWAY } from '../http/websocket-frames.ts'
import type { GatewaySettings, InClear, Listener } from '../model/snapshot.ts'
import type { SnapshotPieces } from '../model/snapshot-pieces.ts'
import type { Refusal, Verdict } from '../pipeline/contract.ts'
import { type CallerAddress, Exchange } from '../pipeline/exchange.ts'
import { Principal } from '../pipeline/slots.ts'
import { emptyEvent, NO_MEMBERS, NO_PLACES } from './access-event.ts'
import { forwardedCaller, forwardedId, forwardedScheme } from './callers/caller-address.ts'
import { ForwardedCertificates } from './callers/forwarded-certificate.ts'
import type { ClientConnection } from './clients/client-connection.ts'
import { expire, isDue } from './clients/expiry.ts'
import type { CrashSuspects } from './crash-suspects.ts'
import { decide } from './deciding.ts'
import { type GatewayCode, refusals } from './denials.ts'
import { Challenges } from './doors/challenges.ts'
import { Doors } from './doors/doors.ts'
import { redirection, trustOf } from './doors/entrance.ts'
import type { GatewayMeans } from './gateway-means.ts'
import type { ClientSession } from './http2/client-session.ts'
import { ClientSessions } from './http2/client-sessions.ts'
import type { BodyLimit, LiveSnapshot } from './live/live-snapshot.ts'
import { publish, retiredSources } from './live/publishing.ts'
import { Output } from './output.ts'
import { type DrainedTarget, DrainedTargets } from './upstreams/drained-targets.ts'
import { NameBook } from './upstreams/names/name-book.ts'
import type { TargetSource } from './upstreams/target-source.ts'
import type { Distrust } from './upstreams/upstream-tls.ts'
import { endForbidden } from './websocket/open-streams.ts'

/** How often deadlines are looked at: no time-out is shorter or more exact than this. */
const SWEEP_MS = 250
/** A sweep ends what is due evenly over this many steps: together most of the time until the next sweep. */
const EXPIRY_STEPS = 100
const EXPIRY_STEP_MS = 2
/** Exchanges kept for reuse; each is about 5 KB. */
const SPARE_EXCHANGES_MAX = 1024

export class Gateway {
  live!: LiveSnapshot
  readonly output = new Output()
  /** Milliseconds since the epoch, as of the latest sweep. */
  coarseMs: number
  dateLine: Buffer = Buffer.alloc(0)
  draining = false
  /** What ACME servers are answered while names are being proved. */
  challenges = new Challenges()
  requests = 0
  publishStallUs = 0
  /** How late the sweep was at worst since metrics were last read, in microseconds: the event loop's lag. */
  lagUs = 0
  readonly faults = new Map<string, number>()
  readonly upstreamFaults = new Map<string, number>()
  /** Requests that found an upstream nobody believes, by "api NUL reason". */
  readonly distrusts = new Map<string, number>()
  readonly codes = new Map<string, number>()
  readonly suspects: CrashSuspects
  private readonly means: GatewayMeans
  private readonly ids = new RequestIds()
  readonly chance = quickChance()
  private readonly names: NameBook
  private drainedTargets = new DrainedTargets([])
  private readonly doors: Doors
  /** Of HTTP/1.1, and one for each stream of HTTP/2. */
  private readonly connections = new Set<ClientConnection>()
  readonly sessions = new ClientSessions()
  /** Of snapshots before, until nothing is under way to them any more. */
  private readonly retiring = new Set<TargetSource>()
  private readonly spare: Exchange[] = []
  /** The one access event of the thread, filled anew for each exchange. */
  private readonly event = emptyEvent()
  /** Who is believed about certificates that trusted proxies forward; undefined: none is read. */
  forwardedTrust: TrustDomain | undefined
  readonly forwardedCertificates = new ForwardedCertificates()
  private trusted = new NetworkSet([])
  private trustsAnyone = false
  private sweeping: NodeJS.Timeout | undefined
  private sweptUs = 0
  private drained: (() => void) | undefined

  constructor(means: GatewayMeans) {
    this.means = means
    this.suspects = means.suspects
    this.doors = new Doors(this, means)
    this.coarseMs = Math.floor(means.clock.nowUs() / 1000)
    this.names = new NameBook(() => this.coarseMs, this.chance)
    this.tick()
  }

  get settings(): GatewaySettings {
    return this.live.settings
  }
  get openConnections(): number {
    return this.connections.size - this.sessions.streams + this.sessions.size
  }

  /** Compiles a snapshot aside and swaps it in; requests under way finish on the one they began with. `swapped` is called in the same turn. */
  async publish(generation: number, pieces: SnapshotPieces, swapped: () => void): Promise<void> {
    const before = this.live as LiveSnapshot | undefined
    this.names.ask(pieces.gateway.dnsServers)
    const { live, longestSliceUs } = await publish(generation, pieces, before, {
      ...this.means,
      names: this.names,
      chance: this.chance,
      nowMs: () => this.coarseMs,
      isChecked: (key) => this.means.checks?.of(key),
      bodyLimit: (bytes) => this.bodyLimitOf(bytes),
    })
    this.trusted = NetworkSet.of(live.settings.trustedProxies)
    this.trustsAnyone = live.settings.trustedProxies.length > 0
    const forwarded = live.settings.forwardedCertificates
    this.forwardedTrust = forwarded && trustOf(forwarded, this.forwardedTrust, this.means.statuses)
    this.publishStallUs = longestSliceUs
    this.drainedTargets.apply(live.apis.values())
    this.live = live
    this.doors.renew()
    swapped()
    if (before)
      for (const source of retiredSources(before, live)) {
        source.retire()
        this.retiring.add(source)
      }
    for (const [name, api] of before?.apis ?? []) if (live.apis.get(name) !== api) api.mirror?.retire()
  }

  /** These, and only these, take no further requests. */
  drainTargets(drained: readonly DrainedTarget[]): void {
    this.drainedTargets = new DrainedTargets(drained)
    const live = this.live as LiveSnapshot | undefined
    if (live) this.drainedTargets.apply(live.apis.values())
  }

  /** Listens; answers the port, which is new when 0 was asked for. `shared`: other threads listen there too. `port`: what 0 has become on them. */
  async listen(listener: Listener, shared: boolean, port = listener.port): Promise<number> {
    const chosen = await this.doors.open(listener, shared, port)
    this.sweeping ??= setInterval(() => this.sweep(), SWEEP_MS)
    return chosen
  }
  /** Sessions of TLS that were sealed under the keys before begin anew; open connections go on. */
  renewTicketKeys(keys: Uint8Array): void {
    this.doors.renewTicketKeys(keys)
  }

  take(client: ClientConnection): void {
    this.connections.add(client)
  }
  forget(client: ClientConnection): void {
    if (this.connections.delete(client)) this.looksDrained()
  }
  forgetSession(session: ClientSession): void {
    if (this.sessions.forget(session)) this.looksDrained()
  }
  private looksDrained(): void {
    if (this.draining && this.connections.size === 0 && this.sessions.size === 0) this.drained?.()
  }

  takeExchange(): Exchange {
    return this.spare.pop() ?? new Exchange()
  }
  releaseExchange(x: Exchange): void {
    if (!x.reusable) return
    x.reset()
    if (this.spare.length < SPARE_EXCHANGES_MAX) this.spare.push(x)
  }

  /** An exchange begins: its time, its id, its caller. What a trusted peer says of them is believed only from a head that could be read. */
  begin(client: ClientConnection, x: Exchange, readable: boolean): void {
    x.nowUs = this.means.clock.nowUs()
    const told = readable && this.isTrusted(client.origin.peer)
    x.address = told ? forwardedCaller(x.head, client.origin.peer, this.trusted) : client.origin.peer
    const id = told ? forwardedId(x.head) : undefined
    if (id === undefined || !writeRequestId(x.requestIdBytes, id)) this.ids.write(x.requestIdBytes, x.nowUs)
    x.transportSecurityLine = client.origin.entrance.transportSecurityLine
    client.status = 0
    client.code = ''
    client.bytesOut = 0
    client.minor = 1
    client.toHead = false
    this.requests++
  }
  decide(client: ClientConnection, x: Exchange): Verdict | Promise<Verdict> {
    return decide(this, client, x)
  }
  get statuses(): KnownStatuses | undefined {
    return this.means.statuses
  }
  isTrusted(peer: CallerAddress): boolean {
    return this.trustsAnyone && this.trusted.has(peer.octets)
  }
  /** What a request that came in clear is answered, where that is not served. A proxy that is believed may say that it came by https. */
  refuseInClear(client: ClientConnection, x: Exchange, inClear: InClear): Verdict {
    if (this.cameByHttps(client, x)) return undefined
    return redirection(x, inClear) ?? this.refusalOf('request.in-clear')
  }
  /** To us, or to whoever the client came first and that is believed. */
  cameByHttps(client: ClientConnection, x: Exchange): boolean {
    return client.origin.entrance.scheme === 'https' || this.schemeOf(client, x) === 'https'
  }
  /** By which way the caller came, to whoever it came first. */
  schemeOf(client: ClientConnection, x: Exchange): 'http' | 'https' {
    const isTold = this.isTrusted(client.origin.peer)
    return (isTold ? forwardedScheme(x.head) : undefined) ?? client.origin.entrance.scheme
  }
  nowUs(): number {
    return this.means.clock.nowUs()
  }
  /** The fields about where a request came from. */
  about(client: ClientConnection, x: Exchange): Buffer {
    return x.address === client.origin.peer ? client.origin.about.direct(x.head) : client.origin.about.forwarded(x.head)
  }

  /** An exchange is over: it is counted and logged, and its memory is free for the next. */
  finish(client: ClientConnection, x: Exchange): void {
    const durationUs = this.means.clock.nowUs() - x.nowUs
    const route = client.route
    route?.chain.answering?.over(x)
    route?.meter.record(client.status, durationUs)
    if (client.code !== '') this.count(this.codes, `${x.api}\0${client.code}`)
    const principal = x.get(Principal)
    if (principal !== undefined) this.means.usage?.record(principal, x.api, Math.floor(x.nowUs / 1000))
    const log = this.means.accessLog
    if (log !== undefined) {
      const event = this.event
      event.timeUs = x.nowUs
      event.id = x.requestIdBytes
      event.address = x.address
      event.head = client.code.startsWith('http.') ? undefined : x.head
      event.route = route?.members ?? NO_MEMBERS
      event.asked = x.asked
      event.principal = principal
      event.places = route?.chain.credentialPlaces ?? NO_PLACES
      event.status = client.status
      event.code = client.code
      event.bytesIn = client.body.received
      event.bytesOut = client.bytesOut
      event.durationUs = durationUs
      log.add(event)
      event.head = undefined
    }
    this.releaseExchange(x)
  }

  refusalOf(code: GatewayCode): Refusal {
    return refusals.get(code)!
  }
  private bodyLimitOf(bytes: number): BodyLimit {
    return { bytes, refusal: this.refusalOf('request.body-too-large') }
  }

  countFault(fault: MessageFault): void {
    this.count(this.faults, fault.reason)
  }
  /** Why there is no answer of an upstream, counted. `fault`: 0 when the connection itself failed. */
  failureOf(api: string, distrust: Distrust | undefined, fault: number): GatewayCode {
    if (fault !== 0) this.count(this.upstreamFaults, messageFault(fault).reason)
    if (distrust === undefined) return fault === 0 ? 'upstream.unreachable' : 'upstream.invalid'
    this.count(this.distrusts, `${api}\0${distrust}`)
    return 'upstream.untrusted'
  }
  countCode(code: GatewayCode | `connection.${string}`): void {
    this.count(this.codes, code)
  }
  private count(where: Map<string, number>, what: string): void {
    where.set(what, (where.get(what) ?? 0) + 1)
  }
  report(cause: unknown): void {
    this.means.report(cause)
  }

  private tick(): void {
    const nowUs = this.means.clock.nowUs()
    if (this.sweptUs > 0) this.lagUs = Math.max(this.lagUs, nowUs - this.sweptUs - SWEEP_MS * 1000)
    this.sweptUs = nowUs
    this.coarseMs = Math.floor(nowUs / 1000)
    // RFC 9110 6.6.1: a recipient with a clock dates a response that came without a date.
    this.dateLine = Buffer.from(`Date: ${new Date(this.coarseMs).toUTCString()}\r\n`)
  }
  private sweep(): void {
    this.tick()
    const now = this.coarseMs
    const due: ClientConnection[] = []
    for (const client of this.connections) if (isDue(client, now)) due.push(client)
    this.expireInSteps(due, now, Math.ceil(due.length / EXPIRY_STEPS))
    endForbidden(this.connections, now)
    this.drainedTargets.endStreams(this.connections, now)
    this.sessions.expire(now)
    this.names.sweep()
    for (const source of this.live.stock.all.values()) source.sweep(now)
    // Requests may still wait there for a connection, or for a body.
    for (const source of this.retiring) {
      source.sweep(now)
      if (source.isIdle) this.retiring.delete(source)
    }
    for (const api of this.live.apis.values()) api.mirror?.sweep(now)
    this.means.accessLog?.flush()
  }

  /** Thousands of connections may be due at once, and come back at once: honest requests must not wait for all of them. */
  private expireInSteps(due: ClientConnection[], now: number, inOneStep: number): void {
    for (const client of due.splice(-inOneStep)) if (isDue(client, now)) expire(client)
    if (due.length > 0) setTimeout(() => this.expireInSteps(due, now, inOneStep), EXPIRY_STEP_MS)
  }

  /** Takes no more connections, lets requests under way finish, and closes what is left after the drain time. */
  async drain(): Promise<void> {
    this.draining = true
    this.doors.close()
    // Not at once: the last answer may still be on its way.
    for (const client of this.connections) {
      if (client.idle) client.socket.destroySoon()
      else client.forwarding?.tunnel?.close(GOING_AWAY, 'going away', '')
    }
    this.sessions.end()
    if (this.connections.size + this.sessions.size > 0) {
      await new Promise<void>((resolve) => {
        this.drained = resolve
        setTimeout(resolve, this.settings.timeouts.drainMs).unref()
      })
    }
    for (const client of this.connections) client.cut()
    this.sessions.destroy()
    this.doors.clear()
    for (const api of this.live.apis.values()) api.mirror?.retire()
    for (const source of this.live.stock.all.values()) source.retire()
    this.names.close()
    clearInterval(this.sweeping)
    await this.means.accessLog?.close()
  }
}
