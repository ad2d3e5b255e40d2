// Tests the small readers of the benchmark: options, cases, core lists, metrics, statistics, and the work itself.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cases, chooseCases } from './cases/index.ts'
import { parseCoreList } from './cores.ts'
import { readStreams } from './h2load.ts'
import { pssOf, residentBytes } from './memory.ts'
import { byThread, parseMetrics } from './metrics.ts'
import { templatesOf609, templatesOf10000 } from './openapi-document.ts'
import { readOptions, UsageFault } from './options.ts'
import { summarize } from './statistics.ts'
import { denyList, oneKilobyte } from './work.ts'

const defaults = { gatehouse: 'bin/gatehouse', results: 'latest.json' }

test('options have the defaults that the manual names', () => {
  assert.deepEqual(readOptions([], defaults), { rounds: 7, seconds: 3, only: null, proxies: null, ...defaults })
})

for (const args of [['--rounds', '0'], ['--rounds', '1.5'], ['--seconds', 'x'], ['--frobnicate'], ['stray']]) {
  test(`${args.join(' ')} is refused as wrong usage`, () => {
    assert.throws(() => readOptions(args, defaults), UsageFault)
  })
}

test('a name takes its case, and all cases that go on from it after a hyphen', () => {
  assert.deepEqual(chooseCases(null).chosen, cases)
  assert.equal(chooseCases(['kong']).chosen.length, 6)
  assert.deepEqual(
    chooseCases(['kong-limit-1', 'threads']).chosen.map(({ name }) => name),
    ['kong-limit-1', 'threads'],
  )
  assert.deepEqual(chooseCases(['plain', 'plan']).unknown, ['plan'])
})

test('names of cases are unique', () => {
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
})

test('core lists are read with single cores and ranges', () => {
  assert.deepEqual(parseCoreList(' 0,2-4,7\n'), [0, 2, 3, 4, 7])
})

test('metrics are read by thread, comments and other metrics apart', () => {
  const text = '# HELP a b\na{thread="0",code="4\\"0"} 5\na{thread="0"} 2\na{thread="1"} 3.5 1700000000\nab 9\na_total 1\n'
  assert.deepEqual(
    [...byThread(parseMetrics(text), 'a')],
    [
      ['0', 7],
      ['1', 3.5],
    ],
  )
})

test('a summary has the median of an even number of figures, and refuses none', () => {
  assert.deepEqual(summarize([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4, lowerQuartile: 1.75, upperQuartile: 3.25 })
  assert.throws(() => summarize([]))
})

test('the work is of the size that the cases claim', () => {
  assert.equal(oneKilobyte.length, 1024)
  assert.equal(new Set(denyList).size, 50)
  assert.equal(new Set(templatesOf609()).size, 609)
  assert.equal(new Set(templatesOf10000('7')).size, 10_000)
})

test('memory of a process is read in octets, and what is no such text is no number', () => {
  assert.equal(pssOf('55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:   500 kB\nPss:                 123 kB\nPss_Dirty: 4 kB\n'), 125_952)
  assert.ok(Number.isNaN(pssOf('Rss: 1 kB\n')))
  assert.ok(residentBytes(process.pid) > 2 ** 20)
})

test('of h2load only answers over HTTP/2 that were no refusals count', () => {
  const printed = 'Application protocol: h2\nrequests: 4 total, 4 started, 4 done, 4 succeeded, 0 failed, 0 errored, 0 timeout\n'
  const log = '1000000\t200\t500\n1000100\t200\t1500\n1400000\t304\t1000\n1499000\t200\t1000\n'
  assert.deepEqual(readStreams(printed, log), { requests: 4, perSecond: 8, medianMs: 1, p99Ms: 1.5, maxMs: 1.5 })
  assert.throws(() => readStreams(printed, log.replace('304', '429')), /1 of 4 were refused, the first with 429/)
  assert.throws(() => readStreams(printed.replace('0 errored', '2 errored'), log), /2 errored/)
  assert.throws(() => readStreams(printed.replace('h2', 'http/1.1'), log), /did not speak HTTP\/2/)
  assert.throws(() => readStreams(printed, ''), /completed no request/)
})
