// Asks responders for the status of certificates, on the main thread and for all others: each question once, what was answered kept for as long as it holds.
import type { StatusAnswer, StatusQuestion } from '../model/certificate-status.ts'
import type { Egress } from '../ports/egress.ts'
import { readX509 } from './certificate.ts'
import { readStatus, type StatusReading, statusRequest } from './status-request.ts'

/** An answer that holds for days is renewed after an hour: its certificate may be revoked meanwhile. */
const RENEW_MS = 60 * 60_000
/** One that does not say for how long it holds, or that there was none, is asked for again after so long. */
const RETRY_MS = 10_000
const TIMEOUT_MS = 4000
/** RFC 6960 answers have 2 KB, with certificates 5. */
const ANSWER_BYTES_MAX = 64 * 1024
const KEPT_MAX = 50_000
/** Questions that are put at one time, and those that wait behind them; what is above is answered `unknown` for a moment. */
const ASKING_MAX = 64
const QUEUE_MAX = 10_000
const CROWDED_MS = 1000
/** One line about one responder in so long. */
const REPORT_MS = 60_000

interface Kept {
  readonly reading: StatusReading
  readonly askedMs: number
}
export interface StatusMeans {
  readonly egress: Pick<Egress, 'fetch'>
  readonly nowMs: () => number
  /** A line for the operator's log. */
  readonly report: (text: string) => void
}

export class StatusService {
  private readonly means: StatusMeans
  private readonly kept = new Map<string, Kept>()
  private readonly asking = new Map<string, Promise<StatusAnswer>>()
  private busy = 0
  private readonly queue: (() => void)[] = []
  private readonly reported = new Map<string, number>()

  constructor(means: StatusMeans) {
    this.means = means
  }

  /** Never rejects. */
  ask(question: StatusQuestion): Promise<StatusAnswer> {
    const { key } = question
    const nowMs = this.means.nowMs()
    const kept = this.kept.get(key)
    if (kept !== undefined && nowMs < freshUntil(kept)) return Promise.resolve({ key, status: kept.reading.status, untilMs: freshUntil(kept) })
    const under = this.asking.get(key)
    if (under !== undefined) return under
    if (this.asking.size >= ASKING_MAX + QUEUE_MAX) return Promise.resolve({ key, status: 'unknown', untilMs: nowMs + CROWDED_MS })
    const asked = this.inTurn(() => this.renew(question, kept)).finally(() => this.asking.delete(key))
    this.asking.set(key, asked)
    return asked
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy >= ASKING_MAX) await new Promise<void>((resolve) => this.queue.push(resolve))
    this.busy++
    try {
      return await work()
    } finally {
      this.busy--
      this.queue.shift()?.()
    }
  }

  private async renew(question: StatusQuestion, before: Kept | undefined): Promise<StatusAnswer> {
    const { key, stalenessMs } = question
    const reading = await this.fetch(question)
    const nowMs = this.means.nowMs()
    // Without a nonce an older answer can be shown again: it takes nothing back.
    if (reading !== undefined && reading.thisMs >= (before?.reading.thisMs ?? 0)) {
      const kept: Kept = { reading, askedMs: nowMs }
      this.kept.delete(key)
      this.kept.set(key, kept)
      if (this.kept.size > KEPT_MAX) this.kept.delete(this.kept.keys().next().value!)
      return { key, status: reading.status, untilMs: freshUntil(kept) }
    }
    // Nobody answers: the latest answer counts to its end, and as long beyond it as the operator said. Whoever was revoked stays so.
    const counts = before !== undefined && (before.reading.status === 'revoked' || nowMs < (before.reading.nextMs ?? before.askedMs) + stalenessMs)
    return { key, status: counts ? before.reading.status : 'unknown', untilMs: nowMs + RETRY_MS }
  }

  private async fetch({ certificate: raw, issuer: issuerRaw, responder }: StatusQuestion): Promise<StatusReading | undefined> {
    const certificate = readX509(Buffer.from(raw))
    const issuer = readX509(Buffer.from(issuerRaw))
    if (certificate === undefined || issuer === undefined) return undefined
    const url = responder ?? certificate.responders.find((address) => /^https?:\/\//i.test(address))
    if (url === undefined) return undefined
    try {
      const { status, body } = await this.means.egress.fetch({
        method: 'POST',
        url,
        // RFC 6960 A.1
        headers: { 'Content-Type': 'application/ocsp-request', Accept: 'application/ocsp-response' },
        body: statusRequest(certificate, issuer),
        timeoutMs: TIMEOUT_MS,
        bytesMax: ANSWER_BYTES_MAX,
      })
      const reading = status === 200 ? readStatus(Buffer.from(body), certificate, issuer, this.means.nowMs()) : undefined
      if (reading === undefined) this.report(url, 'gives no answer that can be believed')
      return reading
    } catch (cause) {
      this.report(url, `cannot be asked: ${cause instanceof Error ? cause.message : String(cause)}`)
      return undefined
    }
  }

  private report(url: string, what: string): void {
    const nowMs = this.means.nowMs()
    if (nowMs < (this.reported.get(url) ?? 0) + REPORT_MS) return
    if (this.reported.size > 100) this.reported.clear()
    this.reported.set(url, nowMs)
    this.means.report(`the responder ${JSON.stringify(url.slice(0, 200))} for the status of client certificates ${what}`)
  }
}

/** Until when an answer is not asked for again. */
function freshUntil({ reading: { status, nextMs }, askedMs }: Kept): number {
  if (nextMs === undefined || status === 'unknown') return askedMs + RETRY_MS
  return Math.min(nextMs, askedMs + RENEW_MS)
}
