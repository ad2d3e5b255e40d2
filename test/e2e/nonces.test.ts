// No response is ever another's: each carries its request's nonce, on a hundred thousand honest requests and while the upstream fails in every way.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type EchoUpstream, FAILURES, type Failure, startEchoUpstream } from '../support/echo-upstream.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type Answer, fieldOf, LoadConnection, metric, openConnections } from '../support/load-client.ts'

const REQUESTS = 100_000
const CONNECTIONS = 100
const DEPTH = 16

describe('each response is its own request\u2019s', () => {
  let upstream: EchoUpstream
  let gateway: RunningGateway
  let nonces = 0
  const nextNonce = (): string => `nonce-${nonces++}-x`

  before(async () => {
    upstream = await startEchoUpstream()
    const timeouts = { connect: '1s', head: '1s', idle: '1s' }
    gateway = await startGateway(
      {
        apis: {
          echo: { path: '/', upstream: { url: `http://127.0.0.1:${upstream.port}`, timeouts }, public: true },
          // So few connections that requests wait for one another's.
          narrow: {
            path: '/narrow',
            stripPath: true,
            upstream: { url: `http://127.0.0.1:${upstream.port}`, timeouts, connections: 3, queue: 10_000 },
            public: true,
          },
        },
      },
      { threads: 2 },
    )
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.kill()
  })

  /** A request of one of eight shapes, chosen by its number: answers the text, the body that will come back, and whether it is HEAD. */
  function honest(nonce: string, number: number): { readonly text: string; readonly body: string; readonly isHead: boolean } {
    const slow = number % 101 === 0 ? `/${number % 23}` : ''
    const path = `/${number % 3 === 0 ? 'chunked' : 'plain'}${slow}`
    const head = `Host: a\r\nX-Nonce: ${nonce}\r\n`
    const payload = `${nonce} `.repeat(1 + (number % 7) + (number % 997 === 0 ? 2000 : 0))
    const at = number % 5
    switch (number % 8) {
      case 0:
      case 1:
        return { text: `POST ${path} HTTP/1.1\r\n${head}Content-Length: ${payload.length}\r\n\r\n${payload}`, body: `${nonce} ${payload}`, isHead: false }
      case 2:
      case 3: {
        const pieces = [payload.slice(0, at), payload.slice(at)].filter((piece) => piece !== '').map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
        return {
          text: `PUT ${path} HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n${pieces.join('')}0\r\n\r\n`,
          body: `${nonce} ${payload}`,
          isHead: false,
        }
      }
      case 4:
        return { text: `HEAD ${path} HTTP/1.1\r\n${head}\r\n`, body: '', isHead: true }
      default:
        return { text: `GET ${path} HTTP/1.1\r\n${head}\r\n`, body: `${nonce} `, isHead: false }
    }
  }
  function judge(answer: Answer | undefined, nonce: string, body: string): void {
    assert.equal(answer?.status, 200)
    assert.equal(fieldOf(answer, 'x-nonce'), nonce)
    assert.equal(answer.body, body)
  }

  /** Sends so many requests below a path prefix, `DEPTH` at a time on each of the connections. */
  async function sendAll(count: number, prefix: string): Promise<void> {
    const connections = await openConnections(gateway.port, CONNECTIONS)
    const before = upstream.requests
    let sent = 0
    const lane = async (connection: LoadConnection): Promise<void> => {
      while (sent < count) {
        const nonce = nextNonce()
        const { text, body, isHead } = honest(nonce, sent++)
        judge(await connection.ask(text.replace(' /', ` ${prefix}/`), { isHead }), nonce, body)
      }
    }
    await Promise.all(connections.flatMap((connection) => Array.from({ length: DEPTH }, () => lane(connection))))
    for (const connection of connections) {
      assert.equal(connection.fault, undefined)
      await connection.close()
    }
    assert.equal(upstream.requests - before, count)
    assert.deepEqual(upstream.faults, [])
  }

  test('over 100,000 requests, pipelined and concurrent, bodies by length and in chunks, answers slow and fast', () => sendAll(REQUESTS, ''))
  test('over 20,000 requests that wait for one of few upstream connections', () => sendAll(20_000, '/narrow'))

  /** Sends one failing request in the midst of honest ones, all on one connection; what follows a broken response is never answered. */
  async function amid(failure: string, failing: (nonce: string, answer: Answer | undefined) => void): Promise<void> {
    const connection = new LoadConnection(gateway.port)
    let broken = false
    const asked = Array.from({ length: 9 }, async (_, i) => {
      const nonce = nextNonce()
      if (i === 4) {
        const answer = await connection.ask(`GET /${failure} HTTP/1.1\r\nHost: a\r\nX-Nonce: ${nonce}\r\n\r\n`)
        broken = answer === undefined
        failing(nonce, answer)
        return
      }
      const { text, body, isHead } = honest(nonce, i + 1)
      const answer = await connection.ask(text, { isHead })
      if (answer !== undefined || !broken || i < 4) judge(answer, nonce, body)
    })
    await Promise.all(asked)
    assert.equal(connection.fault, undefined)
    await connection.close()
  }
  const codeOf = (answer: Answer | undefined): string => (answer === undefined ? 'broken' : `${answer.status} ${/"code":"([^"]*)"/.exec(answer.body)?.[1]}`)

  const expected: Record<Failure, readonly string[]> = {
    hang: ['504 upstream.timeout'],
    reset: ['502 upstream.unreachable'],
    'silent-close': ['502 upstream.unreachable'],
    garbage: ['502 upstream.invalid'],
    // What is found out before the head has left is a 502; after it, the client sees the response break off.
    'bad-chunk': ['502 upstream.invalid', 'broken'],
    'reset-in-body': ['502 upstream.invalid', 'broken'],
    'half-close': ['broken'],
    'half-close-chunked': ['broken'],
    'stall-in-body': ['broken'],
    surplus: ['200 undefined'],
  }
  for (const failure of FAILURES) {
    test(`an upstream that fails by ${failure} breaks that response and no other`, async () => {
      const seen = new Set<string>()
      await Promise.all(
        Array.from({ length: 32 }, () =>
          amid(failure, (nonce, answer) => {
            seen.add(codeOf(answer))
            if (answer?.status === 200) judge(answer, nonce, nonce)
          }),
        ),
      )
      for (const one of seen) assert.ok(expected[failure].includes(one), `${failure}: ${one}`)
      assert.ok(seen.size > 0)
    })
  }

  test('all failures at once, beside honest requests on other connections', async () => {
    const honestOnes = await openConnections(gateway.port, 16)
    let failing = true
    let answered = 0
    const lanes = honestOnes.map(async (connection) => {
      while (failing) {
        const nonce = nextNonce()
        const { text, body, isHead } = honest(nonce, answered++)
        judge(await connection.ask(text, { isHead }), nonce, body)
      }
    })
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const failure = FAILURES[i % FAILURES.length]!
        return amid(failure, (_nonce, answer) => assert.ok(expected[failure].includes(codeOf(answer)), `${failure}: ${codeOf(answer)}`))
      }),
    )
    failing = false
    await Promise.all(lanes)
    assert.ok(answered > 100)
    for (const connection of honestOnes) await connection.close()
  })

  test('an upstream that is killed is answered for with 502, and served again once it is back', async () => {
    const connections = await openConnections(gateway.port, 16)
    const seen = new Set<string>()
    let state = 'up'
    const lane = async (connection: LoadConnection): Promise<void> => {
      for (let i = 1; state !== 'over'; i++) {
        const nonce = nextNonce()
        const { text, body, isHead } = honest(nonce, i)
        const answer = await connection.ask(text, { isHead })
        if (answer === undefined) {
          seen.add('broken')
          return
        }
        seen.add(`${answer.status}`)
        if (answer.status === 200) judge(answer, nonce, body)
        else assert.ok(isHead || /^502 upstream\.(?:unreachable|invalid)$/.test(codeOf(answer)), codeOf(answer))
        if (answer.status === 502 && state === 'down') state = 'seen'
      }
    }
    const lanes = connections.flatMap((connection) => Array.from({ length: 4 }, () => lane(connection)))
    const probe = new LoadConnection(gateway.port)
    await probe.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await upstream.kill()
    state = 'down'
    assert.equal(codeOf(await probe.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n')), '502 upstream.unreachable')
    await upstream.revive()
    assert.equal((await probe.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))?.status, 200)
    state = 'over'
    await Promise.all(lanes)
    assert.ok(seen.has('200') && seen.has('502'), [...seen].join(' '))
    for (const connection of [...connections, probe]) {
      assert.equal(connection.fault, undefined)
      await connection.close()
    }
  })

  test('after all this nothing is left open, nobody died, and the upstream saw only whole requests', async () => {
    let page = await gateway.metrics()
    // The last connections are closed by both sides, but perhaps not yet seen to be by both.
    for (let i = 0; i < 50 && upstream.connections !== metric(page, 'gatehouse_upstream_connections', 'state="open"'); i++) page = await gateway.metrics()
    assert.equal(metric(page, 'gatehouse_connections'), 0)
    assert.equal(metric(page, 'gatehouse_upstream_connections', 'state="queued"'), 0)
    const open = metric(page, 'gatehouse_upstream_connections', 'state="open"')
    assert.equal(metric(page, 'gatehouse_upstream_connections', 'state="idle"'), open)
    assert.equal(upstream.connections, open)
    assert.equal(metric(page, 'gatehouse_thread_restarts_total'), 0)
    assert.equal(metric(page, 'gatehouse_refusals_total', 'code="gateway.broken"'), 0)
    assert.deepEqual(upstream.faults, [])
    assert.doesNotMatch(gateway.log(), /Error|gateway thread/)
    const connection = new LoadConnection(gateway.port)
    assert.equal((await connection.ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))?.status, 200)
    await connection.close()
  })
})
