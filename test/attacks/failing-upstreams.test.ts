// What clients might make of retries, health and circuits: have a request happen twice, have a healthy target put aside, or turn one request into many.
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'

type Behaviour = (request: IncomingMessage, response: ServerResponse, body: string) => void
interface Upstream {
  readonly url: string
  /** `METHOD path body` of each request that came whole. */
  readonly got: string[]
  behaves: Behaviour
  close(): void
}
interface Answered {
  readonly status: number
  readonly code: string | undefined
  readonly body: string
  readonly fields: IncomingMessage['headers']
}

const good: Behaviour = (_request, response) => void response.end('good')
const resets: Behaviour = ({ socket }) => void socket.resetAndDestroy()
const answers =
  (status: number, fields: Record<string, string> = {}): Behaviour =>
  (_request, response) =>
    void response.writeHead(status, fields).end()
const silent: Behaviour = () => {}

let gateway: RunningGateway | undefined
const open: Upstream[] = []
afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
  for (const upstream of open.splice(0)) upstream.close()
})

async function upstream(behaves: Behaviour): Promise<Upstream> {
  const server: Server = createServer((incoming, response) => {
    let body = ''
    incoming.on('data', (part) => (body += part))
    incoming.on('error', () => {})
    incoming.on('end', () => {
      one.got.push(`${incoming.method} ${incoming.url} ${body}`.trim())
      one.behaves(incoming, response, body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const one: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got: [],
    behaves,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
  open.push(one)
  return one
}
/** A gateway before these, with further settings of the upstream. */
async function before(upstreams: readonly Upstream[], settings: object = {}, api: object = {}): Promise<RunningGateway> {
  const where = upstreams.length === 1 ? { url: upstreams[0]!.url } : { targets: upstreams.map(({ url }) => url) }
  gateway = await startGateway({ apis: { one: { path: '/', public: true, upstream: { ...where, ...settings }, ...api } } })
  return gateway
}
function ask(
  path: string,
  { method = 'GET', body = '', fields = {} }: { method?: string; body?: string; fields?: Record<string, string> } = {},
): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const sent = request({ port: gateway!.port, host: '127.0.0.1', path, method, headers: fields, agent: false }, (response) => {
      let text = ''
      response.on('data', (part) => (text += part))
      response.on('error', () => resolve(undefined))
      response.on('end', () => {
        const isProblem = response.headers['content-type'] === 'application/problem+json'
        resolve({ status: response.statusCode!, code: isProblem ? JSON.parse(text).code : undefined, body: text, fields: response.headers })
      })
    })
    sent.on('error', () => resolve(undefined))
    sent.end(body)
  })
}
const total = (upstreams: readonly Upstream[]): number => upstreams.reduce((sum, { got }) => sum + got.length, 0)
const ejections = async (): Promise<number> => metric(await gateway!.metrics(), 'gatehouse_upstream_target_ejections_total')

describe('what may not happen twice', () => {
  test('a POST that may have arrived is not sent again, and one is where the operator says so', async () => {
    const all = [await upstream(resets), await upstream(resets)]
    await before(all)
    assert.equal((await ask('/a', { method: 'POST', body: 'x' }))!.code, 'upstream.unreachable')
    assert.equal(total(all), 1)
    await gateway!.stop()
    await before(all, { retries: { attempts: 1, methods: ['POST'] } })
    assert.equal((await ask('/b', { method: 'POST', body: 'x' }))!.code, 'upstream.unreachable')
    assert.deepEqual(
      [...all[0]!.got, ...all[1]!.got].filter((line) => line.includes('/b')),
      ['POST /b x', 'POST /b x'],
    )
  })
  test('one that had no connection goes elsewhere whatever it is, with all of its body', async () => {
    const [gone, there] = [await upstream(good), await upstream(good)]
    gone.close()
    await before([gone, there])
    for (let i = 0; i < 4; i++) assert.equal((await ask('/a', { method: 'POST', body: `body ${i}` }))!.status, 200)
    assert.deepEqual(
      there.got,
      [0, 1, 2, 3].map((i) => `POST /a body ${i}`),
    )
  })
  test('a PUT is sent again whole, also when it is in chunks; one that is too large to be kept is not', async () => {
    const [bad, fine] = [await upstream(resets), await upstream(good)]
    await before([bad, fine], { retries: { body: '1KiB' }, health: { passive: false } })
    for (let i = 0; i < 2; i++) assert.equal((await ask('/a', { method: 'PUT', body: 'small', fields: { 'Transfer-Encoding': 'chunked' } }))!.status, 200)
    assert.deepEqual(fine.got, ['PUT /a small', 'PUT /a small'])
    const large = 'x'.repeat(2000)
    const statuses = [await ask('/b', { method: 'PUT', body: large }), await ask('/b', { method: 'PUT', body: large })].map((answer) => answer!.status)
    assert.deepEqual(statuses.sort(), [200, 502])
  })
  test('nothing is sent again once some of an answer has left', async () => {
    const half: Behaviour = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
      setTimeout(() => socket.destroy(), 50)
    }
    const all = [await upstream(half), await upstream(half)]
    await before(all)
    assert.equal(await ask('/a'), undefined)
    assert.equal(total(all), 1)
  })
  test('the answer that is passed on is the last one, and nothing of the one before it', async () => {
    const [bad, fine] = [await upstream(answers(503, { 'X-Bad': '1' })), await upstream(good)]
    await before([bad, fine])
    for (let i = 0; i < 4; i++) {
      const answer = (await ask('/a'))!
      assert.equal(answer.body, 'good')
      assert.equal(answer.fields['x-bad'], undefined)
    }
    assert.ok(bad.got.length >= 1)
  })
})

describe('amplification', () => {
  test('a request that breaks every target reaches no more of them than its tries, and puts none aside that it was only tried at', async () => {
    const all = [await upstream(resets), await upstream(resets), await upstream(resets), await upstream(resets)]
    await before(all, { retries: { attempts: 2 } })
    await ask('/poison')
    assert.equal(total(all), 3)
  })
  test('when the budget is spent, each request reaches the upstream once', async () => {
    const all = [await upstream(answers(503)), await upstream(answers(503))]
    await before(all, { retries: { budget: '0%', budgetPerSecond: 0 }, health: { passive: false } })
    for (let i = 0; i < 20; i++) assert.equal((await ask('/a'))!.status, 503)
    assert.equal(total(all), 20)
    assert.equal(metric(await gateway!.metrics(), 'gatehouse_upstream_retries_refused_total'), 20)
  })
  test('a Retry-After that is too long ends the tries at the only target', async () => {
    const only = await upstream(answers(503, { 'Retry-After': '3600' }))
    await before([only], { retries: { attempts: 3 } })
    const answer = (await ask('/a'))!
    assert.equal(answer.fields['retry-after'], '3600')
    assert.equal(only.got.length, 1)
  })
  test('nothing is tried beyond the deadline', async () => {
    const all = [await upstream(silent), await upstream(silent)]
    await before(all, { timeouts: { total: '300ms', head: '10s' }, retries: { on: ['timeout'], attempts: 5 } })
    assert.equal((await ask('/a'))!.code, 'upstream.timeout')
    assert.equal(total(all), 1)
  })
})

describe('putting healthy targets aside', () => {
  test('clients that go away, and send what cannot be read, put nothing aside', async () => {
    const all = [await upstream(silent), await upstream(silent)]
    await before(all, { circuit: { minimum: 2 } })
    for (let i = 0; i < 40; i++) {
      await new Promise<void>((resolve) => {
        const socket = connect({ port: gateway!.port, host: '127.0.0.1' })
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        socket.on('data', () => socket.destroy())
        const before = total(all)
        // Half of them give up once the upstream has the request, half of them break off their own body.
        socket.write(i % 2 === 0 ? 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n' : 'PUT /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')
        if (i % 2 === 0) {
          const look = setInterval(() => {
            if (total(all) === before) return
            clearInterval(look)
            socket.destroy()
          }, 2)
        }
      })
    }
    for (const each of all) each.behaves = good
    assert.equal(await ejections(), 0)
    assert.equal(metric(await gateway!.metrics(), 'gatehouse_upstream_circuit'), 0)
    assert.equal((await ask('/a'))!.status, 200)
  })
  test('bodies that their clients hold back put nothing aside, though the upstream gives those requests up', async () => {
    const impatient = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (part) => (part.includes('PUT') ? socket.resetAndDestroy() : socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood')))
    })
    await new Promise<void>((resolve) => impatient.listen(0, '127.0.0.1', resolve))
    try {
      const url = `http://127.0.0.1:${(impatient.address() as AddressInfo).port}`
      const settings = { targets: [url, (await upstream(good)).url], balance: 'round-robin', circuit: { minimum: 2 }, retries: false }
      gateway = await startGateway({ apis: { one: { path: '/', public: true, upstream: settings } } })
      for (let i = 0; i < 20; i++) {
        await new Promise<void>((resolve) => {
          const socket = connect({ port: gateway!.port, host: '127.0.0.1' })
          socket.on('error', () => {})
          socket.on('close', () => resolve())
          socket.on('data', () => socket.destroy())
          socket.write('PUT /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx')
          setTimeout(() => socket.destroy(), 300)
        })
      }
      assert.equal(await ejections(), 0)
      assert.equal(metric(await gateway.metrics(), 'gatehouse_upstream_circuit'), 0)
    } finally {
      impatient.close()
    }
  })
  test('a request that fails everywhere leaves most targets where they are', async () => {
    const poison: Behaviour = (incoming, response) => (incoming.url === '/poison' ? answers(500) : good)(incoming, response, '')
    const all = [await upstream(poison), await upstream(poison), await upstream(poison), await upstream(poison)]
    await before(all)
    for (let i = 0; i < 400; i++) await ask(i % 2 === 0 ? '/poison' : '/fine')
    assert.ok((await ejections()) <= 2, `${await ejections()} of four were put aside`)
    for (let i = 0; i < 8; i++) assert.equal((await ask('/fine'))!.status, 200)
  })
  test('the only target that takes requests is used, whatever is known of it', async () => {
    const [only, idle] = [await upstream(resets), await upstream(good)]
    gateway = await startGateway({
      apis: { one: { path: '/', public: true, upstream: { targets: [only.url, { url: idle.url, weight: 0 }], retries: false } } },
    })
    for (let i = 0; i < 10; i++) assert.equal((await ask('/a'))!.code, 'upstream.unreachable')
    only.behaves = good
    assert.equal((await ask('/a'))!.status, 200)
    assert.equal(idle.got.length, 0)
  })
  test('no client can say how long the upstream has', async () => {
    const told: (string | undefined)[] = []
    const only = await upstream((incoming, response) => {
      told.push(incoming.headers['x-time-left'] as string | undefined)
      response.end()
    })
    await before([only], { timeouts: { total: '2s', deadlineField: 'X-Time-Left' } })
    await ask('/a', { fields: { 'X-Time-Left': '999999' } })
    assert.match(told[0]!, /^\d{1,4}$/)
    assert.ok(Number(told[0]) <= 2000)
  })
})

describe('circuits, bulkheads and fallbacks', () => {
  test('an open circuit answers 503 with Retry-After, asks nobody, and closes when its probes succeed', async () => {
    const only = await upstream(answers(500))
    await before([only], { circuit: { of: 'upstream', minimum: 4, open: '500ms', probes: 1 } })
    for (let i = 0; i < 4; i++) assert.equal((await ask('/a'))!.status, 500)
    const refused = (await ask('/a'))!
    assert.equal(refused.code, 'upstream.open')
    assert.equal(refused.fields['retry-after'], '1')
    assert.equal(only.got.length, 4)
    only.behaves = good
    let answer = refused
    while (answer.status === 503) answer = (await ask('/a'))!
    assert.equal(answer.status, 200)
    assert.equal(metric(await gateway!.metrics(), 'gatehouse_upstream_circuit'), 0)
  })
  test('no more requests are under way than may be, and a fallback answers the others', async () => {
    const held: ServerResponse[] = []
    const only = await upstream((_incoming, response) => void held.push(response))
    await before([only], {
      limits: { inFlight: 2 },
      fallback: { on: ['busy'], status: 200, headers: { 'Content-Type': 'text/plain', 'X-Fallback': 'yes' }, body: 'later' },
    })
    const under = [ask('/1'), ask('/2')]
    while (held.length < 2) await new Promise((resolve) => setImmediate(resolve))
    const third = (await ask('/3'))!
    assert.deepEqual([third.status, third.body, third.fields['x-fallback']], [200, 'later', 'yes'])
    for (const response of held) response.end()
    for (const answer of await Promise.all(under)) assert.equal(answer!.status, 200)
    assert.equal(metric(await gateway!.metrics(), 'gatehouse_refusals_total', 'code="upstream.busy"'), 1)
  })
  test('whoever waits for a connection for too long is told so', async () => {
    const held: ServerResponse[] = []
    const only = await upstream((_incoming, response) => void held.push(response))
    await before([only], { connections: 1, limits: { queue: '100ms' } })
    const first = ask('/1')
    while (held.length < 1) await new Promise((resolve) => setImmediate(resolve))
    assert.equal((await ask('/2'))!.code, 'upstream.busy')
    held[0]!.end()
    assert.equal((await first)!.status, 200)
  })
})

describe('active checks', () => {
  test('a target that says that it is ill gets no requests, on any thread, until it is well again', async () => {
    let isIll = true
    const sick: Behaviour = (incoming, response) => (incoming.url === '/healthz' && isIll ? answers(500) : good)(incoming, response, '')
    const [one, two] = [await upstream(sick), await upstream(good)]
    const health = { active: { http: { path: '/healthz' }, interval: '100ms', down: 2, up: 2 }, slowStart: '0ms' }
    gateway = await startGateway({ apis: { one: { path: '/', public: true, upstream: { targets: [one.url, two.url], health } } } }, { threads: 2 })
    while (!/is not well/.test(gateway.log())) await new Promise((resolve) => setTimeout(resolve, 20))
    const asked = (): number => one.got.filter((line) => line === 'GET /a').length
    // The threads see it with their next tick.
    while (metric(await gateway.metrics(), 'gatehouse_upstream_target_up', `target="${one.url}"`) > 0);
    const before = asked()
    for (let i = 0; i < 40; i++) assert.equal((await ask('/a'))!.status, 200)
    assert.equal(asked(), before)
    isIll = false
    while (asked() === before) await ask('/a')
    assert.match(gateway.log(), /is well again/)
  })
})
