// Who may open a WebSocket, how much may be sent over it, and when it ends: by its own bounds, and with what let it in.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway, keysOf } from '../support/configured-gateway.ts'
import { openWebsocket, startWebsocketUpstream, type WebsocketEnd, type WebsocketUpstream } from '../support/websocket-ends.ts'
import { BINARY, CLOSE, codeOf, frame, MASK, PING, PONG, readFrames, TEXT } from '../support/websocket-frames.ts'

const KEY = 'gth_live_a key issued elsewhere'
const OTHER = 'another key issued elsewhere'

describe('WebSocket and its bounds', () => {
  const ends: (() => Promise<void> | void)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
  })
  let upstream: WebsocketUpstream
  async function start(api: (url: string) => Record<string, unknown>, more: object = {}, lines?: (path: string) => string): Promise<ConfiguredGateway> {
    const made = await startWebsocketUpstream(lines)
    upstream = made
    ends.push(() => made.stop())
    const gateway = await configuredGateway({
      apis: { live: { path: '/', upstream: `http://127.0.0.1:${made.port}`, ...api(`http://127.0.0.1:${made.port}`) } },
      ...more,
    })
    ends.push(() => gateway.stop())
    return gateway
  }
  const open = (websocket: unknown): Promise<ConfiguredGateway> => start(() => ({ public: true, websocket }))
  const answerTo = async (gateway: ConfiguredGateway, lines: string, host = 'api.example'): Promise<string> => {
    const { head, stream } = await openWebsocket(gateway.port, { lines, host })
    stream.destroy()
    return /^HTTP\/1\.1 (\d+)/.exec(head)![1]!
  }
  async function pair(gateway: ConfiguredGateway, lines = ''): Promise<{ client: WebsocketEnd; far: WebsocketEnd }> {
    const [client, far] = await Promise.all([openWebsocket(gateway.port, { lines, host: 'api.example' }), upstream.next()])
    return { client, far }
  }
  /** What both sides were closed with. */
  async function closedWith({ client, far }: { client: WebsocketEnd; far: WebsocketEnd }): Promise<(number | string)[]> {
    const heard = await Promise.all([client.untilEnd(), far.untilEnd()])
    client.stream.destroy()
    far.stream.destroy()
    return heard.map((octets) => {
      const last = readFrames(octets).frames.at(-1)
      return last?.opcode === CLOSE ? codeOf(last) : 'no Close'
    })
  }
  const send = (end: WebsocketEnd, text: string, opcode = TEXT): void => end.send(frame(text, { opcode, mask: MASK }))
  /** Moves the clock, and waits until the gateway has looked at it: with each look, four times a second, open streams are asked about. */
  async function passes(gateway: ConfiguredGateway, ms: number): Promise<void> {
    gateway.clock.advanceMs(ms)
    const now = new Date(Math.floor(gateway.clock.nowUs() / 1000)).toUTCString()
    while ((await gateway.ask('/nothing')).values('date')[0] !== now);
  }

  test('pages of other origins are refused, and who sends none is no browser', async () => {
    const cases: readonly (readonly [websocket: unknown, lines: string, status: string, host?: string])[] = [
      [true, '', '101'],
      [true, 'Origin: http://api.example\r\n', '101'],
      [true, 'Origin: https://api.example\r\n', '101'],
      [true, 'Origin: http://API.example\r\n', '101'],
      [true, 'Origin: http://api.example:8080\r\n', '101', 'api.example:8080'],
      [true, 'Origin: http://api.example\r\n', '101', 'api.example:80'],
      [true, 'Origin: https://api.example\r\n', '101', 'api.example.:443'],
      [true, 'Origin: http://[::1]:8080\r\n', '101', '[::1]:8080'],
      [true, 'Origin: https://evil.example\r\n', '403'],
      [true, 'Origin: http://api.example.evil.example\r\n', '403'],
      [true, 'Origin: http://evil.example/api.example\r\n', '403'],
      [true, 'Origin: http://api.example@evil.example\r\n', '403'],
      [true, 'Origin: http://sub.api.example\r\n', '403'],
      [true, 'Origin: http://api.example:8080\r\n', '403'],
      [true, 'Origin: api.example\r\n', '403'],
      [true, 'Origin: null\r\n', '403'],
      [true, 'Origin: \r\n', '403'],
      [true, 'Origin: http://api.example\r\nOrigin: https://evil.example\r\n', '403'],
      [true, 'Origin: http://api.example, https://evil.example\r\n', '403'],
      // A trusted proxy says that the caller came by https: a page in clear is not the same then.
      [true, 'Origin: http://api.example\r\nX-Forwarded-Proto: https\r\n', '403'],
      [true, 'Origin: https://api.example\r\nX-Forwarded-Proto: https\r\n', '101'],
      [{ origins: ['https://shop.example'] }, 'Origin: https://shop.example\r\n', '101'],
      [{ origins: ['https://shop.example'] }, '', '101'],
      [{ origins: ['https://shop.example'] }, 'Origin: http://shop.example\r\n', '403'],
      [{ origins: ['https://shop.example'] }, 'Origin: http://api.example\r\n', '403'],
      [{ origins: ['https://shop.example'] }, 'Origin: https://shop.example:8443\r\n', '403'],
      [{ origins: ['https://shop.example'] }, 'Origin: null\r\n', '403'],
      [{ origins: 'any' }, 'Origin: https://evil.example\r\n', '101'],
      [{ origins: 'any' }, 'Origin: null\r\n', '101'],
    ]
    const gateways = new Map<string, ConfiguredGateway>()
    for (const [websocket, lines, status, host] of cases) {
      const name = JSON.stringify(websocket)
      if (!gateways.has(name)) gateways.set(name, await open(websocket))
      assert.equal(await answerTo(gateways.get(name)!, lines, host), status, `${name} ${lines}${host ?? ''}`)
    }
    const refused = await openWebsocket(gateways.get('true')!.port, { lines: 'Origin: https://evil.example\r\n' })
    refused.stream.destroy()
    assert.ok((await gateways.get('true')!.log()).some(({ code, status }) => code === 'websocket.origin' && status === 403))
  })

  test('a handshake that is none is refused before the upstream hears of it', async () => {
    const gateway = await open(true)
    const head = (lines: string): string[] => ['Connection: Upgrade', 'Upgrade: websocket', ...lines.split('|').filter((line) => line !== '')]
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
    const version = 'Sec-WebSocket-Version: 13'
    for (const [lines, status, code] of [
      [key, 426, 'websocket.version'],
      [`${key}|Sec-WebSocket-Version: 8`, 426, 'websocket.version'],
      [`${key}|Sec-WebSocket-Version: 13, 8`, 426, 'websocket.version'],
      [`${key}|${version}|${version}`, 426, 'websocket.version'],
      [version, 400, 'websocket.handshake'],
      [`${version}|Sec-WebSocket-Key: `, 400, 'websocket.handshake'],
      [`${version}|Sec-WebSocket-Key: dGhlIHNhbXBsZQ==`, 400, 'websocket.handshake'],
      [`${version}|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==`, 400, 'websocket.handshake'],
      [`${version}|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ`, 400, 'websocket.handshake'],
      [`${version}|${key}|${key}`, 400, 'websocket.handshake'],
    ] as const) {
      const answer = await gateway.ask(
        '/',
        head(lines).filter((line) => line !== 'Connection: close'),
      )
      assert.deepEqual([answer.status, answer.code], [status, code], lines)
      if (status === 426) assert.deepEqual(answer.values('sec-websocket-version'), ['13'])
    }
  })

  test('extensions are offered to the upstream only as far as they may be agreed on', async () => {
    const told = (path: string): string =>
      path === '/?agrees'
        ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n'
        : path === '/?other'
          ? 'Sec-WebSocket-Extensions: x-other\r\n'
          : path === '/?twice'
            ? 'Sec-WebSocket-Extensions: permessage-deflate, x-other\r\n'
            : path === '/?protocol'
              ? 'Sec-WebSocket-Protocol: soap\r\n'
              : ''
    const offers =
      'Sec-WebSocket-Extensions: x-webkit-deflate-frame, permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: chat, superchat\r\n'
    for (const [compression, expected] of [
      [false, { '/': '101', '/?agrees': '502', '/?other': '502', '/?twice': '502', '/?protocol': '502' }],
      [true, { '/': '101', '/?agrees': '101', '/?other': '502', '/?twice': '502', '/?protocol': '502' }],
    ] as const) {
      const gateway = await start(() => ({ public: true, websocket: { compression } }), {}, told)
      for (const [path, status] of Object.entries(expected)) {
        const [client, far] = await Promise.all([openWebsocket(gateway.port, { path, lines: offers }), upstream.next()])
        assert.equal(/^HTTP\/1\.1 (\d+)/.exec(client.head)![1], status, `${compression} ${path}`)
        const seen = [...far.head.matchAll(/^sec-websocket-extensions: (.*)\r$/gim)].map(([, value]) => value)
        assert.deepEqual(seen, compression ? ['permessage-deflate; client_max_window_bits, permessage-deflate'] : [])
        assert.match(far.head, /\r\nsec-websocket-protocol: chat, superchat\r\n/i)
        if (path === '/?agrees' && compression) {
          const octets = frame(Buffer.of(0xf2, 0x48, 0xcd), { reserved: 4, mask: MASK })
          client.send(octets)
          assert.deepEqual(await far.atLeast(octets.length), octets)
        }
        // Where nothing was agreed on, the bit means nothing.
        if (path === '/' && compression) {
          send(client, 'a')
          client.send(frame('b', { reserved: 4, mask: MASK }))
          assert.deepEqual(await closedWith({ client, far }), [1002, 1002])
        }
        client.stream.destroy()
      }
    }
  })

  test('messages and pings above the limit close both sides with 1008; each WebSocket has its own count', async () => {
    const gateway = await open({ messages: { limit: 3, window: '1m' } })
    const first = await pair(gateway)
    send(first.client, 'one')
    send(first.client, '', PING)
    send(first.client, '', PONG)
    // Messages of the upstream, and further frames of the same message, do not count.
    for (let i = 0; i < 20; i++) first.far.send(frame('news'))
    await first.client.atLeast(20 * frame('news').length)
    const second = await pair(gateway)
    second.client.send(frame('a', { final: false, mask: MASK }))
    for (let i = 0; i < 20; i++) second.client.send(frame('b', { opcode: 0, final: false, mask: MASK }))
    second.client.send(frame('c', { opcode: 0, mask: MASK }))
    send(second.client, 'two')
    const sent = Buffer.concat([frame('one', { mask: MASK }), frame('', { opcode: PING, mask: MASK }), frame('', { opcode: PONG, mask: MASK })])
    assert.deepEqual(await first.far.atLeast(sent.length), sent)
    send(first.client, 'four')
    assert.deepEqual(await closedWith(first), [1008, 1008])
    assert.ok(!(await first.far.untilEnd()).includes(frame('four', { mask: MASK })))
    send(second.client, 'three')
    await second.far.atLeast(22 * 7)
    send(second.client, 'four')
    assert.deepEqual(await closedWith(second), [1008, 1008])
    const codes = (await gateway.log()).map(({ code }) => code)
    assert.equal(codes.filter((code) => code === 'websocket.exceeded').length, 2)
    // The window passes, and there is room again.
    const third = await pair(gateway)
    for (let i = 0; i < 3; i++) send(third.client, 'x')
    await third.far.atLeast(3 * 7)
    gateway.clock.advanceMs(20_000)
    send(third.client, 'x')
    await third.far.atLeast(4 * 7)
    third.client.stream.destroy()
  })

  test('messages that come together are passed on up to the one that is too many', async () => {
    const gateway = await open({ messages: { limit: 5, window: '1m' } })
    const both = await pair(gateway)
    both.client.send(Buffer.concat(Array.from({ length: 9 }, (_, i) => frame(String(i), { mask: MASK }))))
    const { frames } = readFrames(await both.far.untilEnd())
    both.client.stream.destroy()
    assert.deepEqual([...frames.slice(0, 5).map(({ payload }) => payload.toString()), codeOf(frames[5]!)], ['0', '1', '2', '3', '4', 1008])
    assert.equal(frames.length, 6)
  })

  test('counted by consumer, the WebSockets of one share their count and others do not', async () => {
    const gateway = await start(
      () => ({ policies: { 'api-key': { header: 'X-API-Key', format: 'any' } }, websocket: { messages: { limit: 2, window: '1m', by: 'consumer' } } }),
      {
        consumers: { acme: { apis: ['live'], keys: keysOf(KEY) }, other: { apis: ['live'], keys: keysOf(OTHER) } },
      },
    )
    const [one, two, other] = [
      await pair(gateway, `X-API-Key: ${KEY}\r\n`),
      await pair(gateway, `X-API-Key: ${KEY}\r\n`),
      await pair(gateway, `X-API-Key: ${OTHER}\r\n`),
    ]
    send(one.client, 'a')
    await one.far.atLeast(7)
    send(two.client, 'b')
    await two.far.atLeast(7)
    send(two.client, 'c')
    assert.deepEqual(await closedWith(two), [1008, 1008])
    send(other.client, 'd')
    await other.far.atLeast(7)
    one.client.stream.destroy()
    other.client.stream.destroy()
  })

  test('one in which nothing passes is closed with 1001, and a ping is enough to keep it', async () => {
    const gateway = await open({ idle: '20s' })
    const [quiet, kept] = [await pair(gateway), await pair(gateway)]
    for (let i = 1; i <= 3; i++) {
      await passes(gateway, 9000)
      const side = i === 2 ? kept.far : kept.client
      side.send(frame('', { opcode: PING, mask: i === 2 ? undefined : MASK }))
      await (i === 2 ? kept.client.atLeast(2) : kept.far.atLeast(i === 1 ? 6 : 12))
    }
    assert.deepEqual(await closedWith(quiet), [1001, 1001])
    kept.far.send(frame('still here'))
    await kept.client.atLeast(2 + frame('still here').length)
    kept.client.stream.destroy()
    assert.ok((await gateway.log()).some(({ code }) => code === 'websocket.idle'))
  })

  const holder = { acme: { apis: ['live'], keys: keysOf(KEY) } }
  const keyed = { policies: { 'api-key': { header: 'X-API-Key', format: 'any' } }, websocket: true }
  const endings: readonly (readonly [name: string, change: (api: object) => object])[] = [
    ['its key is revoked', (api) => ({ apis: { live: api }, consumers: { acme: { apis: ['live'] } } })],
    ['its consumer is gone', (api) => ({ apis: { live: api } })],
    ['its consumer may not call the API any more', (api) => ({ apis: { live: api }, consumers: { acme: { ...holder.acme, apis: [] } } })],
    [
      'its address is denied',
      (api) => ({ apis: { live: { ...api, policies: { ...keyed.policies, 'ip-filter': { deny: ['127.0.0.1'] } } } }, consumers: holder }),
    ],
    ['the API is taken away', (api) => ({ apis: { other: { ...api, path: '/other' } }, consumers: { acme: { ...holder.acme, apis: ['other'] } } })],
    ['the API serves no WebSocket any more', (api) => ({ apis: { live: { ...api, websocket: false } }, consumers: holder })],
    ['the operation is not served any more', (api) => ({ apis: { live: { ...api, methods: ['POST'] } }, consumers: holder })],
  ]
  for (const [name, change] of endings) {
    test(`one is closed with 1008 once ${name}, and a publication that changes nothing of that leaves it`, async () => {
      const gateway = await start(() => keyed, { consumers: holder })
      const both = await pair(gateway, `X-API-Key: ${KEY}\r\n`)
      const api = { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, ...keyed }
      gateway.clock.advanceMs(1000)
      await gateway.publish({ apis: { live: { ...api, policies: { ...keyed.policies, 'rate-limit': { limit: 5, window: '1m' } } } }, consumers: holder })
      await passes(gateway, 1000)
      send(both.client, 'still here')
      await both.far.atLeast(16)
      await gateway.publish(change(api))
      assert.deepEqual(await closedWith(both), [1008, 1008])
      assert.ok((await gateway.log()).some(({ code }) => code === 'access.ended'))
    })
  }
  test('one is closed once its key expires, or its version is sunset', async () => {
    const expires = '2023-11-14T23:00:00Z'
    const keys = [{ ...(keysOf(KEY)[0] as object), expires }]
    const gateway = await start(() => ({ ...keyed, websocket: { idle: '24h' } }), { consumers: { acme: { apis: ['live'], keys } } })
    const both = await pair(gateway, `X-API-Key: ${KEY}\r\n`)
    gateway.clock.advanceMs(Date.parse(expires) - 1_700_000_000_000)
    assert.deepEqual(await closedWith(both), [1008, 1008])
    const ending = await start(() => ({
      public: true,
      websocket: { idle: '24h' },
      policies: { lifecycle: { deprecated: '2023-01-01', sunset: '2023-11-15' } },
    }))
    const last = await pair(ending)
    ending.clock.advanceMs(Date.parse('2023-11-15T00:00:00Z') - 1_700_000_000_000)
    assert.deepEqual(await closedWith(last), [1008, 1008])
  })

  test('one that nobody had to be known for goes on', async () => {
    const gateway = await start(() => ({ public: true, websocket: true, policies: { 'client-certificate': { required: false, match: 'thumbprint' } } }))
    const both = await pair(gateway)
    for (let i = 0; i < 3; i++) await passes(gateway, 1000)
    send(both.client, 'still here')
    await both.far.atLeast(16)
    both.client.stream.destroy()
  })

  test('at a stop every one is closed with 1001', async () => {
    const made = await startWebsocketUpstream()
    ends.push(() => made.stop())
    upstream = made
    const gateway = await configuredGateway({ apis: { live: { path: '/', upstream: `http://127.0.0.1:${made.port}`, public: true, websocket: true } } })
    const both = await Promise.all([pair(gateway), pair(gateway)])
    const stopped = gateway.stop()
    for (const each of both) assert.deepEqual(await closedWith(each), [1001, 1001])
    await stopped
  })

  test('in the middle of a frame no Close is put in: the side that waits for its end sees it cut', async () => {
    const gateway = await open({ idle: '5s' })
    const both = await pair(gateway)
    const half = frame(Buffer.alloc(5000, 'x'), { opcode: BINARY, mask: MASK }).subarray(0, 3000)
    both.client.send(half)
    await both.far.atLeast(half.length)
    gateway.clock.advanceMs(6000)
    assert.deepEqual(await both.far.untilEnd(), half)
    assert.deepEqual(await closedWith(both), [1001, 'no Close'])
  })

  test('answers and uploads under way end with the key as well, broken off and never short', async () => {
    let asked = 0
    const server = createServer((request, response) => {
      response.on('error', () => {})
      asked++
      if (request.method === 'GET') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        response.write('data: one\n\n')
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ends.push(() => {
      server.closeAllConnections()
      server.close()
    })
    const api = { path: '/', upstream: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, policies: keyed.policies }
    const gateway = await configuredGateway({ apis: { live: api }, consumers: holder })
    ends.push(() => gateway.stop())
    const ask = (head: string): Promise<{ socket: Socket; text: () => string }> =>
      new Promise((resolve) => {
        const socket = connect({ port: gateway.port, host: '127.0.0.1' })
        let text = ''
        socket.on('error', () => {})
        socket.on('data', (part) => {
          text += part.toString('latin1')
          if (text.includes('data: one')) resolve({ socket, text: () => text })
        })
        socket.write(head, () => head.startsWith('POST') && resolve({ socket, text: () => text }))
      })
    const events = await ask(`GET / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\n\r\n`)
    const upload = await ask(`POST / HTTP/1.1\r\nHost: a\r\nX-API-Key: ${KEY}\r\nContent-Length: 100000\r\n\r\nsome`)
    while (asked < 2) await new Promise((resolve) => setImmediate(resolve))
    gateway.clock.advanceMs(500)
    const closed = Promise.all([events, upload].map(({ socket }) => new Promise((resolve) => socket.once('close', resolve))))
    await gateway.publish({ apis: { live: api }, consumers: { acme: { apis: ['live'] } } })
    await closed
    while ((await gateway.log()).length < 2) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(!events.text().endsWith('0\r\n\r\n'), 'a stream that was broken off looks whole')
    assert.match(upload.text(), /^HTTP\/1\.1 403 [\s\S]*"code":"access\.ended"/)
    assert.deepEqual(
      (await gateway.log()).map(({ code }) => code),
      ['access.ended', 'access.ended'],
    )
  })
})
