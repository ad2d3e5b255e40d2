// WebSocket: a tunnel opens only where it may and after the right proof, carries octets both ways at the pace of the slower side, and ends when either side ends.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'
import { converse } from '../support/raw-client.ts'
import { BINARY, frame, MASK } from '../support/websocket-frames.ts'

/** The key and proof of RFC 6455 1.3. */
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const PROOF = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const handshake = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${more}\r\n`
const switched = (proof: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`

interface Opened {
  readonly socket: Socket
  /** The head of the request, in lower case. */
  readonly head: string
}

describe('WebSocket', () => {
  let upstream: Server
  let gateway: RunningGateway
  const opened: Opened[] = []
  let requests: string[] = []
  let wanted: ((opened: Opened) => void) | undefined

  before(async () => {
    assert.equal(createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'), PROOF)
    upstream = createServer({ allowHalfOpen: false }, (socket) => {
      let text = ''
      socket.on('error', () => {})
      const heard = (data: Buffer): void => {
        text += data.toString('latin1')
        const end = text.indexOf('\r\n\r\n')
        if (end < 0) return
        const head = text.slice(0, end + 4)
        requests.push(head)
        const path = head.split(' ')[1]!
        text = text.slice(end + 4)
        if (path === '/wrong') socket.write(switched('AAAAAAAAAAAAAAAAAAAAAAAAAAA='))
        else if (path === '/no-proof') socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
        else if (path === '/other') socket.write(switched(PROOF).replace('websocket', 'h2c'))
        else if (path === '/refused') socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno')
        else if (path === '/open') {
          socket.off('data', heard)
          const now = { socket, head: head.toLowerCase() }
          opened.push(now)
          socket.pause()
          socket.write(switched(PROOF), () => wanted?.(now))
        } else socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nplain`)
      }
      socket.on('data', heard)
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    gateway = await startGateway(
      { apis: { live: { path: '/live', upstream: to, public: true, websocket: true }, plain: { path: '/plain', upstream: to, public: true } } },
      { threads: 1 },
    )
  })
  after(async () => {
    await gateway?.stop()
    for (const { socket } of opened) socket.destroy()
    upstream?.close()
  })

  /** Opens a tunnel; `early` is sent in the same segment as the handshake. */
  async function open(early: Buffer = Buffer.alloc(0)): Promise<{ readonly client: Socket; readonly upstream: Socket; readonly answer: string }> {
    const other = new Promise<Opened>((resolve) => (wanted = resolve))
    const client = connect({ port: gateway.port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
    client.on('error', () => {})
    client.write(Buffer.concat([Buffer.from(handshake('/live/open')), early]))
    const { socket } = await other
    let answer = ''
    while (!answer.includes('\r\n\r\n')) answer += ((await once(client, 'data')) as [Buffer])[0].toString('latin1')
    return { client, upstream: socket, answer }
  }
  /** What the socket brings until there are so many octets. */
  async function read(socket: Socket, count: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let length = 0
    return new Promise((resolve) => {
      const take = (data: Buffer): void => {
        parts.push(data)
        length += data.length
        if (length < count) return
        socket.off('data', take)
        resolve(Buffer.concat(parts))
      }
      socket.on('data', take)
      socket.resume()
    })
  }

  test('opens after the right proof, and carries octets both ways', async () => {
    const { client, upstream: far, answer } = await open()
    assert.match(answer, /^HTTP\/1\.1 101 [^\r]*\r\n/)
    for (const field of [/\r\nupgrade: websocket\r\n/i, /\r\nconnection: upgrade\r\n/i, /\r\nx-request-id: /i]) assert.match(answer, field)
    assert.ok(answer.includes(`Sec-WebSocket-Accept: ${PROOF}\r\n`))
    const head = opened.at(-1)!.head
    for (const field of ['upgrade: websocket', 'connection: upgrade', `sec-websocket-key: ${KEY.toLowerCase()}`])
      assert.equal(head.split(`\r\n${field}\r\n`).length, 2, field)
    const [up, down] = [frame('up and away', { mask: MASK }), frame('down and here')]
    client.write(up)
    assert.deepEqual(await read(far, up.length), up)
    far.write(down)
    assert.deepEqual(await read(client, down.length), down)
    client.destroy()
    await once(far, 'close')
  })

  test('what was sent behind the handshake is the tunnel\u2019s, never a request', async () => {
    requests = []
    const smuggled = frame('GET /live/smuggled HTTP/1.1\r\nHost: a\r\n\r\n', { mask: MASK })
    const { client, upstream: far } = await open(smuggled)
    assert.deepEqual(await read(far, smuggled.length), smuggled)
    assert.equal(requests.length, 1)
    client.destroy()
    await once(far, 'close')
  })

  test('what was sent behind a handshake that is refused is a request of its own, judged like any other', async () => {
    requests = []
    const heard = await converse(gateway.port, [`${handshake('/live/refused')}GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n`], { responses: 2 })
    assert.deepEqual(
      heard.responses.map(({ status }) => status),
      [403, 404],
    )
    assert.equal(requests.length, 1)
  })

  for (const path of ['/live/wrong', '/live/no-proof', '/live/other']) {
    test(`a 101 without the right proof is 502: ${path}`, async () => {
      const heard = await converse(gateway.port, [handshake(path)], { responses: 1 })
      assert.equal(heard.responses[0]?.status, 502)
      assert.match(heard.responses[0].body.toString(), /"code":"upstream\.invalid"/)
      assert.equal(heard.interim.length, 0)
    })
  }

  const dropped: readonly (readonly [name: string, request: string])[] = [
    ['where the API does not allow it', handshake('/plain/x')],
    ['h2c', 'GET /live/x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n'],
    ['several protocols', handshake('/live/x').replace('Upgrade: websocket', 'Upgrade: h2c, websocket')],
    ['not named in Connection', handshake('/live/x').replace('Connection: Upgrade', 'Connection: keep-alive')],
    ['not GET', handshake('/live/x').replace('GET ', 'PUT ')],
  ]
  for (const [name, request] of dropped) {
    test(`an upgrade is dropped: ${name}`, async () => {
      requests = []
      const heard = await converse(gateway.port, [request], { responses: 1 })
      assert.equal(heard.responses[0]?.body.toString(), 'plain')
      assert.doesNotMatch(requests[0]!, /\r\n(?:upgrade|connection|http2-settings):/i)
    })
  }

  test('a 101 that nobody asked for is 502', async () => {
    const heard = await converse(gateway.port, ['GET /plain/open HTTP/1.1\r\nHost: a\r\n\r\n'], { responses: 1 })
    assert.equal(heard.responses[0]?.status, 502)
  })

  for (const direction of ['up', 'down'] as const) {
    test(`a side that does not read stops the other, and loses nothing: ${direction}`, async () => {
      const { client, upstream: far } = await open()
      const [from, to] = direction === 'up' ? [client, far] : [far, client]
      to.pause()
      const piece = frame(Buffer.alloc(64 * 1024, 'tunnel '), { opcode: BINARY, mask: direction === 'up' ? MASK : undefined })
      const pieces = 512
      let accepted = 0
      for (let i = 0; i < pieces; i++) from.write(piece, () => accepted++)
      // Other traffic goes on while the tunnel stands still; each answer is a turn for the tunnel to take more, if it did.
      for (let i = 0; i < 100; i++) await converse(gateway.port, ['GET /plain/x HTTP/1.1\r\nHost: a\r\n\r\n'], { responses: 1 })
      assert.ok(accepted < pieces, 'the gateway took all of it for a side that does not read')
      const got = await read(to, pieces * piece.length)
      assert.equal(got.length, pieces * piece.length)
      client.destroy()
      far.destroy()
    })
  }

  test('the client ends: the upstream\u2019s side is closed, and the other way round', async () => {
    const one = await open()
    one.upstream.resume()
    one.client.end()
    await once(one.upstream, 'close')
    const two = await open()
    two.client.resume()
    const last = frame('last words')
    two.upstream.end(last)
    assert.deepEqual(await read(two.client, last.length), last)
    await once(two.client, 'end')
    two.client.destroy()
    for (let open = 1; open > 0; ) open = metric(await gateway.metrics(), 'gatehouse_connections')
  })
})
