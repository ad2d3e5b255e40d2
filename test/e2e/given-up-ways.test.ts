// Exchanges that end in the middle of their way, while others wait for their connection: nobody is sent what is somebody else's, and nobody is answered twice.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { crashMemory } from '../../src/gateway/crash-suspects.ts'
import type { BodySink } from '../../src/pipeline/body-filter.ts'
import type { Hooks, Refusal } from '../../src/pipeline/contract.ts'
import { filter } from '../support/body-filters.ts'
import { configuredGateway } from '../support/configured-gateway.ts'
import { inProcessGateway } from '../support/in-process-gateway.ts'

const REFUSAL: Refusal = { kind: 'refusal', code: 'own.no', status: 422, says: 'No.', absent: false, fields: [] }
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** What one end of a connection was told, and may wait for. */
class End {
  text = ''
  isClosed = false
  readonly socket: Socket
  private heard = (): void => {}

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('error', () => {})
    socket.on('data', (part: string) => {
      this.text += part
      this.heard()
    })
    socket.on('close', () => {
      this.isClosed = true
      this.heard()
    })
  }
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo() && !this.isClosed) await new Promise<void>((resolve) => (this.heard = resolve))
  }
  has(what: string): Promise<void> {
    return this.until(() => this.text.includes(what))
  }
  closed(): Promise<void> {
    return this.until(() => false)
  }
}

interface Place {
  readonly broken: unknown[]
  client(octets: string): End
  /** The next connection that the upstream is asked over. */
  next(): Promise<End>
}
async function between(hooks: Hooks, act: (place: Place) => Promise<void>): Promise<void> {
  const ends: End[] = []
  const waiting: ((end: End) => void)[] = []
  const fresh: End[] = []
  const server = createServer((socket) => {
    const end = new End(socket)
    ends.push(end)
    const taker = waiting.shift()
    if (taker === undefined) fresh.push(end)
    else taker(end)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const broken: unknown[] = []
  const gateway = await inProcessGateway(hooks, (server.address() as AddressInfo).port, crashMemory(1), (cause) => broken.push(cause))
  try {
    await act({
      broken,
      client(octets) {
        const end = new End(connect(gateway.port, '127.0.0.1', () => end.socket.write(octets, 'latin1')))
        ends.push(end)
        return end
      },
      next: () => {
        const end = fresh.shift()
        return end === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(end)
      },
    })
  } finally {
    for (const { socket } of ends) socket.destroy()
    await gateway.stop()
    server.close()
  }
}
const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
const post = (path: string, body: string): string => `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`

test('a filter that cannot be made breaks its own request, and whoever gave it the connection is sent nothing of it', async () => {
  const hooks: Hooks = {
    request(x) {
      if (x.path === '/secret')
        x.transformBody(() => {
          throw new Error('not made')
        })
      return undefined
    },
  }
  await between(hooks, async ({ client, next, broken }) => {
    const one = client(get('/one'))
    const first = await next()
    await first.has('/one')
    client(get('/two'))
    await (await next()).has('/two')
    const third = client(post('/secret', 'password'))
    // The request waits once the gateway has answered another one that came later.
    const refused = client(get('/\\'))
    await refused.has('\r\n\r\n')
    first.socket.write(OK)
    await third.has('"}')
    assert.match(third.text, /^HTTP\/1\.1 500 /)
    await one.has('ok')
    one.socket.write(get('/again'))
    const again = await next()
    await again.has('/again')
    again.socket.write(OK)
    await one.until(() => one.text.split('HTTP/1.1').length > 2)
    assert.doesNotMatch(one.text, /secret|POST/)
    assert.equal(String(broken[0]), 'Error: not made')
  })
})

test('what was said before an answer that is replaced goes to its own client, not to the upstream of who waits', async () => {
  const hooks: Hooks = {
    response: (_x, answer) => (answer.status === 204 ? { kind: 'reply', status: 200, fields: [['Content-Type', 'text/plain']], body: 'mine' } : undefined),
  }
  await between(hooks, async ({ client, next }) => {
    const one = client(get('/one'))
    const first = await next()
    await first.has('/one')
    client(get('/two'))
    await (await next()).has('/two')
    client(get('/three'))
    const refused = client(get('/\\'))
    await refused.has('\r\n\r\n')
    first.text = ''
    first.socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')
    await first.has('/three')
    assert.match(first.text, /^GET \/three /)
    await one.has('mine')
    assert.match(one.text, /^HTTP\/1\.1 103 [\s\S]*HTTP\/1\.1 200 /)
  })
})

test('a filter that gives up after the head has left answers nothing a second time', async () => {
  const hooks: Hooks = {
    response(_x, answer) {
      answer.transform((sink) => filter(sink, { put: () => {}, end: () => void setImmediate(() => setImmediate(() => sink.fail(REFUSAL))) }))
      return undefined
    },
  }
  await between(hooks, async ({ client, next }) => {
    const one = client(get('/one'))
    const first = await next()
    await first.has('/one')
    first.socket.write(OK)
    await one.closed()
    assert.equal(one.text.split('HTTP/1.1').length, 2, one.text)
  })
})

test('what a request filter makes after the answer came whole is sent to nobody', async () => {
  let toUpstream: BodySink | undefined
  let toClient: BodySink | undefined
  const hooks: Hooks = {
    request(x) {
      if (x.path === '/one')
        x.transformBody((sink) => {
          toUpstream = sink
          return filter(sink, { put: () => {}, end: () => {} })
        })
      return undefined
    },
    response(x, answer) {
      if (x.path === '/one')
        answer.transform((sink) => {
          toClient = sink
          return filter(sink, { put: () => {}, end: () => {} })
        })
      return undefined
    },
  }
  await between(hooks, async ({ client, next }) => {
    const one = client(post('/one', 'password'))
    const first = await next()
    await first.has('/one')
    first.socket.write(OK)
    await one.has('200')
    // The octets are there, and so is the whole answer: its connection is gone.
    await first.closed()
    toUpstream!.put(Buffer.from('password'), 0, 8)
    const two = client(get('/two'))
    const second = await next()
    await second.has('\r\n\r\n')
    assert.match(second.text, /^GET \/two /)
    second.socket.write(OK)
    await two.has('ok')
    assert.match(two.text, /^HTTP\/1\.1 200 /)
    toClient!.end()
    await one.has('0\r\n\r\n')
  })
})

test('an early hint is no beginning of the answer: the time for its head runs on', async () => {
  await between({}, async ({ client, next }) => {
    const one = client(get('/one'))
    const first = await next()
    await first.has('/one')
    first.socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
    await one.has('103')
    // Some sweeps later.
    await new Promise((resolve) => setTimeout(resolve, 700))
    first.socket.write(OK)
    await one.until(() => /ok$|problem/.test(one.text))
    assert.match(one.text, /HTTP\/1\.1 200 OK/)
  })
})

/** Keeps all that it is sent over each connection, and answers nothing by itself. */
async function listening(): Promise<{ readonly ends: End[]; readonly port: number; first(): Promise<End>; stop(): void }> {
  const ends: End[] = []
  const server = createServer((socket) => void ends.push(new End(socket)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    ends,
    port: (server.address() as AddressInfo).port,
    async first() {
      if (ends.length === 0) await once(server, 'connection')
      return ends[0]!
    },
    stop() {
      for (const { socket } of ends) socket.destroy()
      server.close()
    },
  }
}
const chunked = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

test('a body that is refused once its connection is free ends no other body: the pipelined one goes on as it came', async () => {
  const own = await listening()
  const other = await listening()
  const gateway = await configuredGateway({
    apis: {
      own: {
        path: '/own',
        upstream: { url: `http://127.0.0.1:${own.port}`, connections: 1 },
        public: true,
        policies: { 'body-transform': { request: { drop: ['$.role'] } } },
      },
      other: { path: '/other', upstream: `http://127.0.0.1:${other.port}`, public: true },
    },
  })
  const holder = new End(connect(gateway.port, '127.0.0.1'))
  holder.socket.write(get('/own/hold'))
  const held = await own.first()
  await held.has('/hold')
  const attacker = new End(connect(gateway.port, '127.0.0.1'))
  attacker.socket.write(chunked('/own/x', '{x}!!') + chunked('/other/y', '{}'))
  // What was sent before is read before.
  assert.equal((await gateway.ask('/nowhere')).status, 404)
  held.socket.write(OK)
  await holder.has('ok')
  const asked = await other.first()
  await asked.has('\r\n\r\n2\r\n{}\r\n0\r\n\r\n')
  asked.socket.write(OK)
  await attacker.has('ok')
  attacker.socket.write(get('/other/z'))
  await asked.has('/z')
  assert.match(asked.text, /\r\n\r\n2\r\n\{\}\r\n0\r\n\r\nGET \/z /)
  for (const { socket } of [holder, attacker]) socket.destroy()
  own.stop()
  other.stop()
  await gateway.stop()
})

test('a copy whose request is given up before it had a connection is given up with it', async () => {
  const own = await listening()
  const gateway = await configuredGateway({
    apis: {
      own: {
        path: '/own',
        upstream: { url: `http://127.0.0.1:${own.port}`, connections: 1 },
        public: true,
        mirror: { to: 'http://127.0.0.1:9', methods: ['POST'] },
      },
    },
  })
  const holder = new End(connect(gateway.port, '127.0.0.1'))
  holder.socket.write(get('/own/hold'))
  await (await own.first()).has('/hold')
  const leaver = new End(connect(gateway.port, '127.0.0.1'))
  leaver.socket.write('POST /own/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello')
  assert.equal((await gateway.ask('/nowhere')).status, 404)
  leaver.socket.destroy()
  await leaver.closed()
  while (gateway.copies()[0]!.counts[4] === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([...gateway.copies()[0]!.counts], [0, 0, 0, 0, 1])
  holder.socket.destroy()
  own.stop()
  await gateway.stop()
})
