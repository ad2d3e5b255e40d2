// Copies of requests for another upstream: who gets which, what is not in them, and that no request waits for or fails by them.
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'
import { converse } from '../support/raw-client.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

describe('mirror', () => {
  let own: RecordingUpstream
  let other: RecordingUpstream
  before(async () => {
    own = await startRecordingUpstream()
    other = await startRecordingUpstream()
  })
  after(async () => {
    await own.stop()
    await other.stop()
  })
  beforeEach(() => {
    own.take()
    other.take()
  })

  const api = (mirror: object, more: object = {}): object => ({
    apis: { shop: { path: '/shop', upstream: `http://127.0.0.1:${own.port}`, public: true, mirror, ...more } },
  })
  async function mirrored(mirror: object, act: (gateway: ConfiguredGateway) => Promise<void>, more: object = {}): Promise<void> {
    const gateway = await configuredGateway(api({ to: `http://127.0.0.1:${other.port}/copies`, ...mirror }, more))
    try {
      await act(gateway)
    } finally {
      await gateway.stop()
    }
  }
  /** Waits until the other upstream has been sent so many. */
  async function copies(count: number): Promise<ReturnType<RecordingUpstream['take']>> {
    const all = other.take()
    while (all.length < count) {
      await new Promise((resolve) => setImmediate(resolve))
      all.push(...other.take())
    }
    return all
  }

  test('a copy is the request as its upstream gets it, below the base path of the mirror, without what lets one act as the caller', async () => {
    await mirrored({}, async (gateway) => {
      const { status } = await gateway.ask('/shop/books?q=1', ['X-Kept: yes', 'Authorization: Bearer secret', 'Cookie: session=secret'])
      assert.equal(status, 200)
      const [copy] = await copies(1)
      const [request] = own.take()
      assert.equal(request!.target, '/books?q=1')
      assert.equal(copy!.target, '/copies/books?q=1')
      assert.match(String(request!.fields), /secret/)
      assert.doesNotMatch(String(copy!.fields), /secret|authorization|cookie/i)
      assert.match(String(copy!.fields), /X-Kept,yes/i)
    })
    assert.deepEqual([own.faults, other.faults], [[], []])
  })

  test('credentials are copied where the operator says so', async () => {
    await mirrored({ credentials: true }, async (gateway) => {
      await gateway.ask('/shop/', ['Authorization: Bearer secret'])
      const [copy] = await copies(1)
      assert.match(String(copy!.fields), /Bearer secret/)
    })
  })

  const BODIES: readonly [title: string, sent: string, body: string][] = [
    ['of declared length', 'Content-Length: 5\r\n\r\nhello', 'hello'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n', 'hello'],
    ['that is empty', 'Content-Length: 0\r\n\r\n', ''],
  ]
  const post = (port: number, sent: string): Promise<number> =>
    converse(port, [`POST /shop/ HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n${sent}`], { methods: ['POST'], responses: 1 }).then(
      ({ responses }) => responses[0]!.status,
    )
  for (const [title, sent, body] of BODIES) {
    test(`a body ${title} is copied whole`, async () => {
      await mirrored({ methods: ['POST'] }, async (gateway) => {
        assert.equal(await post(gateway.port, sent), 200)
        const [copy] = await copies(1)
        assert.equal(copy!.body.toString(), body)
        assert.equal(own.take()[0]!.body.toString(), body)
      })
      assert.deepEqual([own.faults, other.faults], [[], []])
    })
  }

  test('what is too large to be copied is served all the same, and counted', async () => {
    await mirrored({ methods: ['POST'], bodySize: '4B' }, async (gateway) => {
      assert.equal(await post(gateway.port, BODIES[0]![1]), 200)
      assert.equal(await post(gateway.port, BODIES[1]![1]), 200)
      assert.deepEqual([...gateway.copies()[0]!.counts], [0, 0, 0, 0, 2])
    })
    assert.equal(other.take().length, 0)
  })

  test('by themselves, only requests that change nothing are copied', async () => {
    await mirrored({}, async (gateway) => {
      assert.equal(await post(gateway.port, BODIES[0]![1]), 200)
      await gateway.ask('/shop/')
      const all = await copies(1)
      assert.deepEqual(
        all.map(({ method }) => method),
        ['GET'],
      )
    })
  })

  test('a share of the requests is copied: about that many of two thousand', async () => {
    const gateway = await configuredGateway(api({ to: `http://127.0.0.1:${other.port}`, share: '20%', inFlight: 1000 }))
    const requests = Array.from({ length: 500 }, () => 'GET /shop/ HTTP/1.1\r\nHost: a\r\n\r\n').join('')
    for (let i = 0; i < 4; i++) await converse(gateway.port, [requests], { methods: Array(500).fill('GET'), responses: 500 })
    const made = gateway.copies()[0]!.counts.reduce((sum, count) => sum + count, 0)
    // Six standard deviations of a binomial distribution with p = 0.2 and n = 2,000.
    assert.ok(Math.abs(made - 400) < 108, `${made}`)
    await gateway.stop()
  })

  test('an upstream that mirrors and is not there, never answers, answers with errors or without end harms no request, and is counted', async () => {
    const sockets = new Set<Socket>()
    const serve = (answer: (socket: Socket) => void) => {
      const server = createServer((socket) => {
        sockets.add(socket)
        socket.on('error', () => {})
        socket.once('data', () => answer(socket))
      })
      return new Promise<{ port: number; close(): void }>((resolve) =>
        server.listen(0, '127.0.0.1', () => resolve({ port: (server.address() as { port: number }).port, close: () => server.close() })),
      )
    }
    const gone = await serve(() => {})
    gone.close()
    const silent = await serve(() => {})
    const failing = await serve((socket) => socket.write('HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'))
    const endless = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const part = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`)
      const write = (): void => {
        while (!socket.destroyed && socket.write(part));
        if (!socket.destroyed) socket.once('drain', write)
      }
      write()
    })
    const garbage = await serve((socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'))
    const EXPECTED: readonly [port: number, counts: readonly number[]][] = [
      [gone.port, [0, 0, 3, 0, 0]],
      // Two at a time; the third finds no room.
      [silent.port, [0, 0, 0, 0, 1]],
      [failing.port, [0, 3, 0, 0, 0]],
      [endless.port, [3, 0, 0, 0, 0]],
      [garbage.port, [0, 0, 3, 0, 0]],
    ]
    for (const [port, counts] of EXPECTED) {
      const gateway = await configuredGateway(api({ to: `http://127.0.0.1:${port}`, inFlight: 2 }))
      const settled = counts.reduce((sum, count) => sum + count, 0)
      for (let i = 0; i < 3; i++) {
        assert.equal((await gateway.ask('/shop/')).status, 200)
        const wanted = settled === 3 ? i + 1 : Math.max(0, i - 1)
        while (gateway.copies()[0]!.counts.reduce((sum, count) => sum + count, 0) < wanted) await new Promise((resolve) => setImmediate(resolve))
      }
      assert.deepEqual([...gateway.copies()[0]!.counts], counts)
      await gateway.stop()
    }
    for (const server of [silent, failing, endless, garbage]) server.close()
    for (const socket of sockets) socket.destroy()
  })

  test('a request that policies refuse is not copied', async () => {
    await mirrored(
      {},
      async (gateway) => {
        assert.equal((await gateway.ask('/shop/')).status, 401)
        assert.deepEqual([...gateway.copies()[0]!.counts], [0, 0, 0, 0, 0])
      },
      { public: false, policies: { 'api-key': { header: 'X-API-Key' } } },
    )
    assert.equal(other.take().length, 0)
  })
})
