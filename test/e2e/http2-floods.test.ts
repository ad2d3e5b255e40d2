// Floods over HTTP/2: whoever resets, stalls, pings or opens without end loses its own connection; honest requests are served meanwhile and the upstream is not flooded.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection, metric } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'
import { StreamClient, type StreamClientOptions } from '../support/stream-client.ts'
import {
  block,
  CODE,
  data,
  FLAG,
  frame,
  headers,
  PREFACE,
  ping,
  priority,
  request,
  reset,
  SETTING,
  settings,
  TYPE,
  windowUpdate,
} from '../support/stream-frames.ts'

const GET = 'GET /honest HTTP/1.1\r\nHost: a\r\n\r\n'
const PAGE = Buffer.alloc(200_000, 'page ')
const UPSTREAM_CONNECTIONS = 64
const PER_ADDRESS = 40
/** Attackers come from an address of their own: it is theirs that is capped. */
const ATTACKER = '127.0.0.2'

const odd = (count: number, from = 1): number[] => Array.from({ length: count }, (_, i) => from + 2 * i)

describe('over HTTP/2', { timeout: 300_000 }, () => {
  /** By path: requests whose head came. */
  const asked = new Map<string, number>()
  const count = (path: string): number => asked.get(path) ?? 0
  let upstreamConnections = 0
  const upstream = createServer((incoming: IncomingMessage, response) => {
    const path = incoming.url ?? ''
    asked.set(path, count(path) + 1)
    incoming.on('error', () => {})
    incoming.resume()
    if (path.startsWith('/page')) response.end(PAGE)
    else if (!path.startsWith('/hold')) incoming.on('end', () => response.end('ok'))
  })
  upstream.on('connection', () => upstreamConnections++)
  let gateway: RunningGateway
  let port = 0
  const clients: StreamClient[] = []
  const attack = async (options: StreamClientOptions = {}): Promise<StreamClient> => {
    const client = await StreamClient.open(port, { localAddress: ATTACKER, ...options })
    clients.push(client)
    return client
  }

  before(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    ;[port] = (await freePorts(1)) as [number]
    gateway = await startGateway({
      gateway: {
        listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }],
        timeouts: { head: '2s', idle: '2s', stall: '2s' },
        limits: { connectionsPerAddress: PER_ADDRESS },
      },
      apis: {
        all: {
          path: '/',
          upstream: {
            url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            connections: UPSTREAM_CONNECTIONS,
            queue: 4096,
            timeouts: { head: '60s' },
          },
          public: true,
        },
      },
    })
  })
  after(async () => {
    for (const client of clients) client.destroy()
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
  })

  /** Honest requests, one after the other on connections of both HTTPs, for as long as the attack lasts and some more: all of them are answered. */
  async function honestBeside(attacking: Promise<unknown>): Promise<void> {
    let over = false
    attacking.then(
      () => (over = true),
      () => (over = true),
    )
    const connection = new LoadConnection(port)
    const streams = await StreamClient.open(port)
    for (let i = 0; i < 20 || !over; i++) {
      streams.send(request(1 + 2 * i, '/honest'))
      const [first, second] = await Promise.all([connection.ask(GET), streams.answered(1 + 2 * i, 60_000)])
      assert.deepEqual([first?.status, second.statuses], [200, [200]])
    }
    await connection.close()
    streams.destroy()
    await attacking
  }
  /** Memory of the process, in megabytes. */
  const residentMb = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))![1]) / 1024
  async function untilMetric(name: string, is: (value: number) => boolean, label = ''): Promise<void> {
    const read = async (): Promise<number> => metric(await gateway.metrics(), name, label)
    let found = await read()
    for (let i = 0; i < 400 && !is(found); i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      found = await read()
    }
    assert.ok(is(found), `${name} stays ${found}`)
  }
  const gone = (client: StreamClient): Promise<boolean> => client.untilClosed(30_000)

  test('who resets at once what it asks for is told to go away, and few of its requests reach the upstream (CVE-2023-44487)', async () => {
    const flood = async (): Promise<void> => {
      const client = await attack()
      for (const stream of odd(5000)) client.send(request(stream, '/reset'), reset(stream, CODE.cancel))
      assert.ok(await gone(client))
      assert.ok(client.goaway === undefined || client.goaway === CODE.calm || client.goaway === CODE.internal, `GOAWAY ${client.goaway}`)
    }
    await honestBeside(Promise.all([flood(), flood(), flood()]))
    assert.ok(count('/reset') <= 3 * 400, `${count('/reset')} requests reached the upstream`)
  })

  test('who makes us reset its streams is told to go away, and few of its requests reach the upstream (CVE-2025-8671)', async () => {
    const shortBody = headers(
      1,
      block([
        [':method', 'POST'],
        [':scheme', 'http'],
        [':authority', 'a'],
        [':path', '/made'],
        ['content-length', '5'],
      ]),
      FLAG.endHeaders,
    )
    const flood = async (): Promise<void> => {
      const client = await attack()
      // A body shorter than its length, and a window that overflows: either is answered by a reset.
      for (const stream of odd(5000)) {
        const head = Buffer.from(shortBody)
        head.writeUInt32BE(stream, 5)
        client.send(head, data(stream, 'abc'))
      }
      assert.ok(await gone(client))
    }
    await honestBeside(Promise.all([flood(), flood()]))
    assert.ok(count('/made') <= 2 * 1500, `${count('/made')} requests reached the upstream`)
  })

  for (const [what, make] of [
    ['PINGs', () => ping()],
    ['SETTINGS', () => settings([SETTING.window, 65_535])],
    ['priorities', (i: number) => priority(1 + 2 * (i % 1000), 0)],
    ['unknown frames', () => frame(0x77, 0, 0, 'x'.repeat(100))],
    ['windows', () => windowUpdate(0, 1)],
  ] as const)
    test(`who sends ${what} alone, however many, is gone in the time that a head may take`, async () => {
      const before = residentMb()
      const client = await attack()
      let sending = true
      const flood = async (): Promise<void> => {
        const many = Buffer.concat(Array.from({ length: 500 }, (_, i) => make(i)))
        while (!client.closed && sending) {
          client.send(many)
          await new Promise((resolve) => setImmediate(resolve))
          if (client.socket.writableLength > 1_000_000) await client.until(() => client.socket.writableLength === 0 || client.socket.destroyed, 1000)
        }
      }
      const flooding = flood()
      await honestBeside(gone(client).then((is) => assert.ok(is)))
      sending = false
      client.destroy()
      await flooding
      assert.ok(residentMb() - before < 100, `${residentMb() - before} MB more`)
    })

  test('empty frames of a body are no body: the stream is refused, and the connection stays nobody\u2019s burden', async () => {
    const client = await attack()
    client.send(request(1, '/hold-body', 'POST', FLAG.endHeaders))
    let over = false
    const flood = async (): Promise<void> => {
      const many = Buffer.concat(Array.from({ length: 500 }, () => data(1, '', 0)))
      while (!over && !client.closed) {
        client.send(many)
        await new Promise((resolve) => setImmediate(resolve))
        if (client.socket.writableLength > 1_000_000) await client.until(() => client.socket.writableLength === 0 || client.socket.destroyed, 1000)
      }
    }
    const flooding = flood()
    await honestBeside(client.answered(1, 30_000).then(({ statuses, reset }) => assert.ok(statuses[0] === 408 || reset !== undefined || client.closed)))
    over = true
    client.destroy()
    await flooding
  })

  test('streams past the most that are allowed are refused, and reach nobody', async () => {
    // RFC 9113 5.1.2: to who did not see our settings yet that is no error.
    const early = await attack({ greeting: Buffer.concat([PREFACE, settings()]) })
    early.send(...odd(150).map((stream) => request(stream, '/hold-early')))
    await early.until(() => early.count(TYPE.reset) >= 50)
    const refused = early.frames.filter(({ type, payload }) => type === TYPE.reset && payload.readUInt32BE(0) === CODE.refused)
    assert.equal(refused.length, 50)
    assert.ok(count('/hold-early') <= 100)
    // Who saw them loses its connection.
    const late = await attack()
    late.send(...odd(150).map((stream) => request(stream, '/hold-late')))
    assert.ok(await gone(late))
    assert.equal(late.goaway, CODE.protocol)
    assert.ok(count('/hold-late') <= 100)
    early.destroy()
    await untilMetric('gatehouse_upstream_connections', (queued) => queued === 0, 'state="queued"')
  })

  test('requests whose body never comes leave room for honest ones, and are refused in time', async () => {
    const attackers = await Promise.all(Array.from({ length: 4 }, () => attack()))
    for (const client of attackers) client.send(...odd(100).map((stream) => request(stream, '/slow-body', 'POST', FLAG.endHeaders)))
    await honestBeside(
      Promise.all(
        attackers.map(async (client) => {
          assert.ok(
            await client.until(
              () => odd(100).every((stream) => client.stream(stream).statuses.length > 0 || client.stream(stream).reset !== undefined),
              30_000,
            ),
          )
          for (const stream of odd(100)) assert.ok([408, 503, undefined].includes(client.stream(stream).statuses[0]), String(client.stream(stream).statuses))
          client.destroy()
        }),
      ),
    )
    assert.ok(count('/slow-body') <= UPSTREAM_CONNECTIONS * 8, `${count('/slow-body')} reached the upstream`)
  })

  test('who reads nothing of what it asks for costs little memory, and is gone in time', async (t) => {
    const before = residentMb()
    let most = 0
    const watching = setInterval(() => (most = Math.max(most, residentMb() - before)), 50).unref()
    const attackers = await Promise.all(Array.from({ length: 8 }, () => attack({ settings: [[SETTING.window, 0]] })))
    for (const client of attackers) {
      client.send(windowUpdate(0, 2 ** 30))
      client.send(...odd(100).map((stream) => request(stream, `/page-${stream}`)))
    }
    await honestBeside(Promise.all(attackers.map(async (client) => assert.ok(await gone(client)))))
    clearInterval(watching)
    const pages = [...asked].filter(([path]) => path.startsWith('/page')).reduce((sum, [, times]) => sum + times, 0)
    t.diagnostic(`${pages} pages of ${PAGE.length} octets were made for nobody, at most ${most.toFixed(0)} MB more than before`)
    // Of each connection's hundred no further one is asked for once it is clear that nobody reads.
    assert.ok(pages < 700, `${pages} pages`)
    assert.ok(most < 120, `${most} MB`)
  })

  test('who does not read at all fills no memory with the answers to its PINGs', async () => {
    const before = residentMb()
    const client = await attack()
    client.socket.pause()
    const many = Buffer.concat(Array.from({ length: 5000 }, () => ping()))
    for (let i = 0; i < 100; i++) client.send(many)
    // Its end is seen where it writes: what nobody takes any more fails.
    await honestBeside(gone(client).then((closed) => assert.ok(closed)))
    assert.ok(residentMb() - before < 100, `${residentMb() - before} MB more`)
  })

  test('who is told to go away and stays is closed', async () => {
    const client = await attack()
    client.send(request(1, '/honest'))
    assert.deepEqual((await client.answered(1)).statuses, [200])
    // It never closes its side.
    await client.until(() => client.goaway !== undefined, 30_000)
    assert.equal(client.goaway, CODE.none)
    await untilMetric('gatehouse_connections', (open) => open === 0)
    client.destroy()
  })

  test('a preface in pieces, however slowly they come, has the time of a head', async () => {
    const client = await attack({ greeting: Buffer.from('PRI') })
    const trickle = setInterval(() => client.send(Buffer.from(' * HTTP/2.0\r\n\r\nSM\r'.slice(sent, ++sent))), 500)
    let sent = 0
    assert.ok(await gone(client))
    clearInterval(trickle)
    assert.ok(sent < 12, `${sent} pieces were waited for`)
  })

  test('connections past those of one address are closed at once, whatever they carry', async () => {
    const open: StreamClient[] = []
    for (let i = 0; i < PER_ADDRESS + 10; i++) open.push(await attack())
    await Promise.all(open.slice(PER_ADDRESS).map((client) => client.untilClosed()))
    assert.equal(open.slice(PER_ADDRESS).filter(({ closed }) => closed).length, 10)
    const first = open[0]!
    first.send(request(1, '/honest'))
    assert.deepEqual((await first.answered(1)).statuses, [200])
    for (const client of open) client.destroy()
  })

  test('a hundred streams on each of thirty connections are served, and the upstream sees no more connections than it may', async () => {
    for (const client of clients.splice(0)) client.destroy()
    await untilMetric('gatehouse_connections', (connections) => connections === 0)
    const connections = upstreamConnections
    const open = await Promise.all(Array.from({ length: 30 }, () => attack()))
    let answered = 0
    let busy = 0
    await honestBeside(
      Promise.all(
        open.map(async (client) => {
          client.send(...odd(100).map((stream) => request(stream, '/crowd')))
          assert.ok(
            await client.until(() => client.frames.filter(({ type }) => type === TYPE.headers).length === 100, 60_000),
            `${client.closed} ${client.goaway} ${client.frames.length}`,
          )
          for (const stream of odd(100)) {
            const [status] = client.stream(stream).statuses
            if (status === 200) answered++
            else if (status === 503) busy++
          }
          client.destroy()
        }),
      ),
    )
    assert.equal(answered + busy, 3000)
    assert.ok(upstreamConnections - connections <= 4 * UPSTREAM_CONNECTIONS, `${upstreamConnections - connections} connections`)
  })

  test('afterwards nothing is held, and no thread ended', async () => {
    for (const client of clients.splice(0)) client.destroy()
    await untilMetric('gatehouse_connections', (open) => open === 0)
    await untilMetric('gatehouse_upstream_connections', (queued) => queued === 0, 'state="queued"')
    const page = await gateway.metrics()
    assert.equal(metric(page, 'gatehouse_upstream_connections', 'state="open"'), metric(page, 'gatehouse_upstream_connections', 'state="idle"'))
    assert.equal(metric(page, 'gatehouse_refusals_total', 'code="gateway.broken"'), 0)
    assert.doesNotMatch(gateway.log(), /gateway thread \d/)
  })
})
