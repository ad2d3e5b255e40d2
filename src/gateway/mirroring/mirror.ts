// Copies of requests for another upstream: made beside the request's own way, bounded, and never waited for.

import { OctetWriter } from '../../base/octet-writer.ts'
import { DROPPED } from '../../http/field-lines.ts'
import { AUTHORIZATION, COOKIE } from '../../http/field-names.ts'
import type { Mirror as MirrorSettings } from '../../model/snapshot.ts'
import type { BodyWatcher } from '../../pipeline/body-filter.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { COPIES } from '../../telemetry/measures.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { putRequest } from '../messages.ts'
import { Output } from '../output.ts'
import type { UpstreamTargets } from '../upstreams/upstream-targets.ts'
import { COPY, type Outcome, Reflection } from './reflection.ts'

/** Parts that a share counts in. */
const WHOLE = 10_000
/** What of the API is needed to write a copy. */
interface Place {
  readonly stripped: number
}

/** Of one API on one thread. */
export class Mirror {
  readonly targets: UpstreamTargets
  /** Copies by what became of them, as `COPIES`. */
  readonly counts: Float64Array
  readonly settings: MirrorSettings
  private readonly methods: ReadonlySet<string>
  private readonly chance: () => number
  private readonly basePath: Buffer
  private readonly under = new Set<Reflection>()
  private readonly output = new Output()

  /** Goes on counting where `before` stood. */
  constructor(settings: MirrorSettings, targets: UpstreamTargets, chance: () => number, before: Mirror | undefined) {
    this.settings = settings
    this.targets = targets
    this.methods = new Set(settings.methods)
    this.chance = chance
    this.basePath = Buffer.from(settings.upstream.basePath)
    this.counts = before?.counts ?? new Float64Array(COPIES.length)
  }

  /** Copies the request if it is one of those. What breaks here breaks nothing of the request. */
  reflect(client: ClientConnection, x: Exchange, place: Place): void {
    try {
      this.copy(client, x, place)
    } catch (cause) {
      client.gateway.report(cause)
    }
  }

  /** The body is seen as it goes on to the request's own upstream. */
  private copy(client: ClientConnection, x: Exchange, place: Place): void {
    const { gateway } = client
    const { settings } = this
    const { head } = x
    if (!this.methods.has(x.upstreamMethod ?? x.method) || head.asksWebsocket) return
    if (settings.share < WHOLE && this.chance() * WHOLE >= settings.share) return
    const hasBody = head.hasBody
    if (this.under.size >= settings.inFlight || (hasBody && head.contentLength > settings.bodyBytes)) {
      this.counts[COPY.dropped]!++
      return
    }
    const target = this.targets.choose(x, gateway.coarseMs)
    if (target === undefined) {
      this.counts[COPY.dropped]!++
      return
    }
    const reflection = new Reflection(target, (x.upstreamMethod ?? x.method) === 'HEAD', gateway.coarseMs, this.forget)
    this.under.add(reflection)
    const octets = this.written(x, place, target.hostLine, gateway.about(client, x))
    if (hasBody) x.watchBody(new Collected(reflection, octets, head.chunked || x.bodyMakers.length > 0, settings.bodyBytes))
    else reflection.send(octets)
  }

  /** What of a copy is still under way at its time's end is given up. */
  sweep(nowMs: number): void {
    for (const reflection of this.under) if (reflection.deadlineMs <= nowMs) reflection.expire()
  }
  /** The next snapshot has none here, or another: what is under way is given up. */
  retire(): void {
    for (const reflection of this.under) reflection.over(COPY.dropped)
  }
  private readonly forget = (reflection: Reflection, outcome: Outcome): void => {
    this.under.delete(reflection)
    this.counts[outcome]!++
  }

  private written(x: Exchange, { stripped }: Place, hostLine: Buffer | undefined, about: Buffer): Buffer {
    const { output, basePath, settings } = this
    const { flags, ids, fieldCount } = x.head
    const kept = settings.credentials ? undefined : flags.slice(0, fieldCount)
    // Whoever is shown what an upstream does not need can act as the caller.
    if (kept !== undefined) for (let i = 0; i < fieldCount; i++) if (ids[i] === AUTHORIZATION || ids[i] === COOKIE) flags[i] = DROPPED
    putRequest(output, x, { stripped, basePath }, hostLine, about, false)
    if (kept !== undefined) flags.set(kept)
    return output.copy()
  }
}

/** The body of a request, while it goes by. */
class Collected implements BodyWatcher {
  private readonly reflection: Reflection
  private readonly head: Buffer
  /** In one piece: whoever sends it octet by octet makes no more of it. */
  private body: OctetWriter | undefined = new OctetWriter(256)
  private readonly inChunks: boolean
  private readonly bytesMax: number

  constructor(reflection: Reflection, head: Buffer, inChunks: boolean, bytesMax: number) {
    this.reflection = reflection
    this.head = head
    this.inChunks = inChunks
    this.bytesMax = bytesMax
  }
  put(octets: Uint8Array, start: number, end: number): void {
    const { body } = this
    if (body === undefined) return
    if (body.size + end - start > this.bytesMax) this.abandoned()
    else body.put(Buffer.from(octets.buffer, octets.byteOffset, octets.length), start, end)
  }
  whole(): void {
    const octets = this.body?.copy()
    if (octets === undefined) return
    const { length } = octets
    const parts = this.inChunks
      ? [Buffer.from(length > 0 ? `${length.toString(16)}\r\n` : ''), octets, Buffer.from(length > 0 ? '\r\n0\r\n\r\n' : '0\r\n\r\n')]
      : [octets]
    this.reflection.send(Buffer.concat([this.head, ...parts]))
  }
  abandoned(): void {
    if (this.body === undefined) return
    this.body = undefined
    this.reflection.over(COPY.dropped)
  }
}
