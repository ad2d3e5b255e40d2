// Every hostile response is answered with 502, cut so that the client can tell, or freed of what is not its own; the next request gets its own answer.
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startGateway } from '../support/gateway.ts'
import { type HostileUpstream, startHostileUpstream } from '../support/hostile-upstream.ts'
import { judgeResponse } from './judge-response.ts'
import { hostileResponses } from './responses/all.ts'

describe('a hostile response', () => {
  let upstream: HostileUpstream
  let gateway: Awaited<ReturnType<typeof startGateway>>
  let ran = 0
  before(async () => {
    upstream = await startHostileUpstream(hostileResponses)
    gateway = await startGateway(
      { gatehouse: 1, apis: { everything: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true } } },
      { threads: 1 },
    )
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
  })

  for (const [index, each] of hostileResponses.entries()) {
    it(`${each.outcome === 'passes' ? 'is freed of what is not its own' : each.outcome === 'refused' ? 'becomes a 502' : 'is a 502 or cut'}: ${each.name} (${each.rule})`, async () => {
      ran += 1
      assert.deepEqual(await judgeResponse(gateway.port, upstream, each, index), [], JSON.stringify(each.writes).slice(0, 600))
    })
  }

  it('was tried in every case of the tables', () => {
    assert.equal(ran, 163)
    assert.equal(new Set(hostileResponses.map(({ name }) => name)).size, ran)
  })
})
