// What the threads counted, put together and written in the Prometheus text format.

import type { ChainStep } from '../pipeline/chain.ts'
import { DECISIONS } from '../pipeline/chain.ts'
import type { CacheMeasures } from '../ports/responses.ts'
import { cacheFamilies } from './cache-measures.ts'
import { resilienceFamilies } from './resilience-metrics.ts'
import { DURATION_BOUNDS_US } from './route-meter.ts'

/** One operation on one thread. */
export interface RouteMeasure {
  readonly api: string
  readonly operation: string
  readonly classes: Float64Array
  readonly buckets: Float64Array
  readonly durationUs: number
  readonly steps: readonly ChainStep[]
  readonly tally: Float64Array
}

/** One target of an API's upstream on one thread. */
export interface TargetMeasure {
  /** Its address. */
  readonly name: string
  readonly weight: number
  readonly zone: string | undefined
  readonly isBackup: boolean
  /** It takes requests. */
  readonly isUp: boolean
  readonly isDraining: boolean
  readonly inFlight: number
  /** Requests by how they ended, as `TARGET_OUTCOMES`. */
  readonly ended: Float64Array
  readonly open: number
  readonly idle: number
  readonly queued: number
}
export const TARGET_OUTCOMES = ['ok', 'error', 'failed', 'timeout', 'abandoned']

/** How one API's upstream fares, on one thread. */
export interface ResilienceMeasure {
  readonly api: string
  readonly retries: number
  readonly budgetExhausted: number
  readonly circuit: CircuitWord | undefined
  readonly targets: readonly {
    readonly name: string
    readonly state: 'up' | 'ejected' | 'down'
    readonly ejections: number
    readonly circuit: CircuitWord | undefined
  }[]
}
type CircuitWord = 'closed' | 'open' | 'half-open'

/** Everything one thread counted, as it is posted. */
export interface ThreadMeasures {
  readonly thread: number
  readonly generation: number
  readonly requests: number
  readonly connections: number
  readonly lagUs: number
  readonly publishStallUs: number
  readonly logLinesDropped: number
  /** Refusals by "api NUL code". */
  readonly codes: readonly (readonly [string, number])[]
  readonly faults: readonly (readonly [string, number])[]
  readonly upstreamFaults: readonly (readonly [string, number])[]
  /** Copies of requests for another upstream, by what became of them as `COPIES`. */
  readonly copies: readonly { readonly api: string; readonly counts: Float64Array }[]
  /** Requests that found an upstream nobody believes, by "api NUL reason". */
  readonly distrusts: readonly (readonly [string, number])[]
  /** By API, version and canary. */
  readonly targets: readonly { readonly api: string; readonly targets: readonly TargetMeasure[] }[]
  /** Of upstreams that are watched, by API. */
  readonly resilience?: readonly ResilienceMeasure[]
  readonly routes: readonly RouteMeasure[]
  /** Of stored responses; absent where nobody stores any. */
  readonly cache?: CacheMeasures
}

/** What the main thread adds. */
export interface ProcessMeasures {
  readonly publishSeconds: number
  readonly publishes: number
  readonly publishesRefused: number
  readonly threadsConfigured: number
  readonly threadRestarts: number
  /** Of policies that operators wrote: threads ended because of one, and those that are not run any more. Absent: there are none. */
  readonly ownPolicies?: { readonly threadsEnded: number; readonly quarantined: number }
  readonly countersUsed: number
  readonly countersEntries: number
  readonly countersRefused: number
  /** Of listeners. `listener` is its address, `name` the first host that the certificate names. */
  readonly certificates: readonly { readonly listener: string; readonly name: string; readonly algorithm: string; readonly expiresMs: number }[]
  /** Of clients: `listener` is its address, or `forwarded` for certificates that proxies forward; `nextMs` when the first of its lists is to be replaced. */
  readonly revocationLists: readonly { readonly listener: string; readonly nextMs: number }[]
  /** APIs and the upstreams that they lead to, whose certificate is not verified. */
  readonly insecureUpstreams: readonly { readonly api: string; readonly upstream: string }[]
  /** What is shown to upstreams. */
  readonly upstreamCertificates: readonly { readonly api: string; readonly upstream: string; readonly expiresMs: number }[]
  readonly acme: readonly AcmeCounts[]
}

/** Of a name that a certificate is got for by ACME. */
export interface AcmeCounts {
  readonly name: string
  /** Tries that failed, one after the other. */
  readonly failures: number
}

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted']
/** What becomes of a copy for another upstream. */
export const COPIES = ['answered', 'error', 'failed', 'timeout', 'dropped'] as const
const OUTCOMES = ['passed', 'refused', 'would_refuse', 'broken']

/** The exposition text. Labels hold names of the configuration and fixed words only, never what a client sent. */
export function exposition(threads: readonly ThreadMeasures[], process: ProcessMeasures): string {
  const page = new Page()
  page.family('gatehouse_threads', 'gauge', 'Gateway threads that are configured.').sample('', {}, process.threadsConfigured)
  page.family('gatehouse_thread_restarts_total', 'counter', 'Gateway threads that died and were started again.').sample('', {}, process.threadRestarts)
  if (process.ownPolicies !== undefined) {
    const { threadsEnded, quarantined } = process.ownPolicies
    page
      .family('gatehouse_own_policy_threads_ended_total', 'counter', 'Gateway threads that policies of operators held up or ended.')
      .sample('', {}, threadsEnded)
    page.family('gatehouse_own_policies_quarantined_total', 'counter', 'Policies of operators that were put out of service.').sample('', {}, quarantined)
  }
  page.family('gatehouse_publishes_total', 'counter', 'Snapshots that went live.').sample('', {}, process.publishes)
  page.family('gatehouse_publishes_refused_total', 'counter', 'Edits that were refused; the old configuration stayed.').sample('', {}, process.publishesRefused)
  page.family('gatehouse_publish_seconds', 'gauge', 'The last publish, from the edit being seen to live on all threads.').sample('', {}, process.publishSeconds)
  page.family('gatehouse_counters_used', 'gauge', 'Entries of the limit table in use.').sample('', {}, process.countersUsed)
  page.family('gatehouse_counters_entries', 'gauge', 'Entries of the limit table.').sample('', {}, process.countersEntries)
  page.family('gatehouse_counters_refused_total', 'counter', 'Requests refused because the limit table was full.').sample('', {}, process.countersRefused)
  if (process.certificates.length > 0) {
    const ends = page.family(
      'gatehouse_certificate_expires_timestamp_seconds',
      'gauge',
      'When the certificate of a listener, or one of its chain, expires: seconds since the epoch.',
    )
    for (const { expiresMs, ...labels } of process.certificates) ends.sample('', labels, expiresMs / 1000)
  }
  if (process.acme.length > 0) {
    const failures = page.family('gatehouse_acme_failures', 'gauge', 'Tries in a row that got no certificate for a name by ACME.')
    for (const { name, failures: count } of process.acme) failures.sample('', { name }, count)
  }
  if (process.revocationLists.length > 0) {
    const next = page.family(
      'gatehouse_revocation_list_next_update_timestamp_seconds',
      'gauge',
      'When the first of the revocation lists for client certificates is to be replaced: past it, and past `staleness`, clients are refused.',
    )
    for (const { nextMs, ...labels } of process.revocationLists) next.sample('', labels, nextMs / 1000)
  }
  const each = (name: string, kind: string, help: string, value: (measures: ThreadMeasures) => number) => {
    const family = page.family(name, kind, help)
    for (const measures of threads) family.sample('', { thread: String(measures.thread) }, value(measures))
  }
  each('gatehouse_thread_requests_total', 'counter', 'Requests whose head was read.', (of) => of.requests)
  each('gatehouse_connections', 'gauge', 'Open client connections.', (of) => of.connections)
  each('gatehouse_event_loop_lag_seconds', 'gauge', 'The latest the thread was for its own timer since the last reading.', (of) => of.lagUs / 1e6)
  each('gatehouse_publish_stall_seconds', 'gauge', 'The longest that the last publish held the thread.', (of) => of.publishStallUs / 1e6)
  each('gatehouse_snapshot_generation', 'gauge', 'The snapshot that the thread serves.', (of) => of.generation)
  each('gatehouse_access_log_dropped_total', 'counter', 'Access log lines lost because the log could not keep up.', (of) => of.logLinesDropped)
  refusals(page, threads)
  routes(page, threads)
  upstreams(page, threads, process)
  cacheFamilies(page, threads)
  copies(page, threads)
  return page.text()
}

function refusals(page: Page, threads: readonly ThreadMeasures[]): void {
  const codes = sumOf(threads.map((of) => of.codes))
  const family = page.family('gatehouse_refusals_total', 'counter', 'Exchanges that ended with a code of their own.')
  for (const [key, count] of codes) {
    const [api, code] = key.includes('\0') ? key.split('\0') : ['', key]
    family.sample('', { api: api!, code: code! }, count)
  }
  const malformed = page.family('gatehouse_malformed_requests_total', 'counter', 'Requests that could not be read, by the rule they broke.')
  for (const [rule, count] of sumOf(threads.map((of) => of.faults))) malformed.sample('', { rule }, count)
  const invalid = page.family('gatehouse_invalid_responses_total', 'counter', 'Upstream responses that could not be read, by the rule they broke.')
  for (const [rule, count] of sumOf(threads.map((of) => of.upstreamFaults))) invalid.sample('', { rule }, count)
}

function routes(page: Page, threads: readonly ThreadMeasures[]): void {
  const all = merged(threads)
  const requests = page.family('gatehouse_requests_total', 'counter', 'Requests by operation and class of status.')
  for (const { api, operation, classes } of all)
    for (const [i, name] of CLASSES.entries()) if (classes[i]! > 0) requests.sample('', { api, operation, class: name }, classes[i]!)
  const durations = page.family('gatehouse_request_duration_seconds', 'histogram', 'From the end of the head to the end of the response.')
  for (const { api, operation, buckets, durationUs } of all) {
    let sum = 0
    for (const [i, bound] of DURATION_BOUNDS_US.entries()) durations.sample('_bucket', { api, operation, le: String(bound / 1e6) }, (sum += buckets[i]!))
    sum += buckets[DURATION_BOUNDS_US.length]!
    durations.sample('_bucket', { api, operation, le: '+Inf' }, sum)
    durations.sample('_sum', { api, operation }, durationUs / 1e6)
    durations.sample('_count', { api, operation }, sum)
  }
  const decisions = page.family('gatehouse_policy_decisions_total', 'counter', 'What policies decided.')
  for (const { api, operation, steps, tally } of all) {
    for (const [i, step] of steps.entries()) {
      for (const [k, outcome] of OUTCOMES.entries()) {
        const count = tally[i * DECISIONS + k]!
        if (count > 0) decisions.sample('', { api, operation, policy: step.policy, scope: step.scope, outcome }, count)
      }
    }
  }
  const timed = page.family('gatehouse_policy_duration_seconds', 'summary', 'Time in a policy, of one request in 64.')
  for (const { api, operation, steps, tally } of all) {
    for (const [i, step] of steps.entries()) {
      const at = steps.length * DECISIONS + i * 2
      if (tally[at + 1]! === 0) continue
      const labels = { api, operation, policy: step.policy, scope: step.scope }
      timed.sample('_sum', labels, tally[at]! / 1e6)
      timed.sample('_count', labels, tally[at + 1]!)
    }
  }
}

function upstreams(page: Page, threads: readonly ThreadMeasures[], { insecureUpstreams, upstreamCertificates }: ProcessMeasures): void {
  const distrust = page.family(
    'gatehouse_upstream_distrust_total',
    'counter',
    'Requests that did not go to their upstream, because TLS to it failed: by reason.',
  )
  for (const [key, count] of sumOf(threads.map((of) => of.distrusts))) {
    const [api, reason] = key.split('\0')
    distrust.sample('', { api: api!, reason: reason! }, count)
  }
  const insecure = page.family('gatehouse_upstream_insecure', 'gauge', 'Upstreams whose certificate nobody verifies, by APIs that lead there.')
  for (const labels of insecureUpstreams) insecure.sample('', labels, 1)
  if (upstreamCertificates.length > 0) {
    const ends = page.family(
      'gatehouse_upstream_certificate_expires_timestamp_seconds',
      'gauge',
      'When the certificate that is shown to an upstream, or one of its chain, expires: seconds since the epoch.',
    )
    for (const { expiresMs, ...labels } of upstreamCertificates) ends.sample('', labels, expiresMs / 1000)
  }
  const family = page.family('gatehouse_upstream_connections', 'gauge', 'Connections to the upstream.')
  for (const { thread, targets: all } of threads) {
    for (const { api, targets } of all) {
      const sum = (of: (target: TargetMeasure) => number): number => targets.reduce((total, target) => total + of(target), 0)
      family.sample(
        '',
        { thread: String(thread), api, state: 'open' },
        sum(({ open }) => open),
      )
      family.sample(
        '',
        { thread: String(thread), api, state: 'idle' },
        sum(({ idle }) => idle),
      )
      family.sample(
        '',
        { thread: String(thread), api, state: 'queued' },
        sum(({ queued }) => queued),
      )
    }
  }
  targetFamilies(page, threads)
  resilienceFamilies(page, threads)
}

/** Of upstreams with several targets: of one alone, what is told of its API says all. */
function targetFamilies(page: Page, threads: readonly ThreadMeasures[]): void {
  const several = mergedTargets(threads).filter(({ targets }) => targets.length > 1)
  if (several.length === 0) return
  const each = (name: string, kind: string, help: string, value: (target: TargetMeasure) => number): void => {
    const family = page.family(name, kind, help)
    for (const { api, targets } of several) for (const target of targets) family.sample('', { api, target: target.name }, value(target))
  }
  each('gatehouse_upstream_target_up', 'gauge', 'Whether the target takes requests: 1 when it does on every thread.', ({ isUp }) => Number(isUp))
  each('gatehouse_upstream_target_draining', 'gauge', 'Whether the target is being drained.', ({ isDraining }) => Number(isDraining))
  each('gatehouse_upstream_target_in_flight', 'gauge', 'Requests under way to the target, WebSockets included.', ({ inFlight }) => inFlight)
  const requests = page.family('gatehouse_upstream_target_requests_total', 'counter', 'Requests to the target, by how they ended.')
  for (const { api, targets } of several)
    for (const { name, ended } of targets)
      for (const [i, outcome] of TARGET_OUTCOMES.entries()) if (ended[i]! > 0) requests.sample('', { api, target: name, outcome }, ended[i]!)
}

/** The same target on several threads as one. */
export function mergedTargets(threads: readonly ThreadMeasures[]): { readonly api: string; readonly targets: readonly TargetMeasure[] }[] {
  const apis = new Map<string, Map<string, TargetMeasure>>()
  for (const { api, targets } of threads.flatMap((of) => of.targets)) {
    const byName = apis.get(api) ?? new Map<string, TargetMeasure>()
    apis.set(api, byName)
    for (const target of targets) {
      const known = byName.get(target.name)
      byName.set(target.name, known === undefined ? target : sumOfTargets(known, target))
    }
  }
  return [...apis].map(([api, byName]) => ({ api, targets: [...byName.values()] }))
}
const sumOfTargets = (a: TargetMeasure, b: TargetMeasure): TargetMeasure => ({
  ...a,
  isUp: a.isUp && b.isUp,
  isDraining: a.isDraining || b.isDraining,
  inFlight: a.inFlight + b.inFlight,
  ended: a.ended.map((count, i) => count + b.ended[i]!),
  open: a.open + b.open,
  idle: a.idle + b.idle,
  queued: a.queued + b.queued,
})

/** The same operation on several threads as one. */
function merged(threads: readonly ThreadMeasures[]): RouteMeasure[] {
  const byName = new Map<string, RouteMeasure>()
  for (const route of threads.flatMap((of) => of.routes)) {
    const key = `${route.api}\0${route.operation}`
    const known = byName.get(key)
    byName.set(
      key,
      known === undefined
        ? route
        : {
            ...known,
            classes: known.classes.map((count, i) => count + route.classes[i]!),
            buckets: known.buckets.map((count, i) => count + route.buckets[i]!),
            durationUs: known.durationUs + route.durationUs,
            tally: known.tally.length === route.tally.length ? known.tally.map((count, i) => count + route.tally[i]!) : known.tally,
          },
    )
  }
  return [...byName.values()].sort((a, b) => (a.api + a.operation < b.api + b.operation ? -1 : 1))
}

function sumOf(lists: readonly (readonly (readonly [string, number])[])[]): [string, number][] {
  const sums = new Map<string, number>()
  for (const [name, count] of lists.flat()) sums.set(name, (sums.get(name) ?? 0) + count)
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
}

class Page {
  private readonly lines: string[] = []
  family(name: string, kind: string, help: string): { sample(suffix: string, labels: { readonly [name: string]: string }, value: number): void } {
    this.lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`)
    return {
      sample: (suffix, labels, value) => {
        const inner = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
        this.lines.push(`${name}${suffix}${inner.length > 0 ? `{${inner.join(',')}}` : ''} ${value}`)
      },
    }
  }
  text(): string {
    return `${this.lines.join('\n')}\n`
  }
}
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

/** Of APIs with a mirror. */
function copies(page: Page, threads: readonly ThreadMeasures[]): void {
  const byApi = new Map<string, number[]>()
  for (const { api, counts } of threads.flatMap((of) => of.copies)) {
    const sums = byApi.get(api) ?? COPIES.map(() => 0)
    byApi.set(
      api,
      sums.map((sum, i) => sum + counts[i]!),
    )
  }
  if (byApi.size === 0) return
  const family = page.family('gatehouse_mirrored_requests_total', 'counter', 'Copies of requests for the upstream of a mirror, by what became of them.')
  for (const [api, sums] of byApi) for (const [i, outcome] of COPIES.entries()) family.sample('', { api, outcome }, sums[i]!)
}
