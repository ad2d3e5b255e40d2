// A version lives by its dates: what its responses say, when it pauses, when it is gone, and who may see what is not out yet.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { mintKey } from '../../src/base/keys.ts'
import { type ConfiguredGateway, configuredGateway, keysOf } from '../support/configured-gateway.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

const START = Date.UTC(2026, 7, 1)
const MINUTE = 60_000
const DAY = 86_400_000
const [ACME, TESTER] = [mintKey(), mintKey()]
const DOCUMENT = 'openapi: 3.1.0\npaths:\n  /books:\n    get: { operationId: listBooks }\n    post: { operationId: addBook }\n'

describe('the life of a version', () => {
  let upstream: RecordingUpstream
  let gateway: ConfiguredGateway
  before(async () => {
    upstream = await startRecordingUpstream()
  })
  after(() => upstream?.stop())

  async function start(): Promise<void> {
    await gateway?.stop()
    upstream.take()
    gateway = await configuredGateway(
      {
        apis: {
          books: {
            path: '/books',
            versioning: { by: 'path' },
            upstream: `http://127.0.0.1:${upstream.port}`,
            policies: { 'ip-filter': { deny: ['203.0.113.0/24'] }, 'api-key': { header: 'K' }, 'rate-limit': { limit: 3, window: '1h' } },
          },
        },
        versions: {
          books: {
            v0: { state: 'retired', successor: 'v2' },
            v1: {
              openapi: './v1.yaml',
              deprecated: '2026-09-01',
              sunset: '2026-09-30T12:00:00Z',
              successor: 'v2',
              sunsetPolicy: 'https://example.com/sunset',
              brownOuts: [{ from: '2026-09-10', for: '30m' }],
              policies: { 'request-size': { body: '10B' } },
            },
            v2: {},
            v3: { state: 'preview' },
          },
        },
        consumers: { acme: { apis: ['books'], keys: keysOf(ACME) }, tester: { apis: ['books', 'books@v3'], keys: keysOf(TESTER) } },
      },
      { startMs: START, documents: { 'v1.yaml': DOCUMENT } },
    )
  }
  beforeEach(start)
  after(() => gateway?.stop())

  const TOLD = ['@1788220800', 'Wed, 30 Sep 2026 12:00:00 GMT', '</books/v2>; rel="successor-version", <https://example.com/sunset>; rel="sunset"']

  test('every answer of the version tells of its end: what is served and each way to be refused', async () => {
    const withKey = [`K: ${ACME}`]
    const asked: readonly (readonly [Parameters<ConfiguredGateway['ask']>, status: number, code: string | undefined])[] = [
      [['/books/v1/books', withKey], 200, undefined],
      [['/books/v1/books', []], 401, 'api-key.missing'],
      [['/books/v1/books', [], { from: '203.0.113.9' }], 403, 'ip-filter.denied'],
      [['/books/v1/nothing', withKey], 404, 'route.unknown'],
      [['/books/v1/books', withKey, { method: 'DELETE' }], 405, 'route.method-not-allowed'],
      [['/books/v1/books', [...withKey, 'Content-Length: 11'], { method: 'POST' }], 413, 'request-size.body-too-large'],
      [['/books/v1/%2e%2e/v1/books', withKey], 400, 'route.ambiguous-target'],
    ]
    let ran = 0
    for (const [request, status, code] of asked) {
      const answer = await gateway.ask(...request)
      assert.deepEqual([answer.status, answer.code], [status, code], request[0])
      assert.deepEqual([...answer.values('deprecation'), ...answer.values('sunset'), ...answer.values('link')], TOLD, code ?? 'served')
      ran++
    }
    assert.equal(ran, 7)
    const successor = await gateway.ask('/books/v2/books', withKey)
    assert.deepEqual([successor.status, ...['deprecation', 'sunset', 'link'].flatMap(successor.values)], [200])
  })

  test('it pauses in its brown-out and ends with its sunset though nobody edits or publishes anything', async () => {
    const table: readonly (readonly [atMs: number, status: number, code: string | undefined])[] = [
      [Date.UTC(2026, 8, 10) - 1, 200, undefined],
      [Date.UTC(2026, 8, 10), 503, 'lifecycle.brown-out'],
      [Date.UTC(2026, 8, 10) + 30 * MINUTE - 1, 503, 'lifecycle.brown-out'],
      [Date.UTC(2026, 8, 10) + 30 * MINUTE, 200, undefined],
      [Date.UTC(2026, 8, 30, 12) - 1, 200, undefined],
      [Date.UTC(2026, 8, 30, 12), 410, 'lifecycle.retired'],
      [Date.UTC(2027, 0, 1), 410, 'lifecycle.retired'],
    ]
    for (const [atMs, status, code] of table) {
      gateway.clock.advanceMs(atMs - gateway.clock.nowUs() / 1000)
      const answer = await gateway.ask('/books/v1/books', [`K: ${ACME}`])
      assert.deepEqual([answer.status, answer.code, answer.values('deprecation')[0]], [status, code, TOLD[0]], new Date(atMs).toISOString())
      if (status === 503) assert.match(answer.values('retry-after')[0]!, /^(?:1800|1)$/)
    }
    const last = await gateway.ask('/books/v2/x', [`K: ${ACME}`])
    assert.equal(last.status, 200)
    assert.equal(upstream.take().filter(({ target }) => target === '/books').length, 3)
  })

  test('a retired version is gone for every path, method and caller, and reaches no upstream', async () => {
    for (const [target, method, lines] of [
      ['/books/v0', 'GET', []],
      ['/books/v0/books', 'POST', [`K: ${ACME}`]],
      ['/books/v0/a/b/c?d', 'DELETE', []],
      ['/books/v0/a', 'OPTIONS', ['Origin: https://a.example', 'Access-Control-Request-Method: GET']],
    ] as const) {
      const answer = await gateway.ask(target, lines, { method })
      assert.deepEqual([answer.status, answer.code, answer.values('link')[0]], [410, 'lifecycle.retired', '</books/v2>; rel="successor-version"'])
    }
    assert.equal((await gateway.ask('/books/v0', [], { from: '203.0.113.1' })).status, 403)
    assert.deepEqual(upstream.take(), [])
  })

  test('a preview is for those who are let into it by name', async () => {
    assert.deepEqual(
      [(await gateway.ask('/books/v3/a', [`K: ${ACME}`])).code, (await gateway.ask('/books/v3/a')).code],
      ['api-key.not-allowed', 'api-key.missing'],
    )
    assert.equal((await gateway.ask('/books/v3/a', [`K: ${TESTER}`])).status, 200)
  })

  test('a limit on all versions is one limit: changing the version buys nothing', async () => {
    const seen: number[] = []
    for (const version of ['v1/books', 'v2/a', 'v1/books', 'v2/a', 'v1/books']) seen.push((await gateway.ask(`/books/${version}`, [`K: ${ACME}`])).status)
    assert.deepEqual(seen, [200, 200, 200, 429, 429])
  })

  test('what the upstream says of its own end is not told beside what the operator says; its links stay', async () => {
    const speaking = await startSpeaking(['Deprecation: @1', 'Sunset: Sat, 01 Jan 2000 00:00:00 GMT', 'Link: <https://x.example>; rel="next"'])
    const life = { deprecated: '2026-09-01', sunset: '2026-10-01' }
    await gateway.publish({
      apis: { a: { path: '/a', upstream: `http://127.0.0.1:${speaking.port}`, public: true, policies: { lifecycle: life } } },
    })
    const { values } = await gateway.ask('/a')
    assert.deepEqual(
      [values('deprecation'), values('sunset'), values('link')],
      [['@1788220800'], ['Thu, 01 Oct 2026 00:00:00 GMT'], ['<https://x.example>; rel="next"']],
    )
    gateway.clock.advanceMs(90 * DAY)
    assert.equal((await gateway.ask('/a')).status, 410)
    await gateway.stop()
    await speaking.stop()
    await start()
  })
})

/** An upstream that answers every request with these field lines. */
async function startSpeaking(lines: readonly string[]): Promise<{ port: number; stop(): Promise<void> }> {
  const { createServer } = await import('node:http')
  const server = createServer((_, response) => {
    for (const line of lines) response.appendHeader(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2))
    response.end('spoken')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as { port: number }).port,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
