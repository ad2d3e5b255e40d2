// Tests that figures of the load generator are read right and that a refused request is never taken for a fast one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Call } from './work.ts'
import { loadScript, readResult } from './wrk.ts'

const call: Call = { method: 'GET', prefix: '/shop', path: '/books', key: null, body: null }
const noFailures = { '4xx or 5xx': 0, connect: 0, read: 0, write: 0, timeout: 0 }

function output(failures: object, requests = 1000): string {
  const result = { requests, durationMicros: 2_000_000, p50: 1500, p99: 4000, max: 9000, failures: { ...noFailures, ...failures } }
  return `Running 2s test @ http://127.0.0.1:1\n\nbench-result ${JSON.stringify(result)}\n`
}

test('figures are read in requests a second and milliseconds', () => {
  assert.deepEqual(readResult(output({})), { requests: 1000, perSecond: 500, medianMs: 1.5, p99Ms: 4, maxMs: 9 })
})

for (const kind of Object.keys(noFailures)) {
  test(`a single failure of the kind "${kind}" fails the measurement`, () => {
    assert.throws(() => readResult(output({ [kind]: 1 })), new RegExp(`1 ${kind} \\(of 1000`))
  })
}

test('a measurement of no request, or without a result, fails', () => {
  assert.throws(() => readResult(output({}, 0)), /no request/)
  assert.throws(() => readResult('unable to connect to 127.0.0.1:1 Connection refused'), /Connection refused/)
})

test('one call is sent without Lua for each request, several are formatted once', () => {
  assert.doesNotMatch(loadScript([call]), /request = function/)
  const several = loadScript([call, { ...call, path: '/authors', key: { consumer: 'a', secret: 'b' } }])
  assert.match(several, /wrk\.format\("GET", "\/shop\/authors", \{\["X-API-Key"\] = "b"\}, nil\)/)
  assert.match(several, /request = function/)
})
