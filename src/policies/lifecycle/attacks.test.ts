// How one would go on calling what has ended, or make it say what it should not, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mintKey } from '../../base/keys.ts'
import { faultsOf, Harness } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { lifecycle } from './policy.ts'

const policy = (name: string) => policies.find((each) => each.name === name)!

describe('against lifecycle', () => {
  it('what has ended answers every method, path and caller alike: a valid key opens nothing', async () => {
    const key = mintKey()
    const harness = new Harness(
      [
        { policy: policy('api-key'), config: { header: 'K' } },
        { policy: lifecycle, config: { sunset: '2023-01-01' } },
      ],
      { keys: [{ secret: key, consumer: 'acme' }] },
    )
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'PROPFIND'])
      for (const headers of [{}, { K: key }, { Date: 'Sat, 01 Jan 2022 00:00:00 GMT' }, { 'If-Modified-Since': 'Sat, 01 Jan 2022 00:00:00 GMT' }])
        assert.equal((await harness.send({ method, headers })).status, 410)
  })

  it('no fields of the request reach the fields that are told', async () => {
    const harness = new Harness([{ policy: lifecycle, config: { deprecated: '2023-01-01', successor: '/v2' } }])
    const { fields } = await harness.send({
      headers: { Deprecation: '@1', Sunset: 'never', Link: '<https://evil.example>; rel="successor-version"', Host2: 'x' },
    })
    assert.deepEqual(
      [...fields],
      [
        ['deprecation', '@1672531200'],
        ['link', '</v2>; rel="successor-version"'],
      ],
    )
  })

  it('a configured link cannot end its brackets, its line, or become another scheme', () => {
    for (const successor of [
      '/v2>; rel="x',
      '/v2\r\nSet-Cookie: a=b',
      '/v2 x',
      'javascript:alert(1)',
      'data:,x',
      '//evil\u2028',
      'https://',
      '/v2"',
      '/v2\\x',
      'v2',
      '',
    ])
      assert.deepEqual(faultsOf([{ policy: lifecycle, config: { successor } }]), ['bad-value'], successor)
    for (const successorHint of ['type="a"; rel="b"', 'rel="next"', 'type=a', 'title="a\\"b"']) {
      assert.deepEqual(faultsOf([{ policy: lifecycle, config: { successor: '/v2', successorHint } }]), ['bad-value'], successorHint)
    }
  })

  it('a request that waited elsewhere and comes with an earlier time does not bring back what has ended', async () => {
    const harness = new Harness([{ policy: lifecycle, config: { sunset: new Date(1_700_000_060_000).toISOString() } }])
    const early = harness.exchange()
    harness.clock.advanceMs(60_000)
    assert.equal((await harness.send()).status, 410)
    const { run } = await import('../../pipeline/chain.ts')
    assert.equal((await run(harness.chain, early, harness.tally))?.status, 410)
  })

  it('a thousand brown-outs cost no request more than one comparison, and more than that are refused at load', async () => {
    const config = { deprecated: '2023-01-01', sunset: '2024-01-01', brownOuts: [{ from: '2023-01-01', for: '1m', every: '10m' }] }
    assert.deepEqual(faultsOf([{ policy: lifecycle, config }]), ['too-long'])
    const hourly = { ...config, brownOuts: [{ from: '2023-01-01', for: '1m', every: '12h' }] }
    const harness = new Harness([{ policy: lifecycle, config: hourly }])
    assert.equal((await harness.send()).status, 200)
  })
})
