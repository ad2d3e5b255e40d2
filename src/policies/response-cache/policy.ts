// response-cache: answers from stored responses where the upstream allows it, each caller from their own (RFC 9111).

import type { RequestDirectives } from '../../caching/cache-control.ts'
import { Flights } from '../../caching/flights.ts'
import { definePolicy } from '../../pipeline/contract.ts'
import { systemTimer } from '../../pipeline/deadline.ts'
import { isInKey, RequestReader } from './asked.ts'
import { ResponseCache } from './cache.ts'
import { type Config, config, type DIRECTIVES } from './config.ts'

/** Fetched at once, of one attachment on one thread. */
const FLIGHTS_MAX = 4096
/** For so long, what was not kept the last time is fetched by everyone at once. */
const APART_MS = 10_000

const OBEYED: Readonly<Record<(typeof DIRECTIVES)[number], keyof RequestDirectives>> = {
  'no-cache': 'noCache',
  'max-age': 'maxAge',
  'min-fresh': 'minFresh',
  'max-stale': 'maxStale',
  'only-if-cached': 'onlyIfCached',
  'no-store': 'noStore',
}

/** How often any API was compiled on this thread: what was stored under another configuration, and under other policies beside this one, is not found. */
let compiled = 0

export const responseCache = definePolicy<Config, 'responses' | 'clock', 'not-cached'>({
  name: 'response-cache',
  stage: 'shape',
  summary: 'Answers from stored responses where the upstream allows it, each caller from their own (RFC 9111).',
  when: 'For reads that are asked for more often than they change. The upstream decides with Cache-Control what is kept and for how long; without `public: true` a response is only ever given to the consumer that it was made for.',
  config,
  uses: ['responses', 'clock'],
  denials: {
    'not-cached': {
      status: 504,
      says: 'There is no stored response that could be used.',
      ref: 'RFC 9111 5.2.1.7',
      mend: 'The request said `Cache-Control: only-if-cached`. Leave that out to have the upstream asked.',
    },
  },
  examples: [
    { title: 'Responses are kept as the upstream says, by caller', config: {}, send: {}, expect: { status: 200 } },
    {
      title: 'Only what is stored is asked for, and nothing is',
      config: {},
      send: { headers: { 'Cache-Control': 'only-if-cached' } },
      expect: { status: 504, code: 'response-cache.not-cached' },
    },
    {
      title: 'A catalogue that everybody may see, by page alone, which goes on while its upstream is down',
      config: { public: true, key: { query: ['page'] }, staleIfError: '1h', staleWhileRevalidate: '30s', cacheStatus: true },
      send: { path: '/?page=2&utm_source=x' },
      expect: { status: 200 },
    },
  ],
  related: ['secure-headers'],
  single: true,
  enforceOnly: true,
  replays: true,
  confuses: (read, { name, field, personal }) =>
    field === undefined ? personal === true && (read.public || name === 'client.address') : !isInKey(field, read),
  faults({ key, statuses }) {
    const faults: { code: string; message: string }[] = []
    const ignored = new Set(key.ignore.map((name) => name.toLowerCase()))
    const both = key.fields.find((name) => ignored.has(name.toLowerCase()))
    if (both !== undefined) faults.push({ code: 'contradiction', message: `${both} is to be in the key and to be ignored` })
    // RFC 9111 3: parts, and what a cache makes itself, are not kept.
    const never = statuses.find((status) => status === 206 || status === 304 || status === 416)
    if (never !== undefined) faults.push({ code: 'contradiction', message: `responses with status ${never} are no whole responses: they cannot be kept` })
    if (new Set(statuses).size < statuses.length) faults.push({ code: 'duplicate-item', message: "'statuses' names something twice" })
    return faults
  },
  compile(read, kit) {
    const { key, collapse, heuristic } = read
    const reader = new RequestReader({
      prefix: `${kit.scope} ${++compiled}`,
      api: kit.whole,
      isPublic: read.public,
      query: key.query === 'all' ? undefined : new Set(key.query),
      fields: key.fields,
      ignored: key.ignore,
      directives: new Set(read.clientDirectives.map((name) => OBEYED[name])),
    })
    return new ResponseCache({
      reader,
      responses: kit.responses,
      clock: kit.clock,
      flights: new Flights({ flights: FLIGHTS_MAX, waiters: collapse.waiters, waitMs: collapse.wait, apartMs: APART_MS }, systemTimer),
      rules: {
        statuses: new Set(read.statuses),
        isPublic: read.public,
        stripsSetCookie: read.setCookie === 'strip',
        heuristic: heuristic && { percent: heuristic.percent, maxSeconds: heuristic.max / 1000, otherwiseSeconds: heuristic.otherwise / 1000 },
        maxSeconds: read.maxAge / 1000,
        staleIfErrorSeconds: read.staleIfError / 1000,
        staleWhileRevalidateSeconds: read.staleWhileRevalidate / 1000,
        tagFields: read.tagFields.map((name) => name.toLowerCase()),
      },
      bodyBytesMax: read.maxBody,
      reducesQuery: key.query !== 'all',
      tellsStatus: read.cacheStatus,
      tally: kit.responses.tallyOf(kit.api),
      notCached: kit.deny('not-cached'),
    })
  },
})
