// request-size refuses what is declared too large at once, and tells the gateway how much to stream.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { requestSize } from './policy.ts'

const attached = (config: unknown) => [{ policy: requestSize, config }]

describe('request-size', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(requestSize), 3))

  it('refuses a declared body above the limit, and none up to it', async () => {
    const harness = new Harness(attached({ body: '100B' }))
    for (const [length, status] of [
      ['0', 200],
      ['100', 200],
      ['101', 413],
      ['999999999999999', 413],
    ] as const) {
      assert.equal((await harness.send({ method: 'POST', headers: { 'Content-Length': length } })).status, status, length)
    }
    assert.equal((await harness.send()).status, 200)
  })

  it('hands the gateway the limit for bodies whose length is not declared', () => {
    const { chain } = new Harness(attached({ body: '64KiB' }))
    assert.deepEqual(
      [chain.bodyBytesMax?.bytes, chain.bodyBytesMax?.refusal.code, chain.bodyBytesMax?.refusal.status],
      [65_536, 'request-size.body-too-large', 413],
    )
    assert.equal(new Harness(attached({ head: '1KiB' })).chain.bodyBytesMax, undefined)
  })

  it('a limit of nothing is a limit', async () => {
    const harness = new Harness(attached({ body: '0B' }))
    assert.equal((await harness.send({ method: 'POST', headers: { 'Content-Length': '1' } })).status, 413)
    assert.equal(harness.chain.bodyBytesMax?.bytes, 0)
  })

  it('counts the head from its request line to its empty line', async () => {
    const harness = new Harness(attached({ head: '256B' }))
    const bare = 'GET / HTTP/1.1\r\nHost: api.example\r\n\r\n'.length + 'X: \r\n'.length
    assert.equal((await harness.send({ headers: { X: 'a'.repeat(256 - bare) } })).status, 200)
    assert.equal((await harness.send({ headers: { X: 'a'.repeat(257 - bare) } })).code, 'request-size.head-too-large')
  })

  it('a configuration that caps nothing is a fault', () => {
    assert.deepEqual(faultsOf(attached({})), ['empty'])
    assert.deepEqual(faultsOf(attached({ body: 100 })), ['bad-value'])
    assert.deepEqual(faultsOf(attached({ body: '1MB' })), ['bad-value'])
    assert.deepEqual(faultsOf(attached({ head: '1B' })), ['out-of-range'])
  })
})
