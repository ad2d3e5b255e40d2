// lifecycle tells of the end, rehearses it and carries it out, each at the moment that is written.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { lifecycle } from './policy.ts'

const START = 1_700_000_000_000
const at = (ms: number): string => new Date(START + ms).toISOString()
const MINUTE = 60_000
const house = (config: object) => new Harness([{ policy: lifecycle, config }])

describe('lifecycle', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(lifecycle), 3))

  it('says the dates as their standards write them, before and after they have come', async () => {
    const harness = house({
      deprecated: '2023-11-15',
      sunset: '2023-11-30T12:00:00Z',
      successor: '/bookshop/v2',
      successorHint: 'type="application/vnd.bookshop.v2+json"',
      deprecationPolicy: 'https://example.com/deprecation',
      sunsetPolicy: 'https://example.com/sunset?x=1',
    })
    const seen: unknown[] = []
    for (const days of [0, 2, 20]) {
      const { status, fields, droppedFromResponse } = await harness.send()
      seen.push([status, fields.get('deprecation'), fields.get('sunset'), fields.get('link'), droppedFromResponse.join()])
      harness.clock.advanceMs(days * 86_400_000)
    }
    const told = [
      '@1700006400',
      'Thu, 30 Nov 2023 12:00:00 GMT',
      '</bookshop/v2>; rel="successor-version"; type="application/vnd.bookshop.v2+json", <https://example.com/deprecation>; rel="deprecation", <https://example.com/sunset?x=1>; rel="sunset"',
      'deprecation,sunset',
    ]
    assert.deepEqual(
      seen,
      [200, 200, 200].map((status) => [status, ...told]),
    )
    harness.clock.advanceMs(86_400_000)
    const { status, fields } = await harness.send()
    assert.deepEqual([status, fields.get('sunset')], [410, told[1]])
  })

  it('changes at the millisecond that is written, and says when a brown-out is over', async () => {
    const harness = house({
      deprecated: at(0),
      sunset: at(30 * MINUTE),
      brownOuts: [
        { from: at(MINUTE), for: '90s' },
        { from: at(10 * MINUTE), for: '1m', every: '10m' },
      ],
    })
    const table: readonly (readonly [ms: number, status: number, retryAfter?: string])[] = [
      [0, 200],
      [MINUTE - 1, 200],
      [MINUTE, 503, '90'],
      [MINUTE + 89_500, 503, '1'],
      [MINUTE + 90_000, 200],
      [10 * MINUTE, 503, '60'],
      [11 * MINUTE, 200],
      [20 * MINUTE, 503, '60'],
      [30 * MINUTE - 1, 200],
      [30 * MINUTE, 410],
      [90 * MINUTE, 410],
    ]
    let now = 0
    let ran = 0
    for (const [ms, status, retryAfter] of table) {
      harness.clock.advanceMs(ms - now)
      now = ms
      const answer = await harness.send()
      assert.deepEqual([answer.status, answer.fields.get('retry-after')], [status, retryAfter], String(ms))
      assert.equal(answer.synchronous, true)
      ran++
    }
    assert.equal(ran, 11)
  })

  it('costs nothing when nothing is said, and runs nothing when there are only fields', () => {
    assert.equal(house({}).chain.steps.length, 0)
    assert.equal(house({ state: 'preview' }).chain.steps.length, 0)
    const told = house({ deprecated: '2023-01-01' }).chain
    assert.deepEqual([told.run.parts.length, told.standing.lines], [0, 'Deprecation: @1672531200\r\n'])
  })

  it('in monitor mode it counts what it would have refused, and says nothing', async () => {
    const harness = new Harness([{ policy: lifecycle, config: { sunset: '2023-01-01' }, mode: 'monitor' }])
    const { status, fields } = await harness.send()
    assert.deepEqual([status, fields.size, harness.counts('lifecycle')[2]], [200, 0, 1])
  })

  it('dates that cannot be meant are faults', () => {
    for (const [config, code] of [
      [{ state: 'deprecated' }, 'deprecated-undated'],
      [{ deprecated: '2024-01-02', sunset: '2024-01-01' }, 'sunset-before-deprecation'],
      [{ brownOuts: [{ from: '2024-01-01', for: '1m' }] }, 'brown-out-outside'],
      [{ deprecated: '2024-02-30' }, 'bad-date'],
      [{ state: 'gone' }, 'unknown-word'],
    ] as const)
      assert.deepEqual(faultsOf([{ policy: lifecycle, config }]), [code])
  })
})
