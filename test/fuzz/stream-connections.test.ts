// Connections of HTTP/2 made of hostile frames, taken apart, mixed and bent: no thread breaks, no other connection notices, and nothing smuggled goes on.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { hostileStreams } from '../attacks/streams/all.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startRecordingUpstream } from '../support/recording-upstream.ts'
import { freePorts } from '../support/running-program.ts'
import { StreamClient } from '../support/stream-client.ts'
import { request } from '../support/stream-frames.ts'
import { randomFrom } from './random.ts'

const CONNECTIONS = 600
const AT_ONCE = 20

describe('connections of HTTP/2 that are made of anything', { timeout: 120_000 }, () => {
  let upstream: Awaited<ReturnType<typeof startRecordingUpstream>>
  let gateway: RunningGateway
  let port = 0
  before(async () => {
    upstream = await startRecordingUpstream()
    ;[port] = (await freePorts(1)) as [number]
    gateway = await startGateway(
      {
        gateway: { listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }] },
        apis: { everything: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true } },
      },
      { threads: 1 },
    )
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
  })

  it('break nothing', async () => {
    const { below, pick } = randomFrom(20_261_124)
    // Floods are for their own test: here many short ones are worth more.
    const frames = hostileStreams.flatMap((each) => (each.frames.length < 20 ? each.frames : []))
    const one = (): Buffer[] =>
      Array.from({ length: 1 + below(12) }, () => {
        const frame = Buffer.from(pick(frames))
        for (let bends = below(3); bends > 0 && frame.length > 0; bends--) {
          // Most often in the head of the frame, where one octet says most.
          const at = below(2) === 0 ? below(Math.min(9, frame.length)) : below(frame.length)
          frame[at] = below(3) === 0 ? below(256) : frame[at]! ^ (1 << below(8))
        }
        return below(10) === 0 ? frame.subarray(0, below(frame.length + 1)) : frame
      })
    let ran = 0
    for (let i = 0; i < CONNECTIONS; i += AT_ONCE) {
      const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => StreamClient.open(port)))
      for (const client of clients) {
        for (const frame of one()) client.send(frame)
        ran++
      }
      const honest = await StreamClient.open(port)
      honest.send(request(1, '/honest'))
      assert.deepEqual((await honest.answered(1)).statuses, [200])
      for (const client of [...clients, honest]) client.destroy()
    }
    assert.equal(ran, CONNECTIONS)
    const seen = upstream.take()
    assert.ok(seen.length >= CONNECTIONS / AT_ONCE)
    assert.deepEqual(
      seen.filter(({ target }) => target === '/smuggled'),
      [],
    )
    assert.deepEqual(upstream.faults, [])
    assert.doesNotMatch(gateway.log(), /gateway thread \d|Error|at file:/)
  })
})
