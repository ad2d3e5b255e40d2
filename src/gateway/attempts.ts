// Whether one exchange is sent to its upstream again, and when: only what may be done twice, within its budget and its deadline.
import { fieldName } from '../http/field-names.ts'
import type { ResponseHead } from '../http/response-head.ts'
import type { Retries, RetryCause } from '../model/resilience.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { LiveResilience } from './upstreams/live-resilience.ts'

/** RFC 9110 9.2.2. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
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
  private kept: Buffer | undefined
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
    this.kept = undefined
    this.isKept = x.bodyMakers.length === 0
    this.retryAfterMs = 0
    if (this.settings !== undefined) live!.budget!.earn()
  }
  /** Forgets what was kept. */
  clear(): void {
    this.kept = undefined
    this.settings = undefined
    this.live = undefined
  }

  /** A stretch of the body goes to the upstream. */
  keep(bytes: Buffer, start: number, end: number): void {
    if (this.settings === undefined || !this.isKept) return
    const size = (this.kept?.length ?? 0) + end - start
    if (size > this.settings.bodyBytes || !this.mayBeTwice) {
      this.isKept = false
      this.kept = undefined
      return
    }
    const part = bytes.subarray(start, end)
    this.kept = this.kept === undefined ? Buffer.from(part) : Buffer.concat([this.kept, part])
  }
  /** What the next try begins its body with. */
  takeKept(): Buffer | undefined {
    const { kept } = this
    this.kept = undefined
    return kept
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

  /** RFC 9110 9.2.2: without asking whoever sent it, only what has the same effect twice; or what the operator says may happen twice. */
  private get mayBeTwice(): boolean {
    const { method } = this.x
    const sent = this.x.upstreamMethod ?? method
    const { methods } = this.settings!
    return !this.upgrade && (IDEMPOTENT.has(method) || methods.includes(method)) && (IDEMPOTENT.has(sent) || methods.includes(sent))
  }

  /**
   * How many milliseconds until it is sent again, which is paid for; or `NO_MORE`. `isElsewhere`: to a target that was not tried. `chance`: 0 to 1. `endsMs`: when
   * nobody waits for an answer any more.
   */
  again(cause: RetryCause, isElsewhere: boolean, nowMs: number, endsMs: number, chance: number): number {
    const { settings, live } = this
    if (settings === undefined || this.made >= settings.attempts || !settings.on.includes(cause)) return NO_MORE
    // Without a connection nothing was sent, whatever it was.
    if (cause !== 'connect' && !this.mayBeTwice) return NO_MORE
    if (this.x.head.hasBody && !this.isKept) return NO_MORE
    const waitMs = isElsewhere ? 0 : Math.max(this.backOffMs(settings, chance), this.retryAfterMs)
    if (!isElsewhere && this.retryAfterMs > settings.retryAfterMsMax) return NO_MORE
    if (nowMs + waitMs >= endsMs || !live!.budget!.spend(nowMs)) return NO_MORE
    this.made++
    this.retryAfterMs = 0
    live!.retries++
    return waitMs
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
  const date = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? 0 : Math.max(0, date - nowMs)
}
