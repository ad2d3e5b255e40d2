// The journey of an operator's request: who, from where, may they, what exactly, done in one transaction with its trail entry, answered.

import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Fault } from '../base/fault.ts'
import { type Operator, reachesApi, reachOf } from '../model/operator.ts'
import type { TrailEvent } from '../model/trail-event.ts'
import { readCookie } from '../people/cookies.ts'
import { afterCommit, type Reading, StoreUnavailable, UncertainCommit, type Writing } from '../ports/store.ts'
import { type Answer, json, problem, withFields } from './answer.ts'
import { arrive, challenge, common } from './arrival.ts'
import { COMMON, type CommonRefusal } from './common-refusals.ts'
import { IdempotentUse, idempotencyKey } from './idempotency.ts'
import { type AnyOperation, type Call, type Done, isRefused, type Outcome, type Refused, refused, statusOf } from './operation.ts'
import type { OperationTable } from './operation-table.ts'
import { isOverTls, ownOrigin } from './own-origin.ts'
import type { Plane } from './plane.ts'
import { type Parts, readParts } from './request-parts.ts'

const NOBODY: Operator = { actor: { kind: 'anonymous', id: 'anonymous' }, permissions: new Map(), ownTeams: [], recentAuth: false }

/** Undone and answered: the way out of a transaction whose operation refused. */
class RolledBack extends Error {
  readonly outcome: Refused
  constructor(outcome: Refused) {
    super(outcome.refused)
    this.outcome = outcome
  }
}

/** Answers a request below /api/v1. `path` begins with "/" and is still encoded. Never throws. */
export async function handle(plane: Plane, table: OperationTable, request: IncomingMessage, path: string, search: string): Promise<Answer> {
  const found = table.find(request.method ?? '', path)
  try {
    const arrival = await arrive(plane, request)
    if ('answer' in arrival) return arrival.answer
    const { operator, shown, address, fields } = arrival
    const operation = found !== undefined && 'operation' in found ? found.operation : undefined
    // Who shows a credential that is not valid is told so, even where none is needed; strangers are not told what is served here.
    if (operator === undefined && (shown === 'authorization' || operation?.permission !== 'anyone')) {
      if (shown !== undefined) await plane.refusals.told(plane, 'unauthorized', { operator, address, shown, operation: operation?.name })
      return withFields(common('unauthorized'), fields)
    }
    if (found === undefined) return withFields(common('unknown-path'), fields)
    if ('allow' in found) return withFields(common('method-not-allowed', { Allow: found.allow.join(', ') }), fields)
    const journey = new Journey(plane, found.operation, operator, request, address)
    return withFields(await journey.answer(found.parameters, search), fields)
  } catch (cause) {
    return failure(plane, cause)
  }
}

/** The same was done meanwhile, with this very idempotency key: taken back, and answered as then. */
class Repeated extends Error {
  readonly answer: Answer
  constructor(answer: Answer) {
    super('repeated')
    this.answer = answer
  }
}

class Journey {
  private readonly plane: Plane
  private readonly operation: AnyOperation
  private readonly operator: Operator
  private readonly request: IncomingMessage
  private readonly address: string
  private readonly nowMs: number
  private guarded = false

  constructor(plane: Plane, operation: AnyOperation, operator: Operator | undefined, request: IncomingMessage, address: string) {
    this.plane = plane
    this.operation = operation
    this.operator = operator ?? NOBODY
    this.request = request
    this.address = address
    this.nowMs = plane.nowMs()
  }

  async answer(parameters: unknown, search: string): Promise<Answer> {
    const { operation } = this
    const barred = this.barred()
    if (barred !== undefined) {
      await this.told(barred)
      return this.no(refused(barred))
    }
    const parts = await readParts(operation, this.request, parameters, search)
    if ('refused' in parts) return this.no(refused(parts.refused), { Connection: 'close' })
    if ('errors' in parts) return this.no(refused('invalid', { more: parts }))
    const { 'idempotency-key': repeatable } = this.request.headers
    // Passed over in silence, it would let its sender believe that a repetition is harmless.
    if (operation.method === 'POST' && repeatable !== undefined && idempotencyKey(String(repeatable)) === undefined)
      return this.no(refused('invalid', { detail: 'Idempotency-Key is one key of 1 to 128 visible characters.' }))
    if (operation.guarded && this.request.headers['if-match'] === undefined) return this.no(refused('precondition-required'))
    return this.run(this.call(parts.read), parts.read)
  }

  /** What bars this operator or their browser before anything of the request is read. */
  private barred(): CommonRefusal | undefined {
    const { operation, operator, request } = this
    if (operation.method !== 'GET') {
      const { origin, host } = request.headers
      // A browser names the origin of every request that can change something (Fetch 3.1); whoever names none is no browser, and then a cookie is out of place.
      if (origin === undefined ? operator.session !== undefined : origin !== ownOrigin(host ?? '', this.plane.origin, isOverTls(request)))
        return 'foreign-origin'
      if (operator.session !== undefined && !sameText(request.headers['x-csrf-token'], operator.session.csrf)) return 'csrf-token'
    }
    if (operation.permission === 'anyone') return undefined
    if (operation.permission !== 'signed-in') {
      const reach = reachOf(operator, operation.permission)
      if (reach === undefined || (reach === 'own' && operation.reach === 'all')) return 'forbidden'
    }
    if (operation.recent === true && operator.session !== undefined && !operator.recentAuth) return 'recent-sign-in'
    return undefined
  }

  private call(read: Parts): Call {
    const { plane, operation, operator, request } = this
    return {
      ...read,
      operator,
      plane,
      nowMs: this.nowMs,
      address: this.address,
      agent: (request.headers['user-agent'] ?? '').slice(0, 200),
      cookie: (purpose) => readCookie(request.headers.cookie, purpose, plane.isSecure),
      reaches: (api) => this.reaches(api),
      guard: (etag) => {
        this.guarded = true
        const asked = request.headers['if-match']
        return operation.guarded && !matches(asked, etag) ? refused('stale') : undefined
      },
    }
  }

  private reaches(api: string): boolean {
    const { permission } = this.operation
    if (permission === 'anyone' || permission === 'signed-in') return false
    return reachesApi(this.operator, permission, api, this.plane.ownerOf(api))
  }

  /** Undefined when all that is touched lies within reach. */
  private async outOfReach(call: Call, reading: Reading): Promise<Refused | undefined> {
    const { reach } = this.operation
    if (typeof reach === 'string') return undefined
    const apis = await reach(call, reading)
    return apis?.every((api) => this.reaches(api)) ? undefined : refused('unknown')
  }

  private async run(call: Call, content: unknown): Promise<Answer> {
    const { operation, plane } = this
    if (operation.act === undefined) return this.read(call)
    const repeated = this.idempotentUse(content)
    try {
      // Before anything is done aside, such as a back-up: a repetition does nothing.
      const earlier = repeated && (await plane.store.read((reading) => this.earlier(reading, repeated)))
      if (earlier !== undefined) return earlier
      const prepared = await this.prepared(call)
      if (isRefused(prepared)) return await this.refuse(call, prepared)
      const answer = await (operation.commit ? this.commit(call, repeated) : plane.store.write((writing) => this.write(call, writing, prepared, repeated)))
      if (operation.live) await plane.settle().catch(afterCommit)
      return answer
    } catch (cause) {
      if (cause instanceof RolledBack) return this.refuse(call, cause.outcome)
      if (cause instanceof Repeated) return cause.answer
      throw cause
    }
  }

  private async read(call: Call): Promise<Answer> {
    const { operation, operator, plane, address } = this
    // Told before anything is: what cannot be logged does not happen. What changes something has an entry of its own.
    await recordRead(plane, operator, operation.name, address)
    const prepared = await this.prepared(call)
    const outcome = isRefused(prepared)
      ? prepared
      : await plane.store.read(async (reading) => (await this.outOfReach(call, reading)) ?? operation.run!(call, reading as Writing, prepared))
    if (!isRefused(outcome)) return this.yes(outcome)
    // Whoever looks for what is not theirs is seen looking (ASVS 16.3.2); what is not there at all is told alike, here as to them.
    if (outcome.refused === 'unknown' || outcome.refused === 'forbidden') await this.told(outcome.refused)
    return this.no(outcome)
  }

  /** What `prepare` brought, for who reaches what it is about. */
  private async prepared(call: Call): Promise<object | undefined> {
    const { operation, plane } = this
    if (!operation.prepare) return undefined
    return (await plane.store.read((reading) => this.outOfReach(call, reading))) ?? ((await operation.prepare(call)) as object | undefined)
  }

  /** The act commits by itself, and its entry in the trail with it. */
  private async commit(call: Call, repeated: IdempotentUse | undefined): Promise<Answer> {
    const { plane, operation } = this
    const hidden = await plane.store.read((reading) => this.outOfReach(call, reading))
    let answer: Answer | undefined
    const outcome =
      hidden ??
      (await operation.commit!(call, async (writing, done) => {
        const twin = await this.earlier(writing, repeated)
        if (twin !== undefined) throw new Repeated(twin)
        answer = await this.conclude(call, writing, done, repeated)
      }))
    if (isRefused(outcome)) throw new RolledBack(outcome)
    if (answer === undefined) throw new Error(`${operation.name} did what the trail was not told`)
    return answer
  }

  /** A refusal that has no entry of the operation's own. */
  private told(code: CommonRefusal): Promise<void> {
    const { plane, operator, operation, address } = this
    return plane.refusals.told(plane, code, { operator: operator === NOBODY ? undefined : operator, address, operation: operation.name })
  }

  private idempotentUse(content: unknown): IdempotentUse | undefined {
    // Strangers are all one principal: one would be answered what was answered to another.
    const key =
      this.operation.method === 'POST' && this.operator !== NOBODY ? idempotencyKey(this.request.headers['idempotency-key'] as string | undefined) : undefined
    return key === undefined ? undefined : new IdempotentUse(this.plane.repetitionKey, this.operator.actor, this.operation.name, key, content)
  }

  /** The act and its entry in the trail, in one transaction: an act that cannot be logged does not happen. */
  private async write(call: Call, writing: Writing, prepared: unknown, repeated: IdempotentUse | undefined): Promise<Answer> {
    const earlier = await this.earlier(writing, repeated)
    if (earlier !== undefined) return earlier
    const outcome: Outcome<unknown> = (await this.outOfReach(call, writing)) ?? (await this.operation.run!(call, writing, prepared))
    if (isRefused(outcome)) {
      if (!outcome.keep) throw new RolledBack(outcome)
      await this.plane.record(writing, this.event(call, outcome))
      return this.no(outcome)
    }
    return this.conclude(call, writing, outcome, repeated)
  }

  private async earlier(reading: Reading, repeated: IdempotentUse | undefined): Promise<Answer | undefined> {
    const earlier = await repeated?.earlier(reading, this.nowMs)
    if (typeof earlier === 'string') throw new RolledBack(refused(earlier))
    return earlier
  }

  private async conclude(call: Call, writing: Writing, outcome: Done<unknown>, repeated: IdempotentUse | undefined): Promise<Answer> {
    const { operation } = this
    if (operation.guarded && !this.guarded) throw new Error(`${operation.name} is guarded and never asked for the tag`)
    await this.plane.record(writing, this.event(call, outcome))
    const answer = this.yes(outcome)
    // A cookie is a secret, whatever the operation says of its answer.
    const isSecret = operation.secret === true || outcome.cookies !== undefined
    await repeated?.keep(writing, this.nowMs, isSecret || typeof answer.body !== 'string' ? undefined : { ...answer, body: answer.body })
    return answer
  }

  private event(call: Call, outcome: Outcome<unknown>): TrailEvent {
    const { operation, operator } = this
    const object = ('value' in outcome ? outcome.object : undefined) ?? operation.object?.(call)
    const facts = 'value' in outcome ? outcome.detail : undefined
    return {
      act: operation.act ?? operation.name,
      actor: ('value' in outcome ? outcome.actor : undefined) ?? operator.actor,
      outcome: 'value' in outcome ? 'done' : 'refused',
      ...('refused' in outcome && { code: this.codeOf(outcome) }),
      ...(object && { object }),
      ...(facts && { detail: facts }),
      personal: { address: this.address, ...('value' in outcome ? outcome.personal : undefined) },
    }
  }

  /** A refusal, told to the trail first when a change was asked for. */
  private async refuse(call: Call, outcome: Refused): Promise<Answer> {
    if (this.operation.act !== undefined) await this.plane.store.write((writing) => this.plane.record(writing, this.event(call, outcome)))
    return this.no(outcome)
  }

  private codeOf({ refused: name }: Refused): string {
    return Object.hasOwn(this.operation.refusals, name) ? `${this.operation.resource}.${name}` : `management.${name}`
  }
  private no(outcome: Refused, fields: Answer['fields'] = {}): Answer {
    const { refused: name, detail, more, retryAfterMs } = outcome
    const declared = this.operation.refusals[name] ?? COMMON[name as CommonRefusal]
    if (declared === undefined) throw new Error(`${this.operation.name} refuses with ${name}, which it does not declare`)
    const retry = retryAfterMs === undefined ? undefined : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) }
    return problem(declared.status, this.codeOf(outcome), detail ?? declared.says, { ...fields, ...retry, ...challenge(declared.status) }, more)
  }

  private yes({ value, etag, location, cookies, further }: Done<unknown>): Answer {
    const { operation } = this
    const fields: Record<string, string | readonly string[]> = {
      ...(etag !== undefined && { ETag: `"${etag}"` }),
      ...(location !== undefined && { Location: `/api/v1${location}` }),
      ...(cookies !== undefined && { 'Set-Cookie': cookies }),
    }
    const status = statusOf(operation)
    if (further) return { status: operation.further!.status, fields: { 'Content-Type': operation.further!.media }, body: value as string }
    if (operation.media !== undefined) return { status, fields: { 'Content-Type': operation.media, ...fields }, body: value as Answer['body'] }
    if (operation.output === undefined) return { status, fields, body: '' }
    // Nothing leaves that is not declared (OWASP API3:2023): an answer that its own schema refuses is a mistake of ours.
    const faults: Fault[] = []
    operation.output.read(structuredClone(value), [], faults)
    if (faults.length > 0) throw new Error(`${operation.name} answers what it does not declare: ${faults[0]!.message}`)
    return json(status, value, fields)
  }
}

/** Each use of the admin token stands in the trail (hardening.md), reads included: it belongs to nobody, so that its use is all that can be watched. */
export async function recordRead(plane: Plane, { actor }: Operator, operation: string, address: string): Promise<void> {
  if (actor.kind !== 'admin-token') return
  await plane.store.write((writing) => plane.record(writing, { act: 'admin-token.read', actor, outcome: 'done', detail: { operation }, personal: { address } }))
}

/** RFC 9110 13.1.1: `*`, or one of the listed strong tags. */
function matches(field: string | undefined, etag: string): boolean {
  if (field === undefined) return false
  return field.trim() === '*' || field.split(',').some((each) => each.trim() === `"${etag}"`)
}
function sameText(given: string | string[] | undefined, wanted: string): boolean {
  if (typeof given !== 'string') return false
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function failure(plane: Plane, cause: unknown): Answer {
  if (cause instanceof UncertainCommit) return common('uncertain')
  if (cause instanceof StoreUnavailable) return common('unavailable', { 'Retry-After': '1' })
  plane.report(cause)
  return common('broken')
}
