// Versions in the real program, on two threads: told apart in every way, ended by their dates, sampled by a canary, patched for a time.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { systemClock } from '../../src/base/clock.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type Answer, fieldOf, LoadConnection, metric } from '../support/load-client.ts'

const clock = systemClock()
const iso = (fromNowMs: number): string => new Date(clock.nowUs() / 1000 + fromNowMs).toISOString()
const MINUTE = 60_000

interface File {
  versions: Record<string, Record<string, Record<string, unknown>>>
  patches?: Record<string, unknown>
}

describe('versions in the real program', () => {
  let servers: Server[] = []
  let gateway: RunningGateway
  const connections: LoadConnection[] = []

  before(async () => {
    servers = await Promise.all(['v1', 'v2'].map(named))
    const [v1, v2] = servers.map((server) => ({ upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })) as [object, object]
    const api = (name: string, versioning: object) => ({ path: `/${name}`, versioning, public: true })
    gateway = await startGateway(
      {
        gateway: { trustedProxies: ['127.0.0.1'] },
        apis: {
          path: api('path', { by: 'path' }),
          field: api('field', { header: 'X-Version', default: 'v2' }),
          query: api('query', { query: 'version' }),
          media: api('media', { mediaType: 'application/vnd.t.{version}+json' }),
          sampled: api('sampled', { by: 'path' }),
        },
        versions: {
          path: { v1: { ...v1, deprecated: iso(-60 * MINUTE), sunset: iso(600 * MINUTE), successor: 'v2' }, v2 },
          field: { v1, v2 },
          query: { v1, v2 },
          media: { v1, v2 },
          sampled: { v1: { ...v1, canary: { to: 'v2', share: '10%' } }, v2 },
        },
      },
      { threads: 2 },
    )
    // Enough that both threads have some.
    for (let i = 0; i < 16; i++) connections.push(new LoadConnection(gateway.port))
  })
  after(async () => {
    for (const connection of connections) await connection.close()
    await gateway?.stop()
    for (const server of servers) {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  let turn = 0
  async function ask(target: string, ...lines: readonly string[]): Promise<Answer> {
    const answer = await connections[++turn % connections.length]!.ask([`GET ${target} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n'))
    assert.ok(answer, gateway.log())
    return answer
  }
  function edit(change: (file: File) => void): void {
    const file = parse(readFileSync(gateway.configFile, 'utf8')) as File
    change(file)
    writeFileSync(gateway.configFile, stringify(file), { mode: 0o600 })
  }
  /** Asks on every connection until all answer so: an edit, or the time, has reached all threads. */
  async function until(target: string, status: number): Promise<Answer> {
    for (let i = 0; ; i++) {
      const answers = await Promise.all(connections.map(() => ask(target)))
      if (answers.every((answer) => answer.status === status)) return answers[0]!
      assert.ok(i < 600, `${target} answers ${answers.map((answer) => answer.status)}, not ${status}\n${gateway.log()}`)
      await pause(25)
    }
  }
  /** Something that lasts only for a time, seen on every thread before it is over: on a machine that is too slow for the time, again with a longer one. */
  async function seen(target: string, status: number, begin: (lastsMs: number) => void): Promise<void> {
    for (const lastsMs of [3000, 15_000, 60_000]) {
      const endMs = clock.nowUs() / 1000 + lastsMs
      begin(lastsMs)
      while (clock.nowUs() / 1000 < endMs) {
        const answers = await Promise.all(connections.map(() => ask(target)))
        if (answers.every((answer) => answer.status === status)) return
        await pause(25)
      }
    }
    assert.fail(`${target} never answers ${status}\n${gateway.log()}`)
  }

  test('each scheme leads to the version that is meant', async () => {
    const table: readonly (readonly [target: string, lines: readonly string[], outcome: string])[] = [
      ['/path/v1/a', [], 'v1'],
      ['/path/v2/a', [], 'v2'],
      ['/path/v3/a', [], 'route.unknown'],
      ['/field/a', ['X-Version: v1'], 'v1'],
      ['/field/a', [], 'v2'],
      ['/field/a', ['X-Version: v1', 'X-Version: v2'], 'version.ambiguous'],
      ['/query/a?version=v1', [], 'v1'],
      ['/query/a?version=v2', [], 'v2'],
      ['/query/a', [], 'version.missing'],
      ['/media/a', ['Accept: application/vnd.t.v1+json'], 'v1'],
      ['/media/a', ['Accept: application/vnd.t.v2+json'], 'v2'],
      ['/media/a', ['Accept: application/vnd.t.v3+json'], 'version.unknown'],
    ]
    let ran = 0
    for (const [target, lines, outcome] of table) {
      const { body } = await ask(target, ...lines)
      assert.equal(body.startsWith('{') ? JSON.parse(body).code : body, outcome, target)
      ran++
    }
    assert.equal(ran, 12)
  })

  test('a tenth of the callers, within two in a hundred, always the same ones on every thread', async (t) => {
    const CALLERS = 2500
    const addressOf = (i: number): string => `X-Forwarded-For: 10.${i % 7}.${i >> 8}.${i & 255}`
    const round = () => Promise.all(Array.from({ length: CALLERS }, (_, i) => ask('/sampled/v1/a', addressOf(i)).then(({ body }) => body)))
    const first = await round()
    const moved = first.filter((version) => version === 'v2').length
    t.diagnostic(`${((moved / CALLERS) * 100).toFixed(1)} % of ${CALLERS}`)
    assert.ok(Math.abs(moved / CALLERS - 0.1) < 0.02, `${moved} of ${CALLERS}`)
    // Other connections, so other threads for about half of them.
    turn += 5
    assert.deepEqual(await round(), first)
    edit(({ versions }) => {
      versions['sampled']!['v1']!['canary'] = { to: 'v2', share: '30%' }
    })
    for (let i = 0, grown = 0; grown < 0.26 * CALLERS; i++) {
      const now = await round()
      grown = now.filter((version) => version === 'v2').length
      assert.deepEqual(
        first.filter((version, k) => version === 'v2' && now[k] !== 'v2'),
        [],
        'whoever was in stays in',
      )
      assert.ok(i < 100, 'the larger share never came')
    }
  })

  test('a brown-out that begins, one that ends, and a sunset that comes by itself', async () => {
    const served = await until('/path/v1/a', 200)
    assert.match(fieldOf(served, 'deprecation')!, /^@\d+$/)
    assert.equal(fieldOf(served, 'link'), '</path/v2>; rel="successor-version"')
    edit(({ versions }) => {
      versions['path']!['v1']!['brownOuts'] = [{ from: iso(-MINUTE), for: '2m' }]
    })
    assert.ok(Number(fieldOf(await until('/path/v1/a', 503), 'retry-after')) <= 61)
    await seen('/path/v1/a', 200, (lastsMs) =>
      edit(({ versions }) => {
        delete versions['path']!['v1']!['brownOuts']
        versions['path']!['v1']!['sunset'] = iso(lastsMs)
      }),
    )
    const gone = await until('/path/v1/a', 410)
    assert.equal(JSON.parse(gone.body).code, 'lifecycle.retired')
    assert.equal((await ask('/path/v2/a')).status, 200)
  })

  test('a patch that is added holds, and one that expires is gone from the snapshot too', async () => {
    const deny = { policy: 'ip-filter', config: { deny: ['127.0.0.0/8'] }, reason: 'A hole.' }
    await seen('/query/a?version=v1', 403, (lastsMs) =>
      edit((file) => {
        file.patches = { hole: { api: 'query', version: 'v1', ...deny, expires: iso(lastsMs) } }
      }),
    )
    assert.equal((await ask('/query/a?version=v2')).status, 200)
    const before = metric(await gateway.metrics(), 'gatehouse_publishes_total')
    await until('/query/a?version=v1', 200)
    for (let i = 0; metric(await gateway.metrics(), 'gatehouse_publishes_total') === before; i++) {
      assert.ok(i < 400, 'nothing was published when the patch expired')
      await pause(25)
    }
    assert.match(gateway.log(), /published .*: generation/)
  })
})

async function named(name: string): Promise<Server> {
  const server = createServer((_, response) => response.end(name))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
