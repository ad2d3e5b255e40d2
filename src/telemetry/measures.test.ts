// The metrics page is what a scraper can read, adds the threads up, and escapes what stands in labels.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exposition, type ProcessMeasures, type TargetMeasure, type ThreadMeasures } from './measures.ts'
import { DURATION_BOUNDS_US, RouteMeter } from './route-meter.ts'

const whole: ProcessMeasures = {
  publishSeconds: 0.5,
  publishes: 3,
  publishesRefused: 1,
  threadsConfigured: 2,
  threadRestarts: 0,
  countersUsed: 1,
  countersEntries: 2,
  countersRefused: 0,
  acme: [],
  certificates: [{ listener: 'https://127.0.0.1:8443', name: 'shop.example', algorithm: 'ecdsa', expiresMs: 1_800_000_000_000 }],
  insecureUpstreams: [{ api: 'shop', upstream: 'https://shop.internal:443' }],
  revocationLists: [{ listener: 'https://127.0.0.1:8443', nextMs: 1_800_000_000_000 }],
  upstreamCertificates: [{ api: 'shop', upstream: 'https://shop.internal:443', expiresMs: 1_800_000_000_000 }],
}
const target = (name: string, more: Partial<TargetMeasure> = {}): TargetMeasure => ({
  ...{ name, weight: 1, zone: undefined, isBackup: false, isUp: true, isDraining: false, inFlight: 1 },
  ...{ ended: Float64Array.of(5, 1, 0, 0, 2), open: 1, idle: 0, queued: 0 },
  ...more,
})
function thread(index: number, operation: string, ...durations: number[]): ThreadMeasures {
  const meter = new RouteMeter(0)
  for (const duration of durations) meter.record(200, duration)
  return {
    thread: index,
    generation: 1,
    requests: durations.length,
    connections: 1,
    lagUs: 1000,
    publishStallUs: 0,
    logLinesDropped: 0,
    codes: [['shop\0route.unknown', 1]],
    faults: [],
    upstreamFaults: [],
    copies: [],
    distrusts: [['shop\0expired', 1]],
    targets: [{ api: 'shop', targets: [target('http://10.0.0.5:80', { open: 2, idle: 1 })] }],
    routes: [{ api: 'shop', operation, classes: meter.classes, buckets: meter.buckets, durationUs: meter.durationUs, steps: [], tally: meter.tally }],
  }
}

test('every line is a comment or a sample, and every family is declared before its samples', () => {
  const page = exposition([thread(0, 'a', 10)], whole)
  const declared = new Set<string>()
  for (const line of page.trimEnd().split('\n')) {
    const type = /^# TYPE (\S+) (?:counter|gauge|histogram|summary)$/.exec(line)
    if (type) declared.add(type[1]!)
    else if (!line.startsWith('# HELP ')) {
      const sample = /^([a-z_]+)(?:\{(?:[a-z]+="(?:[^"\\\n]|\\[\\n"])*",?)+\})? [0-9.e+-]+$/.exec(line)
      assert.ok(sample, line)
      assert.ok(declared.has(sample[1]!) || declared.has(sample[1]!.replace(/_(?:bucket|sum|count)$/, '')), line)
    }
  }
  assert.ok(page.endsWith('\n'))
})

test('the same operation on two threads is one', () => {
  const page = exposition([thread(0, 'a', 400, 700), thread(1, 'a', 99_000_000)], whole)
  assert.match(page, /^gatehouse_requests_total\{api="shop",operation="a",class="2xx"\} 3$/m)
  assert.match(page, /^gatehouse_request_duration_seconds_bucket\{api="shop",operation="a",le="0.0005"\} 1$/m)
  assert.match(page, /^gatehouse_request_duration_seconds_bucket\{api="shop",operation="a",le="10"\} 2$/m)
  assert.match(page, /^gatehouse_request_duration_seconds_bucket\{api="shop",operation="a",le="\+Inf"\} 3$/m)
  assert.match(page, /^gatehouse_refusals_total\{api="shop",code="route.unknown"\} 2$/m)
  assert.equal(page.match(/_bucket\{/g)?.length, DURATION_BOUNDS_US.length + 1)
})

test('an operation with quotes, backslashes or line ends stays inside its label', () => {
  assert.ok(exposition([thread(0, 'a"\\\nb', 1)], whole).includes('operation="a\\"\\\\\\nb"'))
})

test('upstreams that nobody verifies are always there to be seen, and those that nobody believes are counted by reason', () => {
  const page = exposition([thread(0, 'a', 1), thread(1, 'a', 1)], whole)
  assert.match(page, /^gatehouse_upstream_insecure\{api="shop",upstream="https:\/\/shop\.internal:443"\} 1$/m)
  assert.match(page, /^gatehouse_upstream_distrust_total\{api="shop",reason="expired"\} 2$/m)
  assert.match(page, /^gatehouse_revocation_list_next_update_timestamp_seconds\{listener="https:\/\/127\.0\.0\.1:8443"\} 1800000000$/m)
  assert.match(page, /^gatehouse_upstream_certificate_expires_timestamp_seconds\{api="shop",upstream="https:\/\/shop\.internal:443"\} 1800000000$/m)
})

test('targets are told of where there are several: up on every thread or not, under way, and how requests ended', () => {
  const of = (index: number, isUp: boolean): ThreadMeasures => ({
    ...thread(index, 'any'),
    targets: [
      { api: 'shop', targets: [target('http://10.0.0.5:80', { isUp }), target('http://10.0.0.6:80', { isDraining: true, isUp: false })] },
      { api: 'books', targets: [target('http://10.0.0.9:80')] },
    ],
  })
  const page = exposition([of(0, true), of(1, false)], whole)
  for (const line of [
    'gatehouse_upstream_target_up{api="shop",target="http://10.0.0.5:80"} 0',
    'gatehouse_upstream_target_draining{api="shop",target="http://10.0.0.6:80"} 1',
    'gatehouse_upstream_target_in_flight{api="shop",target="http://10.0.0.5:80"} 2',
    'gatehouse_upstream_target_requests_total{api="shop",target="http://10.0.0.5:80",outcome="ok"} 10',
    'gatehouse_upstream_target_requests_total{api="shop",target="http://10.0.0.5:80",outcome="error"} 2',
    'gatehouse_upstream_connections{thread="0",api="shop",state="open"} 2',
  ])
    assert.ok(page.includes(`${line}\n`), line)
  assert.ok(!page.includes('target="http://10.0.0.9:80"'))
  assert.ok(!page.includes('outcome="failed"'))
})
