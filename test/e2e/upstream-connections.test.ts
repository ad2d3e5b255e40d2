// Connections to an upstream are few: whoever holds one for a client that is slow does not keep whole requests waiting.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { after, afterEach, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'

const CONNECTIONS = 4
const LARGE = Buffer.alloc(32 * 1024 * 1024, 'large ')

describe('connections to an upstream', () => {
  let upstream: Server
  let gateway: RunningGateway
  let unfinished = 0
  let mostUnfinished = 0
  const clients: Socket[] = []

  before(async () => {
    upstream = createServer((request: IncomingMessage, response) => {
      if (request.url === '/large') return response.end(LARGE)
      mostUnfinished = Math.max(mostUnfinished, ++unfinished)
      let body = ''
      request.on('data', (part) => (body += part))
      request.on('close', () => unfinished--)
      request.on('end', () => response.end(`got ${body}`))
      request.on('error', () => {})
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    gateway = await startGateway(
      {
        apis: { one: { path: '/', upstream: { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, connections: CONNECTIONS }, public: true } },
      },
      { threads: 1 },
    )
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy()
    while (metric(await gateway.metrics(), 'gatehouse_connections') > 0);
    mostUnfinished = 0
  })
  after(async () => {
    await gateway?.stop()
    upstream?.closeAllConnections()
    upstream?.close()
  })

  /** A client that has sent these octets; `heard` resolves with what it hears once that holds the words. */
  function client(octets: string): { socket: Socket; heard(words: string): Promise<string>; heardSoFar(): string } {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    clients.push(socket)
    let text = ''
    let look = (): void => {}
    socket.setEncoding('latin1').on('data', (part) => {
      text += part
      look()
    })
    socket.on('error', () => {})
    socket.write(octets)
    return {
      socket,
      heardSoFar: () => text,
      heard: (words) =>
        new Promise((resolve) => {
          look = () => text.includes(words) && resolve(text)
          look()
        }),
    }
  }
  const queued = async (): Promise<number> => metric(await gateway.metrics(), 'gatehouse_upstream_connections', 'state="queued"')
  const framings = {
    'of a declared length': ['Content-Length: 5', 'he', 'llo'],
    'in chunks': ['Transfer-Encoding: chunked', '2\r\nhe\r\n', '3\r\nllo\r\n0\r\n\r\n'],
    'of a declared length that waits for 100': ['Content-Length: 5\r\nExpect: 100-continue', '', 'hello'],
  }

  for (const [name, [fields, first, rest]] of Object.entries(framings)) {
    test(`a body ${name} that trickles takes at most half of them, and is served once it is whole`, async () => {
      const slow = Array.from({ length: 10 }, () => client(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n${first}`))
      while ((await queued()) < 10 - CONNECTIONS / 2);
      // All are slow: a request without a body and one with a whole one go past them.
      await client('GET / HTTP/1.1\r\nHost: a\r\n\r\n').heard('got ')
      await client('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nwhol').heard('got whol')
      if (fields!.includes('Expect')) for (const each of slow) await each.heard('HTTP/1.1 100 Continue\r\n\r\n')
      // The last one waits behind the others, and is whole before them.
      slow.at(-1)!.socket.write(rest!)
      await slow.at(-1)!.heard('got hello')
      assert.equal(await queued(), 10 - CONNECTIONS / 2 - 1)
      for (const each of slow) each.socket.write(rest!)
      for (const each of slow) assert.match(await each.heard('got hello'), /^(?:HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 200 /)
      assert.equal(await queued(), 0)
      assert.ok(mostUnfinished <= CONNECTIONS, `${mostUnfinished} at once`)
    })
  }

  test('a large body goes through while others trickle, in the half that is for both', async () => {
    const slow = Array.from({ length: 2 }, () => client('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe'))
    while (mostUnfinished < 2) await gateway.metrics()
    const large = client(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(100_000)}`)
    while ((await queued()) < 1);
    large.socket.write('x'.repeat(200_000))
    slow[0]!.socket.write('llo')
    assert.match(await large.heard('xxxxx'), /HTTP\/1\.1 200 /)
    slow[1]!.socket.write('llo')
    await slow[1]!.heard('got hello')
  })

  test('one whose client does not read is taken from it when others wait', async () => {
    const unread = Array.from({ length: CONNECTIONS }, () => client('GET /large HTTP/1.1\r\nHost: a\r\n\r\n'))
    for (const { socket } of unread) socket.pause()
    while (metric(await gateway.metrics(), 'gatehouse_upstream_connections', 'state="open"') < CONNECTIONS);
    const honest = await client('GET / HTTP/1.1\r\nHost: a\r\n\r\n').heard('got ')
    assert.match(honest, /^HTTP\/1\.1 200 /)
    assert.ok(metric(await gateway.metrics(), 'gatehouse_refusals_total', 'code="client.slow"') >= 1)
  })
})
