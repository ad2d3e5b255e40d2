// Answers and requests that go on and on pass piece by piece: nothing waits for the rest, nothing is kept, and whoever goes is noticed at once.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientRequest, type IncomingMessage, request as requestClear } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestSecure } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Made, makeCertificate } from '../support/certificate-maker.ts'
import { configuredGateway } from '../support/configured-gateway.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { type Asked, type StreamingUpstream, startStreamingUpstream } from '../support/streaming-upstream.ts'

const GIGABYTE = 1024 ** 3
/** Under cryptography a gigabyte each way takes half a minute, and shows nothing that a quarter of it does not. */
const UNDER_TLS = GIGABYTE / 4
const PIECE = Buffer.alloc(256 * 1024, 'streaming ')
/** What the gateway may grow by while all of it passes. */
const GROWTH_BYTES_MAX = 160 * 1024 ** 2

describe('streams', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-streams-'))
  let authority: Made
  let upstream: StreamingUpstream
  let gateway: RunningGateway
  let clear = 0
  let secure = 0
  before(async () => {
    authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    const made = await makeCertificate({ subject: 'CN=gateway', names: ['gateway.example'], issuer: authority })
    writeFileSync(join(folder, 'cert.pem'), made.certificate)
    writeFileSync(join(folder, 'key.pem'), made.key, { mode: 0o600 })
    upstream = await startStreamingUpstream()
    ;[clear, secure] = (await freePorts(2)) as [number, number]
    gateway = await startGateway(
      {
        gateway: {
          listen: [
            { address: `http://127.0.0.1:${clear}`, https: 'off' },
            { address: `https://127.0.0.1:${secure}`, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } },
          ],
          limits: { body: '4GiB' },
        },
        apis: { all: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true } },
      },
      { threads: 1, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    upstream?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  interface Way {
    /** Begins a request; the answer's body, its fields, and how to go away. */
    ask(method: string): {
      readonly answer: Promise<{ body: Readable; fields: Record<string, unknown> }>
      readonly send: (octets: Buffer) => boolean
      readonly sent: () => Promise<unknown>
      end(): void
      leave(): void
    }
  }
  const byHttp1 = (make: (method: string) => ClientRequest): Way => ({
    ask(method) {
      const request = make(method)
      request.on('error', () => {})
      if (method === 'GET') request.end()
      else request.flushHeaders()
      return {
        answer: once(request, 'response').then(([body]) => ({ body: body as IncomingMessage, fields: (body as IncomingMessage).headers })),
        send: (octets) => request.write(octets),
        sent: () => once(request, 'drain'),
        end: () => void request.end(),
        leave: () => void request.destroy(),
      }
    },
  })
  const tls = () => ({ host: '127.0.0.1', port: secure, ca: authority.certificate, servername: 'gateway.example', headers: { host: 'gateway.example' } })
  const ways: Readonly<Record<string, Way>> = {
    'in clear': byHttp1((method) => requestClear({ host: '127.0.0.1', port: clear, method, agent: false })),
    'over TLS': byHttp1((method) => requestSecure({ ...tls(), method, agent: false })),
    'over HTTP/2': {
      ask(method) {
        const session = connectHttp2(`https://gateway.example:${secure}`, { createConnection: () => connectTls({ ...tls(), ALPNProtocols: ['h2'] }) })
        session.on('error', () => {})
        const stream = session.request({ ':method': method, ':path': '/' }, { endStream: method === 'GET' })
        stream.on('error', () => {})
        stream.on('close', () => session.close())
        return {
          answer: once(stream, 'response').then(([fields]) => ({ body: stream, fields: fields as Record<string, unknown> })),
          send: (octets) => stream.write(octets),
          sent: () => once(stream, 'drain'),
          end: () => void stream.end(),
          leave: () => void session.destroy(),
        }
      },
    },
  }
  async function begin(way: Way, method = 'GET'): Promise<{ readonly client: ReturnType<Way['ask']>; readonly far: Asked }> {
    const [client, far] = [way.ask(method), await upstream.next()]
    return { client, far }
  }
  const peakBytes = (): number => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${gateway.pid}/status`, 'latin1'))![1]) * 1024

  for (const [name, way] of Object.entries(ways)) {
    test(`${name}: each event is there before the next one is made, and no field of its head is changed`, async () => {
      const { client, far } = await begin(way)
      far.response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache, no-transform', 'X-Accel-Buffering': 'no' })
      far.response.flushHeaders()
      // The head alone comes before any event.
      const { body, fields } = await client.answer
      assert.deepEqual(
        [fields['content-type'], fields['cache-control'], fields['x-accel-buffering']],
        ['text/event-stream; charset=utf-8', 'no-cache, no-transform', 'no'],
      )
      for (let i = 0; i < 50; i++) {
        const event = i % 5 === 0 ? ': still here\n\n' : `id: ${i}\ndata: κόσμε\n\n`
        far.response.write(event)
        let heard = ''
        while (heard.length < Buffer.byteLength(event)) heard += ((await once(body, 'data')) as [Buffer])[0].toString('latin1')
        assert.equal(Buffer.from(heard, 'latin1').toString(), event)
      }
      far.response.end()
      await once(body, 'end')
      client.leave()
    })

    test(`${name}: who goes away is noticed at once, and the upstream's side is closed`, async () => {
      const { client, far } = await begin(way)
      far.response.writeHead(200, { 'Content-Type': 'text/event-stream' })
      far.response.write('data: one\n\n')
      const { body } = await client.answer
      await once(body, 'data')
      client.leave()
      // Nothing more is written: it is not the next event that finds out.
      await far.gone
    })

    test(`${name}: an upload is there piece by piece, and who breaks it off is noticed at once`, async () => {
      const { client, far } = await begin(way, 'POST')
      for (let i = 0; i < 20; i++) {
        client.send(Buffer.from(`piece ${i}`))
        assert.equal(((await once(far.request, 'data')) as [Buffer])[0].toString(), `piece ${i}`)
      }
      client.answer.catch(() => {})
      client.leave()
      await far.gone
    })

    test(`${name}: who does not read stops the upstream, and loses nothing`, async () => {
      const { client, far } = await begin(way)
      far.response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
      far.response.flushHeaders()
      const { body } = await client.answer
      body.pause()
      const pieces = 400
      let taken = 0
      for (let i = 0; i < pieces; i++) far.response.write(PIECE, () => taken++)
      far.response.end()
      // What both kernels and the gateway hold together is far below a hundred megabytes; meanwhile others are served.
      for (let i = 0; i < 50; i++) {
        const other = await begin(ways['in clear']!)
        other.far.response.end('here')
        for await (const _ of (await other.client.answer).body);
      }
      assert.ok(taken < pieces / 2, `${taken} of ${pieces} pieces were taken for somebody who does not read`)
      let received = 0
      for await (const part of body) received += (part as Buffer).length
      assert.equal(received, pieces * PIECE.length)
    })

    const much = name === 'in clear' ? GIGABYTE : UNDER_TLS
    test(`${name}: ${much / 1024 ** 2} MB down and as many up leave nothing behind in memory`, async (t) => {
      const down = await begin(way)
      const before = peakBytes()
      down.far.response.writeHead(200, { 'Content-Type': 'application/octet-stream' })
      down.far.response.flushHeaders()
      const { body } = await down.client.answer
      const producing = (async () => {
        for (let sent = 0; sent < much; sent += PIECE.length) if (!down.far.response.write(PIECE)) await once(down.far.response, 'drain')
        down.far.response.end()
      })()
      let received = 0
      for await (const part of body) received += (part as Buffer).length
      await producing
      assert.equal(received, much)

      const up = await begin(way, 'POST')
      let arrived = 0
      up.far.request.on('data', (part: Buffer) => (arrived += part.length))
      const taken = once(up.far.request, 'end')
      for (let sent = 0; sent < much; sent += PIECE.length) if (!up.client.send(PIECE)) await up.client.sent()
      up.client.end()
      await taken
      up.far.response.end('taken')
      for await (const _ of (await up.client.answer).body);
      assert.equal(arrived, much)
      const grown = peakBytes() - before
      t.diagnostic(`memory at its peak grew by ${(grown / 1024 ** 2).toFixed(0)} MB`)
      assert.ok(grown < GROWTH_BYTES_MAX, `memory at its peak grew by ${grown} octets`)
    })
  }

  test('a client that ends its side is answered, but not with what has no end', async () => {
    for (const [type, isAnswered] of [
      ['text/plain', true],
      ['text/event-stream', false],
      ['text/event-streams', true],
    ] as const) {
      const socket = connect({ port: clear, host: '127.0.0.1', allowHalfOpen: true })
      socket.on('error', () => {})
      let text = ''
      socket.on('data', (part) => (text += part.toString('latin1')))
      socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      const far = await upstream.next()
      far.response.writeHead(200, { 'Content-Type': type })
      far.response.write('first ')
      if (isAnswered) {
        far.response.end('last')
        await once(socket, 'end')
        assert.match(text, /first [\s\S]*last/)
      } else await far.gone
      socket.destroy()
    }
    // Its end may also come later.
    const socket = connect({ port: clear, host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const far = await upstream.next()
    far.response.writeHead(200, { 'Content-Type': 'text/event-stream' })
    far.response.write('data: one\n\n')
    await once(socket, 'data')
    socket.end()
    await far.gone
    socket.destroy()
  })
})

test('Server-Sent Events may be silent for longer than other answers', async () => {
  const upstream = await startStreamingUpstream()
  const timeouts = { idle: '10s', events: '10m' }
  const gateway = await configuredGateway({ apis: { all: { path: '/', upstream: { url: `http://127.0.0.1:${upstream.port}`, timeouts }, public: true } } })
  try {
    const begun = async (type: string): Promise<{ ended: Promise<unknown>; far: Asked; heard: () => string }> => {
      const socket = connect({ port: gateway.port, host: '127.0.0.1' })
      let text = ''
      socket.on('data', (part) => (text += part.toString('latin1')))
      socket.on('error', () => {})
      const ended = new Promise((resolve) => socket.once('close', resolve))
      socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
      const far = await upstream.next()
      far.response.writeHead(200, { 'Content-Type': type })
      far.response.write('data: one\n\n')
      while (!text.includes('data: one')) await once(socket, 'data')
      return { ended, far, heard: () => text }
    }
    const events = await begun('Text/Event-Stream')
    const other = await begun('application/x-ndjson')
    gateway.clock.advanceMs(11_000)
    await other.ended
    events.far.response.write('data: two\n\n')
    while (!events.heard().includes('data: two')) await new Promise((resolve) => setImmediate(resolve))
    gateway.clock.advanceMs(601_000)
    await events.ended
    while ((await gateway.log()).length < 2) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(
      (await gateway.log()).map(({ code }) => code),
      ['upstream.timeout', 'upstream.timeout'],
    )
  } finally {
    await gateway.stop()
    upstream.stop()
  }
})
