// What is cut short over HTTP/2 is seen to be, on either side; and upstreams that stop, stall, leave or vanish cost their own requests alone.
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'
import { StreamClient } from '../support/stream-client.ts'
import { CODE, data, FLAG, goaway, request, reset, SETTING, settings, TYPE } from '../support/stream-frames.ts'
import { type AskedStream, head, type StreamUpstream, startStreamUpstream, whole } from '../support/stream-upstream.ts'

describe('over HTTP/2', { timeout: 120_000 }, () => {
  let streams: StreamUpstream
  let gateway: RunningGateway
  let port = 0
  const sockets = new Set<Socket>()
  /** Begins an answer in chunks and does not end it. */
  const plain = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'))
  })

  before(async () => {
    streams = await startStreamUpstream()
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve))
    const address = plain.address()
    ;[port] = (await freePorts(1)) as [number]
    const timeouts = { connect: '2s', head: '2s', idle: '2s' }
    gateway = await startGateway({
      gateway: { listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }], timeouts: { stall: '2s' }, accessLog: 'stdout' },
      apis: {
        plain: { path: '/plain', upstream: { url: `http://127.0.0.1:${typeof address === 'object' ? address!.port : 0}`, timeouts }, public: true },
        streams: { path: '/streams', upstream: { url: `http://127.0.0.1:${streams.port}`, protocol: 'http/2', timeouts }, public: true },
      },
    })
  })
  after(async () => {
    await gateway?.stop()
    await streams?.stop()
    for (const socket of sockets) socket.destroy()
    plain.close()
  })
  const honestly = (): void => {
    streams.answer = ({ stream, send }) => send(...whole(stream, 'honest'))
  }
  async function served(): Promise<void> {
    honestly()
    const client = await StreamClient.open(port)
    client.send(request(1, '/streams/next'))
    assert.equal((await client.answered(1)).body.toString(), 'honest')
    client.destroy()
  }

  for (const [how, end] of [
    ['closes', (socket: Socket) => socket.end()],
    ['is reset', (socket: Socket) => socket.resetAndDestroy()],
  ] as const)
    test(`a body in chunks whose upstream ${how} is reset for its client, and never ended`, async () => {
      const client = await StreamClient.open(port)
      client.send(request(1, '/plain/x'))
      assert.ok(await client.until(() => client.stream(1).body.length === 5))
      for (const socket of sockets) end(socket)
      const { ended, reset } = await client.answered(1)
      assert.deepEqual([ended, reset], [false, CODE.internal])
      client.destroy()
    })

  for (const [how, cut] of [
    ['resets without an error', (client: StreamClient) => client.send(reset(1, CODE.none))],
    ['resets', (client: StreamClient) => client.send(reset(1, CODE.cancel))],
    ['resets with an error', (client: StreamClient) => client.send(reset(1, CODE.internal))],
    ['closes the connection of', (client: StreamClient) => client.destroy()],
    ['goes away with an error from', (client: StreamClient) => client.send(goaway(0, CODE.internal))],
  ] as const)
    test(`a body that its client ${how} is reset for its upstream, and never ended`, async () => {
      let asked: AskedStream | undefined
      streams.answer = (one) => (asked = one)
      const client = await StreamClient.open(port)
      client.send(request(1, '/streams/upload', 'POST', FLAG.endHeaders), data(1, 'half', 0))
      const came = () => streams.connections.find(({ socket }) => socket === asked?.socket)?.frames.filter(({ stream }) => stream === asked!.stream) ?? []
      for (let i = 0; i < 400 && !came().some(({ type }) => type === TYPE.data); i++) await new Promise((resolve) => setTimeout(resolve, 10))
      cut(client)
      for (let i = 0; i < 400 && !came().some(({ type }) => type === TYPE.reset); i++) await new Promise((resolve) => setTimeout(resolve, 10))
      assert.ok(came().some(({ type }) => type === TYPE.reset))
      assert.equal(
        came().some(({ type, flags }) => (type === TYPE.data || type === TYPE.headers) && (flags & FLAG.endStream) !== 0),
        false,
      )
      client.destroy()
      await served()
    })

  test('an upstream that never answers is a 504, and its neighbour on the connection is answered', async () => {
    let first = true
    streams.answer = ({ stream, send }) => {
      if (!first) send(...whole(stream, 'honest'))
      first = false
    }
    const client = await StreamClient.open(port)
    client.send(request(1, '/streams/silent'))
    for (let i = 0; i < 400 && first; i++) await new Promise((resolve) => setTimeout(resolve, 5))
    client.send(request(3, '/streams/neighbour'))
    assert.equal((await client.answered(3)).body.toString(), 'honest')
    assert.deepEqual((await client.answered(1)).statuses, [504])
    client.destroy()
    await served()
  })

  test('an upstream that is gone without a word is left for a new connection', async () => {
    // It reads no more: not even a PING is answered.
    streams.answer = ({ socket }) => void socket.pause()
    const count = streams.connections.length
    const client = await StreamClient.open(port)
    client.send(request(1, '/streams/gone'))
    assert.deepEqual((await client.answered(1)).statuses, [504])
    honestly()
    let body = ''
    for (let stream = 3; body !== 'honest' && stream < 30; stream += 2) {
      client.send(request(stream, '/streams/again'))
      body = (await client.answered(stream)).body.toString()
    }
    assert.equal(body, 'honest')
    assert.ok(streams.connections.length > count)
    client.destroy()
  })

  test('an upstream that takes one stream at a time is asked one after the other', async () => {
    for (const { socket } of streams.connections) socket.destroy()
    streams.greeting = settings([SETTING.streams, 1])
    honestly()
    await served()
    const client = await StreamClient.open(port)
    client.send(...Array.from({ length: 20 }, (_, i) => request(1 + 2 * i, `/streams/${i}`)))
    for (let i = 0; i < 20; i++) assert.equal((await client.answered(1 + 2 * i)).body.toString(), 'honest')
    client.destroy()
    streams.greeting = settings()
  })

  test('an upstream that goes away in order finishes what it took; the next request goes over another connection, and the old one is closed', async () => {
    for (const { socket } of streams.connections) socket.destroy()
    await served()
    let leaving: Socket | undefined
    streams.answer = ({ stream, send, socket }) => {
      leaving = socket
      send(goaway(stream, CODE.none), head(stream), data(stream, 'first half, ', 0))
      setImmediate(() => send(data(stream, 'second half')))
    }
    const client = await StreamClient.open(port)
    client.send(request(1, '/streams/leaving'))
    assert.equal((await client.answered(1)).body.toString(), 'first half, second half')
    await served()
    // It never closes its side.
    for (let i = 0; i < 400 && !leaving!.readableEnded; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.ok(leaving!.readableEnded)
    client.destroy()
  })

  test('an upstream that gives no window takes no body: that is told in time, and others are served', async () => {
    for (const { socket } of streams.connections) socket.destroy()
    streams.greeting = settings([SETTING.window, 0])
    streams.answer = () => {}
    const client = await StreamClient.open(port)
    client.send(request(1, '/streams/upload', 'POST', FLAG.endHeaders), data(1, Buffer.alloc(10_000)))
    const { statuses } = await client.answered(1)
    assert.ok([504, 408].includes(statuses[0]!), String(statuses))
    client.destroy()
    streams.greeting = settings()
    for (const { socket } of streams.connections) socket.destroy()
    await served()
  })

  test('each stream is a line of the access log, with an id of its own that its client was told', async () => {
    honestly()
    const connection = new LoadConnection(port)
    await connection.ask('GET /streams/log HTTP/1.1\r\nHost: a\r\n\r\n')
    const client = await StreamClient.open(port)
    client.send(request(1, '/streams/log-a'), request(3, '/streams/log-b'))
    await Promise.all([client.answered(1), client.answered(3)])
    client.destroy()
    await connection.close()
    const lines = (): Record<string, unknown>[] =>
      gateway
        .log()
        .split('\n')
        .filter((line) => line.startsWith('{') && line.includes('/streams/log-'))
        .map((line) => JSON.parse(line))
    for (let i = 0; i < 200 && lines().length < 2; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(lines().length, 2)
    assert.equal(new Set(lines().map(({ id }) => id)).size, 2)
  })

  test('no thread ended of any of it', () => assert.doesNotMatch(gateway.log(), /gateway thread \d/))
})
