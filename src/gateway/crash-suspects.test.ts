// A request that a thread had in hand at two of its deaths is refused for ten minutes; no other is, and nothing is held between requests.
import assert from 'node:assert/strict'
import { type AddressInfo, connect, createServer } from 'node:net'
import { test } from 'node:test'
import { manualClock } from '../base/clock.ts'
import { object } from '../base/schema.ts'
import { RequestHead, readRequestHead } from '../http/request-head.ts'
import type { Snapshot } from '../model/snapshot.ts'
import { cutSnapshot } from '../model/snapshot-pieces.ts'
import { definePolicy } from '../pipeline/contract.ts'
import { ConnectionCaps, capsMemory } from './connection-caps.ts'
import { CrashSuspects, crashMemory } from './crash-suspects.ts'
import { Gateway } from './gateway.ts'

const LIMITS = { headBytes: 16_384, targetBytes: 8192, fields: 100 }
const headOf = (line: string): RequestHead => {
  const head = new RequestHead()
  const bytes = Buffer.from(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`)
  assert.ok(readRequestHead(head, bytes, 0, bytes.length, LIMITS) > 0)
  return head
}

test('two deaths with the same request in hand, on whatever thread, are needed and are enough', () => {
  const memory = crashMemory(2)
  const threads = [new CrashSuspects(memory, 0), new CrashSuspects(memory, 1)]
  const poison = threads[0]!.fingerprint(headOf('GET /poison?a=1'))
  assert.equal(threads[1]!.fingerprint(headOf('GET /poison?a=1')), poison)
  const others = ['GET /poison?a=2', 'GET /poison', 'PUT /poison?a=1', `GET /${'x'.repeat(600)}`].map((line) => threads[0]!.fingerprint(headOf(line)))
  assert.equal(new Set([poison, ...others]).size, 5)

  threads[0]!.hold(poison)
  assert.equal(threads[0]!.blame(1_000_000), 1)
  assert.equal(threads[1]!.refuses(poison, 1_000_000), false)
  // Nothing was in hand: nobody is blamed.
  assert.equal(threads[0]!.blame(1_000_000), 0)
  threads[1]!.hold(poison)
  assert.equal(threads[1]!.blame(2_000_000), 2)
  for (const thread of threads) {
    assert.deepEqual(
      [poison, ...others].map((each) => thread.refuses(each, 2_000_000)),
      [true, false, false, false, false],
    )
    assert.equal(thread.refuses(poison, 2_600_000), false)
  }
  // Tried again and deadly again: refused again.
  threads[0]!.hold(poison)
  assert.equal(threads[0]!.blame(2_700_000), 3)
  assert.equal(threads[1]!.refuses(poison, 2_700_000), true)
})

test('many deaths fill no memory: the oldest are forgotten', () => {
  const suspects = new CrashSuspects(crashMemory(1), 0)
  for (let i = 1; i <= 1000; i++) {
    for (let twice = 0; twice < 2; twice++) {
      suspects.hold(i)
      suspects.blame(i * 1000)
    }
  }
  assert.deepEqual(
    [936, 937, 1000].map((each) => suspects.refuses(each, 1_000_000)),
    [false, true, true],
  )
})

test('the gateway holds a request while its policies and its response are handled, and refuses it once it is suspected', async () => {
  const upstream = createServer((socket) => socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const memory = crashMemory(1)
  const cells = new Int32Array(memory)
  const suspects = new CrashSuspects(memory, 0)
  const held: number[] = []
  const spy = definePolicy<object>({
    name: 'spy',
    stage: 'admit',
    summary: 'Tells what is in hand.',
    when: 'In this test.',
    config: object({}),
    uses: [],
    denials: {},
    examples: [{ title: 'none', config: {}, send: {}, expect: { status: 200 } }],
    compile: () => ({
      request: () => {
        held.push(cells.at(-1)!)
        // As the main thread does when the thread dies here.
        suspects.blame(0)
        return undefined
      },
    }),
  })
  const clock = manualClock(0)
  const gateway = new Gateway({
    catalogue: new Map([['spy', spy]]),
    resources: { clock, counters: { limiter: () => assert.fail() }, credentials: { findKey: () => undefined } },
    clock,
    caps: new ConnectionCaps(capsMemory(1), 0, 1),
    suspects,
    accessLog: undefined,
    report: (cause) => assert.fail(String(cause)),
  })
  const snapshot: Snapshot = {
    gateway: {
      listen: [],
      threads: 1,
      trustedProxies: [],
      accessLog: 'off',
      limits: { ...LIMITS, bodyBytes: 1000, connections: 10, connectionsPerAddress: 10 },
      timeouts: { headMs: 1000, idleMs: 1000, stallMs: 1000, bodyBytesPerSecond: 1, drainMs: 100 },
      authenticationFailures: { limit: 1, windowMs: 1000 },
    },
    apis: [
      {
        name: 'one',
        hash: '1',
        hosts: [],
        path: '',
        stripPath: true,
        upstream: {
          host: '127.0.0.1',
          port: (upstream.address() as AddressInfo).port,
          basePath: '',
          preserveHost: false,
          connections: 1,
          queue: 1,
          timeouts: { connectMs: 1000, headMs: 1000, idleMs: 1000, keepAliveMs: 1000 },
        },
        authenticate: 'any',
        allowInTarget: [],
        websocket: false,
        policySets: [[{ policy: 'spy', config: {}, mode: 'enforce', scope: 'one/spy/0' }]],
        routes: [],
        anyPath: { methods: ['GET'], policySet: 0 },
      },
    ],
  }
  await gateway.publish(1, cutSnapshot(snapshot), () => {})
  const port = await gateway.listen('127.0.0.1', 0, false)
  const ask = (path: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`))
      socket.setEncoding('latin1').on('data', (part) => (text += part))
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
  for (let i = 0; i < 2; i++) {
    assert.match(await ask('/poison'), /^HTTP\/1\.1 200 /)
    assert.equal(held[i], suspects.fingerprint(headOf('GET /poison')))
    assert.equal(cells.at(-1), 0)
  }
  assert.match(await ask('/poison'), /^HTTP\/1\.1 503 [\s\S]*"request\.suspected"/)
  assert.match(await ask('/other'), /^HTTP\/1\.1 200 /)
  assert.equal(held.length, 3)
  await gateway.drain()
  await new Promise((resolve) => upstream.close(resolve))
})
