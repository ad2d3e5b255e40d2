// Every hostile response is answered with 502, cut so that the client can tell, or freed of what is not its own; the next request gets its own answer.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startGateway } from '../support/gateway.ts'
import { type HostileUpstream, startHostileUpstream } from '../support/hostile-upstream.ts'
import { tlsBehind } from './gate.ts'
import type { HostileResponse } from './hostile-response.ts'
import { judgeResponse } from './judge-response.ts'
import { hostileResponses } from './responses/all.ts'

/** RFC 9112 9.8: over TLS an end without the closure alert proves nothing, and Node tells nobody of that alert: what only the end delimits is refused. */
const overTls = (each: HostileResponse): HostileResponse =>
  each.rule === 'RFC 9112 6.3 rule 8' && each.outcome === 'passes' ? { ...each, outcome: 'refused', name: `${each.name}, where it proves nothing` } : each
const tables = { 'in clear': hostileResponses, 'over TLS': hostileResponses.map(overTls) }

for (const how of ['in clear', 'over TLS'] as const)
  describe(`a hostile response ${how}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-hostile-'))
    let upstream: HostileUpstream
    let gateway: Awaited<ReturnType<typeof startGateway>>
    let ran = 0
    before(async () => {
      const { secured, settings } = await tlsBehind(folder)
      upstream = await startHostileUpstream(hostileResponses, how === 'in clear' ? undefined : secured)
      const address = how === 'in clear' ? `http://127.0.0.1:${upstream.port}` : { url: `https://127.0.0.1:${upstream.port}`, tls: settings }
      gateway = await startGateway({ gatehouse: 1, apis: { everything: { path: '/', upstream: address, public: true } } }, { threads: 1, folder })
    })
    after(async () => {
      await gateway?.stop()
      await upstream?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    for (const [index, each] of tables[how].entries()) {
      it(`${each.outcome === 'passes' ? 'is freed of what is not its own' : each.outcome === 'refused' ? 'becomes a 502' : 'is a 502 or cut'}: ${each.name} (${each.rule})`, async () => {
        ran += 1
        assert.deepEqual(await judgeResponse(gateway.port, upstream, each, index), [], JSON.stringify(each.writes).slice(0, 600))
      })
    }

    it('was tried in every case of the tables', () => {
      assert.equal(ran, 163)
      assert.equal(new Set(tables[how].map(({ name }) => name)).size, ran)
      assert.equal(tables[how].filter(({ name }) => name.endsWith('where it proves nothing')).length, how === 'in clear' ? 0 : 4)
    })
  })
