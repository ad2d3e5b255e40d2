// How an upstream is watched and what is done when it fails, as it is written: the keys of `upstream` beside its addresses.
import {
  checked,
  described,
  duration,
  either,
  integer,
  list,
  mapped,
  object,
  oneOf,
  optional,
  record,
  type Schema,
  size,
  string,
  withDefault,
} from '../../base/schema.ts'
import { METHODS } from '../../http/methods.ts'
import type {
  ActiveHealth,
  Circuit,
  Fallback,
  FallbackCause,
  Health,
  InFlightLimits,
  OperationResilience,
  PassiveHealth,
  Resilience,
  Retries,
  RetryCause,
} from '../../model/resilience.ts'

const second = 1000
const minute = 60 * second
const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/
const VISIBLE = /^[!-~](?:[ -~]{0,2046}[!-~])?$/
/** What frames a message, names its sender or is the gateway's own to say. */
const OWN_FIELDS =
  /^(?:connection|content-length|date|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|gatehouse-.*|x-request-id|forwarded|x-forwarded-.*|authorization|cookie|set-cookie)$/i

function percent(min: number, max: number, describe: string): Schema<number> {
  return mapped(
    checked(string({ pattern: /^\d{1,3}%$/, maxLength: 4, means: 'a share such as 20%', describe: `${describe} ${min}% to ${max}%.` }), (text) => {
      const value = Number(text.slice(0, -1))
      return value < min || value > max ? { code: 'out-of-range', message: `${text} is not between ${min}% and ${max}%` } : undefined
    }),
    (text) => Number(text.slice(0, -1)),
  )
}
/** `false`, or settings. */
const orOff = <T>(schema: Schema<T>, off: string): Schema<T | false> => either([schema, oneOf([false], off)], 'an object, or false') as Schema<T | false>

const path = string({
  pattern: /^\/[!-~]{0,500}$/,
  maxLength: 501,
  means: 'a path such as /healthz',
  describe: 'What is asked for, below the path of the target.',
})
const statuses = mapped(
  list(string({ pattern: /^(?:[1-5]\d\d(?:-[1-5]\d\d)?|[1-5]xx)$/, means: 'a status such as 200, 2xx or 200-299' }), {
    min: 1,
    max: 20,
    describe: 'Statuses that are expected: `200`, `2xx`, `200-299`.',
  }),
  (all) =>
    all.map((text): readonly [number, number] => {
      if (text.endsWith('xx')) return [Number(text[0]) * 100, Number(text[0]) * 100 + 99]
      const [from, to = from] = text.split('-')
      return [Number(from), Number(to)]
    }),
)
const http = object(
  {
    path: withDefault(path, '/'),
    method: optional(oneOf(['GET', 'HEAD'], 'How it is asked for.'), 'GET'),
    host: optional(
      string({ pattern: /^[0-9A-Za-z[][0-9A-Za-z.:[\]-]{0,252}$/, means: 'a host', describe: 'Sent as `Host`. Left out: the host of the target.' }),
    ),
    statuses: withDefault(statuses, ['2xx']),
  },
  'A request that must be answered as expected; of the answer only the head is read.',
)
const grpc = object(
  {
    service: optional(
      string({
        pattern: /^[A-Za-z0-9._/-]{0,200}$/,
        means: 'the name of a service',
        describe: 'Which service is asked about. Left out: the server as a whole.',
      }),
      '',
    ),
  },
  'The gRPC health protocol (`grpc.health.v1`): the answer must be SERVING.',
)

const active: Schema<ActiveHealth> = mapped(
  checked(
    object(
      {
        http: optional(http),
        tcp: optional(object({}, 'A connection must stand; under TLS its certificate must be believed.')),
        grpc: optional(grpc),
        interval: withDefault(duration({ minMs: 100, maxMs: 60 * minute, describe: 'From one check to the next.' }), '10s'),
        timeout: withDefault(duration({ minMs: 10, maxMs: 5 * minute, describe: 'How long a check may take.' }), '2s'),
        up: optional(integer({ min: 1, max: 100, describe: 'Checks in a row that must succeed before a target is used again.' }), 2),
        down: optional(integer({ min: 1, max: 100, describe: 'Checks in a row that must fail before a target is no longer used.' }), 3),
        jitter: withDefault(percent(0, 100, 'So much of the interval is left to chance, so that targets are not all asked at once.'), '20%'),
      },
      'Asks each target of its own accord, once for all gateway threads.',
    ),
    (read) =>
      [read.http, read.tcp, read.grpc].filter((one) => one !== undefined).length === 1
        ? undefined
        : { code: 'contradiction', message: 'an active check asks in one way: `http`, `tcp` or `grpc`' },
  ),
  ({ http: asked, tcp, grpc: called, interval, timeout, up, down, jitter }) => ({
    kind: asked ? 'http' : tcp ? 'tcp' : 'grpc',
    method: asked?.method ?? 'GET',
    path: asked?.path ?? '/',
    ...(asked?.host !== undefined && { host: asked.host }),
    statuses: asked?.statuses ?? [],
    service: called?.service ?? '',
    ...{ intervalMs: interval, timeoutMs: timeout, up, down, jitterPercent: jitter },
  }),
)

const passive: Schema<PassiveHealth> = mapped(
  object(
    {
      consecutive: optional(
        integer({ min: 0, max: 1000, describe: 'Failures in a row (no connection, one that broke, no answer in time) that put a target aside. 0: never.' }),
        5,
      ),
      errors: withDefault(
        percent(0, 100, 'Share of failures and answers of 500 or more that puts a target aside, when it is at least twice that of the others. 0%: never.'),
        '40%',
      ),
      window: withDefault(duration({ minMs: second, maxMs: 10 * minute, describe: 'Over which time shares are taken.' }), '10s'),
      minimum: optional(integer({ min: 2, max: 100_000, describe: 'Requests within the window below which no share is taken.' }), 10),
      latency: optional(
        object(
          {
            factor: optional(integer({ min: 2, max: 1000, describe: 'So many times the mean latency of the others.' }), 5),
            over: withDefault(duration({ minMs: 1, maxMs: 10 * minute, describe: 'And longer by so much.' }), '250ms'),
          },
          'Puts a target aside that is slow beside at least two others. Left out: slowness is no fault.',
        ),
      ),
      eject: withDefault(duration({ minMs: 100, maxMs: 60 * minute, describe: 'How long it is aside the first time; doubled with each that follows.' }), '10s'),
      ejectAtMost: withDefault(duration({ minMs: 100, maxMs: 24 * 60 * minute, describe: 'The longest time aside.' }), '5m'),
      ejected: withDefault(percent(0, 100, 'Never more than this share of the targets is aside.'), '50%'),
    },
    'Judges targets by how their requests end. Per gateway thread. On by default where there are several targets.',
  ),
  ({ consecutive, errors, window, minimum, latency, eject, ejectAtMost, ejected }) => ({
    ...{ consecutive, errorPercent: errors, windowMs: window, minimum },
    ...{ latencyFactor: latency?.factor ?? 0, latencyOverMs: latency?.over ?? 0 },
    ...{ ejectMs: eject, ejectMsMax: Math.max(eject, ejectAtMost), ejectedPercentMax: ejected },
  }),
)

export interface HealthSection extends Omit<Health, 'passive'> {
  /** Undefined: as is usual for so many targets. */
  readonly passive: PassiveHealth | false | undefined
}
export const health: Schema<HealthSection> = mapped(
  object(
    {
      active: optional(active),
      passive: optional(orOff(passive, 'Requests say nothing about targets.')),
      panic: withDefault(
        percent(0, 100, 'When fewer than this share of the targets are there, all are used again: better some errors than none served.'),
        '30%',
      ),
      slowStart: withDefault(duration({ minMs: 0, maxMs: 60 * minute, describe: 'How long a target that comes back takes to get its whole share.' }), '10s'),
    },
    'Whether targets are well, and what follows from it.',
  ),
  ({ active: asks, passive: judges, panic, slowStart }) => ({ ...(asks && { active: asks }), passive: judges, panicPercent: panic, slowStartMs: slowStart }),
)

const CAUSES = ['connect', 'reset', 'timeout', 502, 503, 504] as const
const retrySettings: Schema<Retries> = mapped(
  object(
    {
      attempts: optional(integer({ min: 1, max: 10, describe: 'Tries beside the first.' }), 2),
      on: optional(
        list(oneOf(CAUSES), {
          min: 1,
          max: CAUSES.length,
          describe:
            '`connect`: no connection, so nothing was sent: whatever the method. `reset`: it broke before an answer. `timeout`: no head of an answer in time. `502`, `503`, `504`: that was the answer. Left out: connect, reset and 503.',
        }),
        ['connect', 'reset', 503],
      ),
      methods: optional(
        list(oneOf(METHODS), {
          max: METHODS.length,
          describe:
            'Methods that may be tried again beside GET, HEAD, OPTIONS, PUT and DELETE: whoever writes POST here says that its requests may happen twice.',
        }),
        [],
      ),
      backOff: withDefault(
        duration({ minMs: 0, maxMs: minute, describe: 'The mean wait before a second try at the same target; doubled with each, and left to chance.' }),
        '50ms',
      ),
      backOffAtMost: withDefault(duration({ minMs: 0, maxMs: minute, describe: 'The longest such wait.' }), '1s'),
      retryAfter: withDefault(
        duration({ minMs: 0, maxMs: minute, describe: 'A `Retry-After` up to so long is waited for at the same target; a longer one ends the tries there.' }),
        '2s',
      ),
      budget: withDefault(percent(0, 100, 'Retries per hundred requests: above it none, so that retries never become a storm.'), '20%'),
      budgetPerSecond: optional(integer({ min: 0, max: 100_000, describe: 'Retries a second that are allowed besides, per gateway thread.' }), 3),
      body: withDefault(
        size({ maxBytes: 1024 * 1024, describe: 'Bodies up to this size are kept until there is an answer, so that they can be sent again.' }),
        '16KiB',
      ),
    },
    'When a request is sent a second time, to another target where there is one. Never after any of an answer has left for the client.',
  ),
  ({ attempts, on, methods, backOff, backOffAtMost, retryAfter, budget, budgetPerSecond, body }) => ({
    ...{ attempts, on: on.map((cause) => `${cause}` as RetryCause), methods, backOffMs: backOff, backOffMsMax: backOffAtMost, retryAfterMsMax: retryAfter },
    ...{ budgetPercent: budget, budgetPerSecond, bodyBytes: body },
  }),
)
export const retries: Schema<Retries | false> = orOff(retrySettings, 'Nothing is sent twice.')
/** What holds for several targets where nothing is written. */
export const USUAL_RETRIES = retrySettings.read({}, [], [])
export const USUAL_HEALTH = health.read({}, [], [])
export const USUAL_PASSIVE = passive.read({}, [], [])

export const circuit: Schema<Circuit> = mapped(
  object(
    {
      of: optional(
        oneOf(
          ['target', 'upstream', 'both'],
          '`target`: an open circuit keeps requests from one target; `upstream`: from all of them, and they are answered 503.',
        ),
        'target',
      ),
      errors: withDefault(percent(1, 100, 'The share of failures and answers of 500 or more that opens it.'), '50%'),
      window: withDefault(duration({ minMs: second, maxMs: 10 * minute, describe: 'Over which time the share is taken.' }), '10s'),
      minimum: optional(integer({ min: 2, max: 100_000, describe: 'Requests within the window below which it stays closed.' }), 20),
      open: withDefault(duration({ minMs: 100, maxMs: 60 * minute, describe: 'How long it is open before some requests find out.' }), '5s'),
      probes: optional(integer({ min: 1, max: 100, describe: 'Requests that may find out at once; when all of them succeed it closes.' }), 3),
    },
    'A circuit breaker: what fails is left alone for a time. Per gateway thread. Left out: none.',
  ),
  ({ of, errors, window, minimum, open, probes }) => ({ scope: of, errorPercent: errors, windowMs: window, minimum, openMs: open, probes }),
)

const most = integer({ min: 1, max: 1_000_000 })
export const limits: Schema<InFlightLimits> = mapped(
  object(
    {
      inFlight: optional(
        described('Requests to the upstream that may be under way, those that wait for a connection included, per gateway thread. Above it 503.', most),
      ),
      inFlightPerTarget: optional(described('The same for each target: another one is used where there is one.', most)),
      queue: optional(
        duration({ minMs: 1, maxMs: 10 * minute, describe: 'How long a request may wait for a connection. Left out: as long as for an answer.' }),
      ),
    },
    'Bulkheads: what one upstream may hold of the gateway.',
  ),
  ({ inFlight, inFlightPerTarget, queue }) => ({
    ...(inFlight !== undefined && { inFlight }),
    ...(inFlightPerTarget !== undefined && { inFlightPerTarget }),
    ...(queue !== undefined && { queueMs: queue }),
  }),
)

const FALLBACKS = ['unreachable', 'timeout', 'invalid', 'busy', 'open'] as const satisfies readonly FallbackCause[]
const fields = record(string({ pattern: VISIBLE, maxLength: 2048, means: 'a value of visible ASCII' }), {
  key: FIELD_NAME,
  keyMeans: 'a field name',
  max: 50,
  describe: 'Fields of the answer.',
})
export const fallback: Schema<Fallback> = mapped(
  checked(
    object(
      {
        on: optional(
          list(oneOf(FALLBACKS), {
            min: 1,
            max: FALLBACKS.length,
            describe: 'For which failures, by the code of the refusal: `open` is `upstream.open`. Left out: all.',
          }),
          FALLBACKS,
        ),
        status: optional(integer({ min: 200, max: 599, describe: 'The status of the answer.' }), 503),
        headers: withDefault(fields, {}),
        body: optional(string({ maxLength: 65_536, describe: 'The body of the answer.' }), ''),
      },
      'What is answered in the place of our own error when the upstream does not answer. What policies have for that case, such as a stored answer, goes first.',
    ),
    ({ status, headers, body }) => {
      const own = Object.keys(headers).find((name) => OWN_FIELDS.test(name))
      if (own !== undefined) return { code: 'contradiction', at: ['headers', own], message: `the field '${own}' is not a fallback's to say` }
      return (status === 204 || status === 304) && body !== ''
        ? { code: 'contradiction', at: ['body'], message: `an answer of ${status} has no body (RFC 9110 15)` }
        : undefined
    },
  ),
  ({ on, status, headers, body }) => ({ on, status, fields: Object.entries(headers), body }),
)

export const total = duration({
  minMs: 1,
  maxMs: 24 * 60 * minute,
  describe: 'Until the answer is whole, all tries included. WebSockets and `text/event-stream` are no part of it. Left out: no such bound.',
})
export const deadlineField = checked(
  string({
    pattern: FIELD_NAME,
    means: 'a field name',
    describe: 'A field in which the upstream is told how many milliseconds are left of `total`. In `grpc-timeout` a gRPC upstream is told in any case.',
  }),
  (name) => (OWN_FIELDS.test(name) ? { code: 'contradiction', message: `the field '${name}' has a meaning of its own` } : undefined),
)

export const operations: Schema<{ readonly [name: string]: OperationResilience }> = record(
  mapped(
    object(
      {
        retries: optional(retries),
        timeouts: optional(
          object({ head: optional(duration({ minMs: 1, maxMs: 60 * minute, describe: 'Until the head of the response is there.' })), total: optional(total) }),
        ),
      },
      'What holds for one operation in the place of what the upstream says.',
    ),
    ({ retries: again, timeouts }) => ({
      ...(again !== undefined && { retries: again === false ? NO_RETRIES : again }),
      ...(timeouts?.head !== undefined && { headMs: timeouts.head }),
      ...(timeouts?.total !== undefined && { totalMs: timeouts.total }),
    }),
  ),
  {
    key: /^[\x21-\x7e](?:[\x20-\x7e]{0,510}[\x21-\x7e])?$/,
    keyMeans: 'an operationId, or a method and a path',
    max: 10_000,
    describe: 'By the name of an operation.',
  },
)
export const NO_RETRIES: Retries = { ...USUAL_RETRIES, attempts: 0 }

interface ResilienceSection {
  readonly targets?: readonly { readonly isSrv?: true }[] | undefined
  readonly health?: HealthSection | undefined
  readonly retries?: Retries | false | undefined
  readonly circuit?: Circuit | undefined
  readonly limits?: InFlightLimits | undefined
  readonly fallback?: Fallback | undefined
  readonly operations?: Resilience['operations'] | undefined
  readonly timeouts: { readonly total?: number | undefined; readonly deadlineField?: string | undefined }
}
/** Several targets are watched and take over from one another unless the file says otherwise; a single one is as it is written. */
export function resilienceOf({ targets, health: watched, retries: again, timeouts, ...rest }: ResilienceSection): { readonly resilience?: Resilience } {
  const isSeveral = targets !== undefined && (targets.length > 1 || targets[0]?.isSrv === true)
  const usual = isSeveral ? USUAL_HEALTH : undefined
  const { passive: judges, ...others } = watched ?? usual ?? {}
  const isJudged = judges === undefined ? isSeveral : judges !== false
  const asWell = (watched ?? usual) && { health: { ...(others as Omit<Health, 'passive'>), ...(isJudged && { passive: judges || USUAL_PASSIVE }) } }
  const settings: Resilience = {
    ...asWell,
    ...(again === undefined ? isSeveral && { retries: USUAL_RETRIES } : again !== false && { retries: again }),
    ...(rest.circuit && { circuit: rest.circuit }),
    ...(rest.limits && Object.keys(rest.limits).length > 0 && { limits: rest.limits }),
    ...(rest.fallback && { fallback: rest.fallback }),
    ...(rest.operations && Object.keys(rest.operations).length > 0 && { operations: rest.operations }),
    ...(timeouts.total !== undefined && { totalMs: timeouts.total }),
    ...(timeouts.deadlineField !== undefined && { deadlineField: timeouts.deadlineField }),
  }
  return Object.keys(settings).length > 0 ? { resilience: settings } : {}
}
