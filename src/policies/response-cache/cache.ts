// The cache of one attachment: looks for a stored response, asks the upstream whether it still holds, and stores what comes.
import type { Clock } from '../../base/clock.ts'
import type { Field } from '../../caching/field-list.ts'
import { fieldsOf } from '../../caching/field-list.ts'
import type { Flight, FlightOutcome, Flights } from '../../caching/flights.ts'
import { standsForError, useOf } from '../../caching/reuse.ts'
import { type StoredResponse, selected } from '../../caching/stored-response.ts'
import { freshened, keep, type StoringRules, updatedFields } from '../../caching/storing.ts'
import { matchesWeakly } from '../../caching/validators.ts'
import { fieldName } from '../../http/field-names.ts'
import { isSafe } from '../../http/methods.ts'
import type { Answer } from '../../pipeline/answer.ts'
import type { Hooks, Refusal, Reply, Verdict } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { isPromise } from '../../pipeline/link.ts'
import { slot } from '../../pipeline/slots.ts'
import type { CacheTally, Responses } from '../../ports/responses.ts'
import type { Asked, RequestReader } from './asked.ts'
import { BodyCollector } from './body-collector.ts'
import { fromStore } from './from-store.ts'
import { invalidate } from './invalidation.ts'

const IF_NONE_MATCH = fieldName('if-none-match')
const IF_MODIFIED_SINCE = fieldName('if-modified-since')
const RANGE = fieldName('range')
const IF_RANGE = fieldName('if-range')
const VISIBLE = /^[!-~]+$/

/** What the cache knows of the request under way. */
const AskedSlot = slot<Asked>('ResponseCacheAsked')
/** An unsafe request goes on whose answer has not been seen: its client may leave, or another policy take the answer's place. */
const WritingSlot = slot<boolean>('ResponseCacheWriting')

export interface CacheParts {
  readonly reader: RequestReader
  readonly responses: Responses
  readonly clock: Clock
  readonly flights: Flights
  readonly rules: StoringRules
  readonly bodyBytesMax: number
  readonly reducesQuery: boolean
  readonly tellsStatus: boolean
  readonly tally: CacheTally
  /** RFC 9111 5.2.1.7. */
  readonly notCached: Refusal
}

export class ResponseCache implements Hooks {
  private readonly parts: CacheParts
  private readonly tagFields: readonly ReturnType<typeof fieldName>[]

  constructor(parts: CacheParts) {
    this.parts = parts
    this.tagFields = parts.rules.tagFields.map(fieldName)
  }

  request(x: Exchange): Verdict | Promise<Verdict> {
    const { method } = x
    if (method !== 'GET' && method !== 'HEAD') {
      if (!isSafe(method)) x.set(WritingSlot, true)
      return undefined
    }
    const { reader, responses, tally } = this.parts
    const asked = reader.read(x)
    if (asked === undefined) {
      tally.bypassed++
      return undefined
    }
    if (this.parts.reducesQuery && x.query !== undefined) x.respellQuery(reader.queryOf(x) ?? '')
    const found = responses.find(asked.key)
    // A store that cannot be reached has nothing: the upstream is asked.
    return found instanceof Promise ? found.catch(nothing).then((later) => this.lookedUp(x, asked, later)) : this.lookedUp(x, asked, found)
  }

  private lookedUp(x: Exchange, asked: Asked, found: readonly StoredResponse[]): Verdict | Promise<Verdict> {
    const { tally, flights } = this.parts
    const stored = selected(found, asked.valuesOf)
    if (stored !== undefined) {
      const use = useOf(stored, x.nowUs, asked.asks)
      if (use === 'fresh') {
        tally.hits++
        return this.reply(stored, asked, x.nowUs, 'hit')
      }
      // RFC 5861 3: one goes and asks; meanwhile, and for all others, what is there will do.
      if (use === 'behind' && mayLead(asked, stored)) asked.flight = flights.begin(asked.key)
      if (use === 'stale' || (use === 'behind' && asked.flight === undefined)) {
        tally.stale++
        return this.reply(stored, asked, x.nowUs, 'hit')
      }
      asked.stored = stored
      asked.why = 'stale'
    } else if (found.length > 0) asked.why = 'vary-miss'
    tally.misses++
    if (asked.asks.onlyIfCached) {
      this.leave(asked)
      return this.parts.notCached
    }
    return this.isShareable(asked) ? this.together(x, asked) : this.ask(x, asked)
  }

  /** Whether others may wait for what this request gets, and it for what others get. */
  private isShareable(asked: Asked): boolean {
    const { flight, asks, stored } = asked
    return flight === undefined && !asks.noCache && asks.maxAge === undefined && asks.minFresh === undefined && mayLead(asked, stored)
  }

  private together(x: Exchange, asked: Asked): Verdict | Promise<Verdict> {
    const joined = this.parts.flights.join(asked.key, Math.floor(x.nowUs / 1000))
    if (isPromise(joined as Verdict | Promise<Verdict>)) return (joined as Promise<FlightOutcome>).then((outcome) => this.waited(x, asked, outcome))
    asked.flight = joined as Flight | undefined
    return this.ask(x, asked)
  }
  private async waited(x: Exchange, asked: Asked, outcome: FlightOutcome): Promise<Verdict> {
    const { clock, responses, tally } = this.parts
    const nowUs = clock.nowUs()
    if (outcome === 'stored') {
      const stored = selected(await Promise.resolve(responses.find(asked.key)).catch(nothing), asked.valuesOf)
      if (stored !== undefined && useOf(stored, nowUs, asked.asks) === 'fresh') {
        tally.hits++
        tally.collapsed++
        return this.reply(stored, asked, nowUs, `fwd=${asked.why}; collapsed`)
      }
    }
    if (outcome === 'failed' && asked.stored !== undefined && standsForError(asked.stored, nowUs)) return this.instead(asked.stored, asked, nowUs, '')
    return this.ask(x, asked)
  }

  /** To the upstream: with our conditions where there is something that may still hold (RFC 9111 4.3.1). */
  private ask(x: Exchange, asked: Asked): undefined {
    const { stored } = asked
    asked.filling = this.parts.responses.begin(asked.target)
    x.set(AskedSlot, asked)
    if (asked.toHead || !isAskable(stored)) return undefined
    for (const name of [IF_NONE_MATCH, IF_MODIFIED_SINCE, RANGE, IF_RANGE]) x.dropFromRequest(name)
    if (stored.etag !== undefined && VISIBLE.test(stored.etag)) x.tellUpstream('If-None-Match', stored.etag)
    if (stored.lastModified !== undefined) x.tellUpstream('If-Modified-Since', stored.lastModified)
    asked.validates = true
    return undefined
  }

  response(x: Exchange, answer: Answer): Verdict {
    if (!isSafe(x.method)) {
      // RFC 9111 4.4. A client's own fault changed nothing; whatever else came of it may have.
      if (answer.status < 400 || answer.status >= 500) this.invalidate(x, answer)
      x.set(WritingSlot, false)
      this.tidy(answer, undefined)
      return undefined
    }
    const asked = x.get(AskedSlot)
    if (asked === undefined) {
      this.tidy(answer, x.method === 'OPTIONS' ? 'fwd=method' : 'fwd=bypass')
      return undefined
    }
    const nowUs = this.parts.clock.nowUs()
    const { stored } = asked
    if (stored !== undefined) {
      if (answer.status === 304 && asked.validates) return this.confirmed(x, asked, stored, answer, nowUs)
      if (isFailure(answer.status)) {
        if (standsForError(stored, nowUs)) return this.instead(stored, asked, nowUs, `; fwd-status=${answer.status}`)
        // What failed says nothing of what is stored.
      } else if (!isToTheirConditions(answer.status) && (!asked.toHead || isAnother(stored, answer))) this.parts.responses.forget(asked.key, stored)
    }
    const isStored = asked.toHead ? false : this.store(x, asked, answer, nowUs)
    this.tidy(answer, `fwd=${asked.why}${asked.why === 'stale' ? `; fwd-status=${answer.status}` : ''}${isStored ? '; stored' : ''}`)
    return undefined
  }

  /** True when it is kept, if its body comes whole. */
  private store(x: Exchange, asked: Asked, answer: Answer, nowUs: number): boolean {
    const { rules, tally, flights, responses, bodyBytesMax } = this.parts
    const isTooLong = answer.makers.length === 0 && answer.length > bodyBytesMax
    // What another method answered, or may have been cut short (RFC 9111 3.3), is nobody's but this client's.
    const isTheirs = isTooLong || x.upstreamMethod !== undefined || answer.endsByClose || !rules.statuses.has(answer.status)
    const kept = isTheirs ? 'useless' : keep(this.answered(x, asked, answer.fields(), answer.status, nowUs), rules)
    const { flight, filling, key } = asked
    if (typeof kept === 'string') {
      tally.refused++
      if (flight !== undefined) {
        // What is not kept because of who asked may be for the next.
        if (isFailure(answer.status) || kept === 'authorization') flights.release(flight)
        else flights.refuse(flight, Math.floor(nowUs / 1000))
      }
      return false
    }
    const settle = (isStored: boolean, body: Uint8Array): void => {
      if (isStored) tally.stored++
      else tally.refused++
      if (flight !== undefined) this.land(flight, isStored ? { ...kept, body } : undefined)
    }
    const whole = (body: Uint8Array): void => {
      const put = responses.put(key, { ...kept, body }, filling!)
      if (put instanceof Promise)
        void put.then(
          (isStored) => settle(isStored, body),
          () => settle(false, body),
        )
      else settle(put, body)
    }
    const lost = (tooLong: boolean): void => {
      tally.refused++
      if (flight === undefined) return
      if (tooLong) flights.refuse(flight, Math.floor(this.parts.clock.nowUs() / 1000))
      else flights.release(flight)
    }
    answer.watch(new BodyCollector(responses, answer.makers.length > 0 || !answer.hasBody ? -1 : answer.length, bodyBytesMax, { whole, lost }))
    return true
  }
  /** What is stale as soon as it is there is nothing to wait for. */
  private land(flight: Flight, stored: StoredResponse | undefined): void {
    const { flights, clock } = this.parts
    const nowUs = clock.nowUs()
    if (stored === undefined) flights.release(flight)
    else if (stored.mustValidate || stored.freshUntilUs <= nowUs) flights.refuse(flight, Math.floor(nowUs / 1000))
    else flights.land(flight)
  }
  private answered(x: Exchange, asked: Asked, fields: readonly Field[], status: number, nowUs: number): Parameters<typeof keep>[0] {
    const hidden = x.droppedFromResponse
    return {
      status,
      fields,
      asks: asked.asks,
      hasAuthorization: asked.hasAuthorization,
      hasCookie: asked.hasCookie,
      path: asked.path,
      target: asked.target,
      requestUs: x.nowUs,
      responseUs: nowUs,
      valuesOf: asked.valuesOf,
      isToldLater: (name) => asked.isToldLater(x, name),
      isHidden: (name) => hidden.some(({ names }) => names.some(({ text }) => text === name)),
    }
  }

  /** 304 to our own conditions (RFC 9111 4.3.3). */
  private confirmed(x: Exchange, asked: Asked, stored: StoredResponse, answer: Answer, nowUs: number): Reply {
    const { responses, rules, tally } = this.parts
    const { key, filling, flight } = asked
    tally.validated++
    const from304 = answer.fields()
    const etag = from304.find(([name]) => name.toLowerCase() === 'etag')?.[1]
    let now: StoredResponse | undefined = stored
    // RFC 9111 4.3.4: what names another state does not make this one newer.
    if (etag === undefined || stored.etag === undefined || matchesWeakly(etag, stored.etag)) {
      const fresh = freshened(stored, this.answered(x, asked, updatedFields(fieldsOf(stored.lines), from304), stored.status, nowUs), rules)
      now = fresh && fresh.tags.length === 0 ? { ...fresh, tags: stored.tags } : fresh
      if (now === undefined) responses.forget(key, stored)
      else void Promise.resolve(responses.put(key, now, filling!)).catch(nothing)
    }
    if (flight !== undefined) this.land(flight, now)
    return this.reply(now ?? stored, asked, nowUs, 'fwd=stale; fwd-status=304')
  }

  /** RFC 5861 4. */
  private instead(stored: StoredResponse, asked: Asked, nowUs: number, status: string): Reply {
    this.parts.tally.stale++
    if (asked.flight !== undefined) this.parts.flights.fail(asked.flight)
    return this.reply(stored, asked, nowUs, `fwd=stale${status}`)
  }

  failed(x: Exchange): Reply | undefined {
    if (!isSafe(x.method)) {
      // Nobody knows whether it was done.
      this.invalidate(x, undefined)
      x.set(WritingSlot, false)
      return undefined
    }
    const asked = x.get(AskedSlot)
    const nowUs = this.parts.clock.nowUs()
    if (asked?.stored !== undefined && standsForError(asked.stored, nowUs)) return this.instead(asked.stored, asked, nowUs, '')
    return undefined
  }
  over(x: Exchange): void {
    const asked = x.get(AskedSlot)
    if (asked !== undefined) this.leave(asked)
    if (x.get(WritingSlot) === true) this.invalidate(x, undefined)
  }

  private leave({ flight }: Asked): void {
    if (flight !== undefined) this.parts.flights.release(flight)
  }
  private invalidate(x: Exchange, answer: Answer | undefined): void {
    this.parts.tally.invalidated++
    invalidate(x, answer, this.parts.reader, this.parts.responses)
  }
  private reply(stored: StoredResponse, asked: Asked, nowUs: number, how: string): Reply {
    return fromStore(stored, asked, nowUs, this.parts.tellsStatus ? how : undefined)
  }
  /** What is for caches alone stays here. */
  private tidy(answer: Answer, how: string | undefined): void {
    for (const name of this.tagFields) answer.drop(name)
    if (how !== undefined && this.parts.tellsStatus) answer.add('Cache-Status', `gatehouse; ${how}`)
  }
}

const nothing = (): readonly StoredResponse[] => []

/** RFC 5861 4: what counts as an error there. */
const isFailure = (status: number): boolean => status === 500 || status === 502 || status === 503 || status === 504

/** What it gets may be given to others: neither its conditions nor its range go to the upstream, and it is stored. */
const mayLead = ({ toHead, asks, range, ifNoneMatch, ifModifiedSince }: Asked, stored: StoredResponse | undefined): boolean =>
  !toHead && !asks.noStore && !asks.onlyIfCached && (isAskable(stored) || (range === undefined && ifNoneMatch === undefined && ifModifiedSince === undefined))

/** The upstream can be asked whether it still holds. */
const isAskable = (stored: StoredResponse | undefined): stored is StoredResponse =>
  stored !== undefined && ((stored.etag !== undefined && VISIBLE.test(stored.etag)) || stored.lastModified !== undefined)

/** To conditions and ranges that were the client's own: they say nothing of what is stored. */
const isToTheirConditions = (status: number): boolean => status === 304 || status === 412 || status === 416

const ETAG = fieldName('etag')
const LAST_MODIFIED = fieldName('last-modified')
/** RFC 9111 4.3.5: a HEAD tells that the stored response is no longer the current one. */
function isAnother(stored: StoredResponse, answer: Answer): boolean {
  if (answer.status !== stored.status) return true
  const etag = answer.get(ETAG)
  const modified = answer.get(LAST_MODIFIED)
  return (
    (etag !== undefined && etag !== stored.etag) ||
    (modified !== undefined && modified !== stored.lastModified) ||
    (answer.length >= 0 && answer.length !== stored.body.length)
  )
}
