// A tunnel whose messages are counted somewhere slow: nothing overtakes, nothing is lost, and nothing passes uncounted.
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { CLOSE, closing, codeOf, frame, MASK, readFrames } from '../../../test/support/websocket-frames.ts'
import type { WebsocketSettings } from '../../model/snapshot.ts'
import { Exchange } from '../../pipeline/exchange.ts'
import type { Counters, Taken } from '../../ports/counters.ts'
import { Tunnel, type TunnelSide } from './tunnel.ts'
import { LiveWebsocket } from './websocket.ts'

const SETTINGS: WebsocketSettings = {
  origins: 'any',
  client: { frameBytes: 1000, messageBytes: 1000 },
  upstream: { frameBytes: 1000, messageBytes: 1000 },
  idleMs: 5000,
  compression: false,
  messages: { by: 'connection', rule: { algorithm: 'gcra', limit: 1, windowMs: 1000 } },
}

/** A side that keeps what it is given, and says how much of it still waits as it is told. */
class Side implements TunnelSide {
  readonly got: Buffer[] = []
  waiting = 0
  paused = false
  put(bytes: Buffer, start: number, end: number): void {
    this.got.push(Buffer.from(bytes.subarray(start, end)))
  }
  flush(): number {
    return this.waiting
  }
  pause(): void {
    this.paused = true
  }
  resume(): void {
    this.paused = false
  }
  get all(): Buffer {
    return Buffer.concat(this.got)
  }
}
const taken = (admitted: boolean, full = false): Taken => ({ admitted, full, remaining: 0, resetMs: 0, retryAfterMs: 0 })
const text = (words: string): Buffer => frame(words, { mask: MASK })

describe('a tunnel', () => {
  let client: Side
  let upstream: Side
  let ended: string[]
  let clock: { coarseMs: number; nowUs(): number }
  let timed: { deadlineMs: number }
  let asked: PromiseWithResolvers<Taken>[]
  beforeEach(() => {
    client = new Side()
    upstream = new Side()
    ended = []
    clock = { coarseMs: 0, nowUs: () => 0 }
    timed = { deadlineMs: 0 }
    asked = []
  })
  function open(counters: Counters, settings = SETTINGS): Tunnel {
    const means = { client, upstream, clock, timed, over: (code: string) => void ended.push(code), broke: (cause: unknown) => assert.fail(String(cause)) }
    return new Tunnel(means, new LiveWebsocket(settings, 'live', counters), false, new Exchange())
  }
  /** Counters that answer when they are told to. */
  const slow: Counters = {
    limiter: () => ({
      take() {
        const answer = Promise.withResolvers<Taken>()
        asked.push(answer)
        return answer.promise
      },
      peek: () => assert.fail(),
    }),
  }
  const without: WebsocketSettings = { ...SETTINGS }
  delete (without as { messages?: unknown }).messages
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  const codes = (): (number | undefined)[] =>
    [client, upstream].map((side) => {
      const last = readFrames(side.all).frames.at(-1)
      return last?.opcode === CLOSE ? codeOf(last) : undefined
    })

  test('waits with everything of the client while one message is counted, and passes all of it on in order', async () => {
    const tunnel = open(slow)
    const all = Buffer.concat([text('one'), text('two'), text('three')])
    tunnel.fromClient(all, 0, 20)
    assert.deepEqual([upstream.all.length, client.paused, asked.length], [0, true, 1])
    // What was read already still comes; the upstream is not held up by it.
    tunnel.fromClient(all, 20, all.length)
    const news = frame('news')
    tunnel.fromUpstream(news, 0, news.length)
    assert.deepEqual([upstream.all.length, client.all], [0, news])
    for (let i = 0; i < 3; i++) {
      assert.equal(asked.length, i + 1)
      asked[i]!.resolve(taken(true))
      await turn()
    }
    assert.deepEqual([upstream.all, client.paused, ended], [all, false, []])
  })

  test('is closed when the count refuses late, with nothing of that message passed on', async () => {
    const tunnel = open(slow)
    const all = Buffer.concat([text('one'), text('two')])
    tunnel.fromClient(all, 0, all.length)
    asked[0]!.resolve(taken(true))
    await turn()
    asked[1]!.resolve(taken(false))
    await turn()
    assert.deepEqual([codes(), ended], [[1008, 1008], ['websocket.exceeded']])
    assert.equal(readFrames(upstream.all).frames.length, 2)
    tunnel.fromClient(all, 0, all.length)
    assert.equal(readFrames(upstream.all).frames.length, 2)
  })

  test('is closed with 1013 when nothing can be counted: a full table, a store that is lost, one that throws', async () => {
    for (const limiter of [
      { take: () => taken(true, true), peek: () => assert.fail() },
      { take: () => Promise.reject(new Error('lost')), peek: () => assert.fail() },
      {
        take: () => {
          throw new Error('lost')
        },
        peek: () => assert.fail(),
      },
    ]) {
      client = new Side()
      upstream = new Side()
      ended = []
      const tunnel = open({ limiter: () => limiter })
      tunnel.fromClient(text('one'), 0, text('one').length)
      await turn()
      assert.deepEqual([codes(), ended], [[1013, 1013], ['websocket.unavailable']])
    }
  })

  test('a count that comes after a side is gone writes nothing, and moves no deadline', async () => {
    for (const answer of [taken(true), taken(false)]) {
      const tunnel = open(slow)
      tunnel.fromClient(text('one'), 0, text('one').length)
      tunnel.abandon()
      clock.coarseMs = timed.deadlineMs = 1
      asked.pop()!.resolve(answer)
      await turn()
      assert.deepEqual([client.all.length, upstream.all.length, ended, timed.deadlineMs], [0, 0, [], 1])
    }
  })

  test('a count that comes after the end changes nothing', async () => {
    const tunnel = open(slow)
    tunnel.fromClient(text('one'), 0, text('one').length)
    tunnel.close(1001, 'going away', '')
    const [toClient, toUpstream] = [client.all, upstream.all]
    asked[0]!.resolve(taken(true))
    await turn()
    assert.deepEqual([client.all, upstream.all, ended], [toClient, toUpstream, ['']])
  })

  test('a side that is slow and a count that is waited for both hold the client, each until it is over', async () => {
    const tunnel = open(slow)
    upstream.waiting = 300 * 1024
    tunnel.fromClient(text('one'), 0, text('one').length)
    asked[0]!.resolve(taken(true))
    await turn()
    assert.equal(client.paused, true)
    tunnel.fromClient(text('two'), 0, text('two').length)
    upstream.waiting = 0
    tunnel.upstreamDrained()
    assert.equal(client.paused, true)
    asked[1]!.resolve(taken(true))
    await turn()
    assert.equal(client.paused, false)
  })

  test('once one side has closed, the other has ten seconds, whatever passes meanwhile', () => {
    const tunnel = open(slow, without)
    const bye = frame(closing(1000), { opcode: CLOSE, mask: MASK })
    assert.equal(timed.deadlineMs, 5000)
    clock.coarseMs = 1000
    tunnel.fromClient(bye, 0, bye.length)
    assert.equal(timed.deadlineMs, 11_000)
    clock.coarseMs = 9000
    const news = frame('news')
    tunnel.fromUpstream(news, 0, news.length)
    assert.equal(timed.deadlineMs, 11_000)
    // Behind its Close a client says nothing more that would be passed on.
    tunnel.fromClient(text('more'), 0, text('more').length)
    assert.deepEqual([upstream.all, client.all], [bye, news])
    tunnel.expire()
    assert.deepEqual([upstream.all, client.all, ended], [bye, news, ['']])
  })

  test('once both sides have closed, it is over at once', () => {
    const tunnel = open(slow, without)
    const [up, down] = [frame(closing(1000), { opcode: CLOSE, mask: MASK }), frame(closing(1000), { opcode: CLOSE })]
    tunnel.fromUpstream(down, 0, down.length)
    tunnel.fromClient(up, 0, up.length)
    assert.deepEqual([upstream.all, client.all, ended], [up, down, ['']])
  })

  test('what is kept of a frame that is not whole is less than a header and a control frame', () => {
    const tunnel = open(slow, without)
    const octets = frame(Buffer.alloc(125), { opcode: 9, mask: MASK })
    for (let i = 0; i < octets.length - 1; i++) tunnel.fromClient(octets, i, i + 1)
    assert.equal(upstream.all.length, 0)
    tunnel.fromClient(octets, octets.length - 1, octets.length)
    assert.deepEqual(upstream.all, octets)
  })
})
