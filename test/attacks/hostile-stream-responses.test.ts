// Every hostile response on a stream becomes a 502, is seen broken, or is freed of what is not its own, for clients of both HTTPs; the next request gets its own answer.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { type StreamUpstream, startStreamUpstream } from '../support/stream-upstream.ts'
import { judgeForHttp1, judgeForStreams } from './judge-stream-response.ts'
import { hostileStreamResponses } from './stream-responses/all.ts'

describe('a hostile response on a stream', () => {
  let upstream: StreamUpstream
  let gateway: RunningGateway
  let port = 0
  let ran = 0
  before(async () => {
    upstream = await startStreamUpstream()
    ;[port] = (await freePorts(1)) as [number]
    gateway = await startGateway({
      gateway: { listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }] },
      apis: { everything: { path: '/', upstream: { url: `http://127.0.0.1:${upstream.port}`, protocol: 'http/2' }, public: true } },
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
  })

  for (const each of hostileStreamResponses)
    for (const [client, judge] of [
      ['HTTP/1.1', judgeForHttp1],
      ['HTTP/2', judgeForStreams],
    ] as const)
      it(`to a client of ${client}: ${each.name} (${each.rule})`, async () => {
        ran += 1
        assert.deepEqual(await judge(port, upstream, each), [])
      })

  it('was tried in every case of the table, and no thread of the gateway ended of it', () => {
    assert.equal(ran, 2 * 108)
    assert.equal(new Set(hostileStreamResponses.map(({ name }) => name)).size * 2, ran)
    assert.doesNotMatch(gateway.log(), /gateway thread \d/)
  })
})
