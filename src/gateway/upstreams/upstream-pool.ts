// The connections of one thread to one upstream: kept, bounded, and given to one request at a time.
import type { LookupFunction } from 'node:net'
import type { Upstream } from '../../model/snapshot.ts'
import { upstreamUrl } from '../../model/upstream-url.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { StreamingUpstream } from '../http2/streaming-upstream.ts'
import { guardedLookup, lookupWithin, systemLookup } from './guarded-lookup.ts'
import type { Address } from './names/machine-names.ts'
import type { AddressLookup } from './names/name-book.ts'
import type { ResponseTaker, UpstreamConnection } from './upstream-connection.ts'
import { connectSocket } from './upstream-socket.ts'
import { DISTRUSTS, type Distrust, type UpstreamTls } from './upstream-tls.ts'

/** Somebody who waits for a connection. */
export interface Waiting extends ResponseTaker {
  readonly client: ClientConnection
  /** Since when, on the gateway's coarse clock; set by the pool. */
  waitingSinceMs: number
  /** A connection is there; it is the waiting one's from now on. */
  connectionFree(connection: UpstreamConnection): void
  /** There will be none. */
  turnedAway(): void
}

/** Where the name of an upstream leads. */
export interface PoolNames {
  readonly lookup: AddressLookup
  /** What is known of a name; the same object for as long as it says the same. */
  known(name: string): readonly Address[] | undefined
}
const SYSTEM_NAMES: PoolNames = { lookup: systemLookup, known: () => undefined }

/** How long an exchange may wait for its client while others wait for its connection. */
const PATIENCE_MS = 1000
/** Between two lines about the same trouble with who answers. */
const DISTRUST_LINE_MS = 60_000

export class UpstreamPool {
  readonly upstream: Upstream
  readonly lookup: LookupFunction
  /** Absent: what goes there goes in clear. */
  readonly tls: UpstreamTls | undefined
  private readonly idle: UpstreamConnection[] = []
  private readonly all = new Set<UpstreamConnection>()
  /** Where HTTP/2 is spoken: each connection of this pool is a stream of one connection. */
  private readonly streaming: StreamingUpstream | undefined
  /** Those who wait, in two queues: requests that are whole, and those whose body is still on its way. */
  private readonly whole: Waiting[] = []
  private readonly unfinished: Waiting[] = []
  /** Connections that carry a request whose body is still on its way. */
  private carryingUnfinished = 0
  private unfinishedIsNext = false
  private readonly names: PoolNames
  /** What its name led to when its connections were last held against it. */
  private addresses: readonly Address[] | undefined
  private readonly reportFault: (cause: unknown) => void
  private retired = false
  /** On the gateway's coarse clock, set by `sweep`. */
  nowMs: number
  private told: { readonly distrust: Distrust; readonly atMs: number } | undefined

  constructor(upstream: Upstream, tls: UpstreamTls | undefined, nowMs: number, report: (cause: unknown) => void, names: PoolNames = SYSTEM_NAMES) {
    this.upstream = upstream
    this.names = names
    this.tls = tls
    this.nowMs = nowMs
    this.lookup = upstream.reach ? lookupWithin(names.lookup, upstream.reach) : guardedLookup(names.lookup)
    this.reportFault = report
    this.streaming = upstream.http2 ? new StreamingUpstream(this) : undefined
  }

  get openConnections(): number {
    return this.all.size
  }
  get idleConnections(): number {
    return this.idle.length
  }
  get queued(): number {
    return this.whole.length + this.unfinished.length
  }

  /**
   * A connection that is ready or being made; undefined when all are busy: then `wait`. `fresh` asks for one that nothing went over yet. Requests whose body
   * is still on its way get at most half of the connections: those that trickle must not hold what whole ones need (slow POST).
   */
  take(fresh: boolean, whole: boolean): UpstreamConnection | undefined {
    if (!whole && !this.hasRoomForUnfinished()) return undefined
    if (!fresh) {
      for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
        if (connection.socket.writable && !connection.socket.readableEnded && connection.trustedUntilMs > this.nowMs) return connection
        connection.socket.destroy()
      }
    }
    return this.all.size < this.upstream.connections ? this.connect() : undefined
  }
  private hasRoomForUnfinished(): boolean {
    return this.carryingUnfinished < Math.ceil(this.upstream.connections / 2)
  }
  /** A connection took up a request whose body is still on its way. */
  unfinishedBegan(): void {
    this.carryingUnfinished++
  }
  /** That body came, or nobody waits for it any more. */
  unfinishedEnded(): void {
    this.carryingUnfinished--
    if (this.unfinished.length > 0) this.serveWaiting()
  }

  /** Queues for the next free connection; false when the queue is full. */
  wait(waiting: Waiting): boolean {
    if (this.queued >= this.upstream.queue) return false
    waiting.waitingSinceMs = this.nowMs
    if (waiting.whole) this.whole.push(waiting)
    else this.unfinished.push(waiting)
    return true
  }
  cancel(waiting: Waiting): void {
    remove(this.whole, waiting) || remove(this.unfinished, waiting)
  }
  /** The body of one that waits has come: from now on it waits with those who may have any connection. */
  becameWhole(waiting: Waiting): void {
    if (!remove(this.unfinished, waiting)) return
    this.whole.push(waiting)
    this.serveWaiting()
  }

  /** A connection whose response ended well. */
  release(connection: UpstreamConnection): void {
    if (connection.isOutdated) {
      connection.socket.destroy()
      return
    }
    connection.idleSinceMs = this.nowMs
    this.idle.push(connection)
    if (this.queued > 0) this.serveWaiting()
    if (this.retired) this.retire()
  }

  /** A connection that closed, in whatever state. */
  forget(connection: UpstreamConnection): void {
    if (!this.all.delete(connection)) return
    remove(this.idle, connection)
    if (this.queued > 0) this.serveWaiting()
    // What waited or was tried again has opened connections since, and nobody sweeps what is retired.
    if (this.retired && this.all.size === 0) this.retire()
  }

  /** Gives connections to those who wait, in turn from both queues, for as long as there are any that they may have. */
  private serveWaiting(): void {
    for (;;) {
      const canUnfinished = this.unfinished.length > 0 && this.hasRoomForUnfinished()
      const fromUnfinished = canUnfinished && (this.unfinishedIsNext || this.whole.length === 0)
      const queue = fromUnfinished ? this.unfinished : this.whole
      if (queue.length === 0) return
      // Who asks for a hundred pages and reads none must not hold, page by page, the connections that others wait for.
      if (queue[0]!.client.socket.stalled) {
        queue.shift()!.turnedAway()
        continue
      }
      const connection = this.take(false, !fromUnfinished)
      if (connection === undefined) return
      this.unfinishedIsNext = !fromUnfinished
      queue.shift()!.connectionFree(connection)
    }
  }

  /**
   * Closes connections that were idle for too long: upstreams do the same, and the race for the last request is lost there. When requests wait, connections
   * that wait for a slow client are taken from it.
   */
  sweep(nowMs: number): void {
    this.nowMs = nowMs
    if (this.queued > 0) {
      this.reclaim(nowMs - PATIENCE_MS)
      this.turnAway(nowMs)
    }
    if (this.all.size > 0 || this.streaming !== undefined) this.followName()
    const oldest = nowMs - this.upstream.timeouts.keepAliveMs
    this.streaming?.sweep(nowMs, oldest)
    while (this.idle.length > 0 && this.idle[0]!.idleSinceMs < oldest) this.idle.shift()!.socket.destroy()
  }

  /** Connections to addresses that the name does not lead to any more are not used again: who serves there now may be somebody else. */
  private followName(): void {
    const addresses = this.names.known(this.upstream.host)
    if (addresses === undefined || addresses === this.addresses) return
    this.addresses = addresses
    const isAmong = (remote: string | undefined): boolean => remote === undefined || addresses.some(({ address }) => address === remote)
    for (const connection of this.all) if (!isAmong(connection.socket.remoteAddress)) connection.isOutdated = true
    for (const connection of this.idle.filter(({ isOutdated }) => isOutdated)) connection.socket.destroy()
    this.streaming?.keepIf(isAmong)
  }

  /** Whoever waits for longer than a request may. */
  private turnAway(nowMs: number): void {
    const queueMs = this.upstream.resilience?.limits?.queueMs
    if (queueMs === undefined) return
    for (const queue of [this.whole, this.unfinished])
      for (const waiting of queue.filter(({ waitingSinceMs }) => nowMs - waitingSinceMs >= queueMs)) {
        remove(queue, waiting)
        waiting.turnedAway()
      }
  }
  private reclaim(sinceMs: number): void {
    let wanted = this.queued
    for (const connection of this.all) if (wanted > 0 && connection.taker?.yieldIfIdle(sinceMs)) wanted--
  }

  /** No snapshot names this upstream any more: idle connections close now, busy ones after their response. */
  retire(): void {
    this.retired = true
    for (const connection of this.idle.splice(0)) connection.socket.destroy()
    this.streaming?.retire()
  }

  /** Who answers is not believed, or does not believe us: told once, and again after a while or when the reason is another one. */
  distrusts(distrust: Distrust): void {
    if (this.told?.distrust === distrust && this.nowMs - this.told.atMs < DISTRUST_LINE_MS) return
    this.told = { distrust, atMs: this.nowMs }
    this.reportFault(`no request goes to ${upstreamUrl(this.upstream)}: ${DISTRUSTS[distrust]} (${distrust})`)
  }
  report(cause: unknown): void {
    this.reportFault(cause)
  }

  private connect(): UpstreamConnection {
    const connection = this.streaming?.open() ?? connectSocket(this)
    this.all.add(connection)
    return connection
  }
}

function remove<T>(list: T[], item: T): boolean {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
  return index >= 0
}
