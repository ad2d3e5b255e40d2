// How one would get a large request past request-size, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Harness } from '../../pipeline/harness.ts'
import { requestSize } from './policy.ts'

describe('against request-size', () => {
  it('a chunked body declares nothing: the gateway is handed the limit and this refusal', async () => {
    const harness = new Harness([{ policy: requestSize, config: { body: '1KiB' } }])
    assert.equal((await harness.send({ method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } })).status, 200)
    assert.equal(harness.chain.bodyBytesMax?.bytes, 1024)
  })

  it('a method that has no body by custom is held to the limit like any other', async () => {
    const harness = new Harness([{ policy: requestSize, config: { body: '1KiB' } }])
    for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND'])
      assert.equal((await harness.send({ method, headers: { 'Content-Length': '2000' } })).status, 413)
  })

  it('of two limits the smaller holds, whichever is written first', () => {
    const small = { policy: requestSize, config: { body: '1KiB' } }
    const large = { policy: requestSize, config: { body: '1MiB' } }
    for (const order of [
      [small, large],
      [large, small],
    ])
      assert.equal(new Harness(order).chain.bodyBytesMax?.bytes, 1024)
  })

  it('one that only watches loosens nothing and tightens nothing', () => {
    const watching = { policy: requestSize, config: { body: '1B' }, mode: 'monitor' as const }
    assert.equal(new Harness([watching, { policy: requestSize, config: { body: '1KiB' } }]).chain.bodyBytesMax?.bytes, 1024)
    assert.equal(new Harness([watching]).chain.bodyBytesMax, undefined)
  })

  it('fields that nobody will see count for the head all the same', async () => {
    const harness = new Harness([{ policy: requestSize, config: { head: '256B' } }])
    assert.equal((await harness.send({ headers: { 'X-Forwarded-For': '1'.repeat(300) } })).status, 431)
    assert.equal((await harness.send({ path: `/?${'q'.repeat(300)}` })).status, 431)
  })
})
