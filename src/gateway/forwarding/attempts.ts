// Whether one exchange is sent to its upstream again, and when: only what may be done twice, within its budget and its deadline.
import { fieldName } from '../../http/field-names.ts'
import { httpDate } from '../../http/http-date.ts'
import type { ResponseHead } from '../../http/response-head.ts'
import type { Retries, RetryCause } from '../../model/resilience.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { Unread } from '../clients/unread.ts'
import type { LiveResilience } from '../upstreams/live-resilience.ts'
import { ABANDONED } from '../upstreams/target.ts'
import type { TargetVisit } from '../upstreams/target-visit.ts'
import type { UpstreamTargets } from '../upstreams/upstream-targets.ts'
import { mayHappenTwice } from './asking-again.ts'

/** The gateway's coarse clock, and chance. */
export interface Timing {
  readonly coarseMs: number
  readonly chance: () => number
}

const RETRY_AFTER = fieldName('retry-after')
/** Not sent again. */
export const NO_MORE = -1

/** Belongs to one client connection and serves its exchanges one after the other. */
export class Attempts {
  /** Beside the first. */
  made = 0
  private settings: Retries | undefined
  private live: LiveResilience | undefined
  private x!: Exchange
  private upgrade = false
  /** What went to the upstream of the body; undefined: nothing yet. */
  private readonly kept = new Unread()
  /** All of the body that came so far is in `kept`. */
  private isKept = true
  private retryAfterMs = 0

  /** A request begins its way. */
  begin(x: Exchange, live: LiveResilience | undefined, settings: Retries | undefined, upgrade: boolean): void {
    this.made = 0
    this.live = live
    this.settings = settings !== undefined && settings.attempts > 0 ? settings : undefined
    this.x = x
    this.upgrade = upgrade
    this.kept.clear()
    // What changes or watches a body sees it once.
    this.isKept = x.bodyMakers.length === 0 && x.bodyWatchers.length === 0
    this.retryAfterMs = 0
    if (this.settings !== undefined) live!.budget!.earn()
  }
  /** Forgets what was kept. */
  clear(): void {
    this.kept.clear()
    this.settings = undefined
    this.live = undefined
  }

  /** A stretch of the body goes to the upstream; `connects`: as soon as there is a connection, and until then whatever it is may go elsewhere. */
  keep(bytes: Buffer, start: number, end: number, connects: boolean): void {
    if (this.settings === undefined || !this.isKept) return
    const size = this.kept.size + end - start
    if (size > this.settings.bodyBytes || !(connects || this.mayBeTwice)) {
      this.isKept = false
      this.kept.clear()
      return
    }
    this.kept.add(bytes.subarray(start, end), end - start)
    this.kept.keep()
  }
  /** What the next try begins its body with. */
  takeKept(): Buffer | undefined {
    return this.kept.take()
  }

  /** The answer is one that a retry is made for. */
  isBad(head: ResponseHead): boolean {
    const { settings } = this
    return settings !== undefined && head.status >= 502 && head.status <= 504 && settings.on.includes(`${head.status}` as RetryCause)
  }
  /** The upstream says how long it is to be left alone. */
  heed(head: ResponseHead, nowMs: number): void {
    this.retryAfterMs = retryAfterMs(head.get(RETRY_AFTER), nowMs)
  }

  private get mayBeTwice(): boolean {
    return !this.upgrade && mayHappenTwice(this.x, this.settings!.methods)
  }

  /** Retries are made for this reason. */
  covers(cause: RetryCause): boolean {
    return this.settings?.on.includes(cause) === true
  }
  /** One more may be made for this reason, if somebody takes it and it can be paid for. */
  may(cause: RetryCause): boolean {
    const { settings } = this
    if (settings === undefined || this.made >= settings.attempts || !settings.on.includes(cause)) return false
    // Without a connection nothing was sent, whatever it was.
    return (cause === 'connect' || this.mayBeTwice) && (this.isKept || !this.x.head.hasBody)
  }
  /**
   * How long until the next try, which is paid for: 0 when `visit` has begun it, at another target; `NO_MORE` when there is none. `endsMs`: when nobody waits for an
   * answer any more.
   */
  next(cause: RetryCause, visit: TargetVisit, targets: UpstreamTargets, endsMs: number, { coarseMs, chance }: Timing): number {
    if (!this.may(cause) || coarseMs >= endsMs) return NO_MORE
    const { live, settings, retryAfterMs } = this
    const { budget } = live!
    if (!budget!.spend(coarseMs)) return NO_MORE
    let waitMs = 0
    if (visit.beginElsewhere(this.x, targets) !== undefined) {
      waitMs = Math.max(1, this.backOffMs(settings!, chance()), retryAfterMs)
      // Who did not answer in time has enough to do.
      if (cause === 'timeout' || retryAfterMs > settings!.retryAfterMsMax || coarseMs + waitMs >= endsMs) {
        budget!.refund()
        return NO_MORE
      }
    }
    this.made++
    this.retryAfterMs = 0
    live!.retries++
    return waitMs
  }
  /**
   * What a target is told of a try that failed. A request that failed elsewhere already is likely the reason itself, and must not put one target after the other
   * aside; that nobody can be connected to is no request's fault. `isExcused`: the connection had carried others and broke before an answer, or waited for the
   * client.
   */
  blame(outcome: number, cause: RetryCause, isExcused = false): number {
    // A kept connection may close at any time (RFC 9112 9.3.1): that says nothing of requests.
    return (this.made > 0 && cause !== 'connect') || isExcused ? ABANDONED : outcome
  }
  /** Half of it fixed and half left to chance: those that failed together do not come back together. */
  private backOffMs({ backOffMs, backOffMsMax }: Retries, chance: number): number {
    const meanMs = Math.min(backOffMsMax, backOffMs * 2 ** this.made)
    return Math.min(backOffMsMax, meanMs * (0.5 + chance))
  }
}

/** RFC 9110 10.2.3: seconds, or a date. What is neither says nothing. */
function retryAfterMs(text: string | undefined, nowMs: number): number {
  if (text === undefined) return 0
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = httpDate(text, nowMs)
  return date === undefined ? 0 : Math.max(0, date - nowMs)
}
